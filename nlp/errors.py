"""The error that a user's text can cause."""


class DataError(ValueError):
    """The data cannot be used; the message says what was found, what was expected and what to do."""
