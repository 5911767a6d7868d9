"""The errors that data and files of weights can cause."""


class DataError(ValueError):
    """The data cannot be used; the message says what was found, what was expected and what to do."""


class WeightsError(DataError):
    """Weights that cannot be loaded or do not fit the network; the message names the layer, and what was found and expected."""
