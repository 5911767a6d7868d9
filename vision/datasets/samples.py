"""Built-in data: real, small, and never downloaded."""

import numpy as np

from vision.datasets.arrays import LabelledArrays

NAMES = ("digits",)


def read(name: str) -> LabelledArrays:
    """Read `digits`: scikit-learn's 1,797 handwritten digits, 8x8 grey (Alpaydin and Kaynak, UCI, 1998), scaled from 0..16 to 0..255."""
    if name not in NAMES:
        raise ValueError(f"unknown built-in data {name!r}; expected one of {', '.join(NAMES)}")
    import sklearn.datasets  # noqa: PLC0415 - a second of import that only the built-in data needs

    digits = sklearn.datasets.load_digits()
    images = np.round(digits.images * (255.0 / 16.0)).astype(np.uint8)[..., None]
    return LabelledArrays(
        where="digits",
        classes=tuple(str(n) for n in digits.target_names),
        parts={"all": (images, digits.target.astype(np.int64))},
    )
