"""The UCI handwritten digits, 8x8 pixels with values 0 to 16, which travel with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

from pellucid.data.base import Data

__all__ = ["CITATION", "digits"]

CITATION = (
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, CC BY 4.0"
)


def digits() -> Data:
    """1,797 pictures of handwritten digits, (8, 8) uint8 from 0 to 16, light on dark.

    It is the test part of the UCI set, in the order in which scikit-learn ships it.

    >>> digits()
    Data(digits: 1,797 x (8, 8), 10 classes)
    """
    file = resources.files("pellucid.data") / "digits.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"].astype(np.int64)
    classes = tuple(str(digit) for digit in range(10))
    return Data(x, y, "classification", classes, "digits", CITATION, maximum=16.0, target="digit")
