"""Parameters counted by hand."""


def normed_conv(size: int, channels: int, filters: int) -> int:
    """A convolution without bias, and the four vectors of its batch norm."""
    return size * size * channels * filters + 4 * filters


def biased_conv(size: int, channels: int, filters: int) -> int:
    """A convolution with bias."""
    return size * size * channels * filters + filters


def dense(units_in: int, units: int) -> int:
    """A dense layer with bias."""
    return units_in * units + units
