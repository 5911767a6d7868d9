"""What the user's text can be wrong in."""


class DataError(ValueError):
    """The data cannot be used; the message says what was found, what was expected and what to do."""
