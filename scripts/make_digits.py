"""Writes src/pellucid/data/digits.npz from the copy of the UCI digits that scikit-learn ships.

Needs scikit-learn, which Pellucid itself does not: pip install scikit-learn, then run this file.
The data: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0. Nothing is changed
but the type: the pixels are whole numbers from 0 to 16 and are stored as bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "src" / "pellucid" / "data" / "digits.npz"
LIMIT = 100_000  # bytes


def main() -> None:
    """Write the file, read it back, compare, and check its size."""
    images, labels = load_digits().images, load_digits().target
    x, y = images.astype(np.uint8), labels.astype(np.uint8)
    assert np.array_equal(x, images), "a pixel is not a whole number"
    np.savez_compressed(TARGET, x=x, y=y)
    with np.load(TARGET, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["x"], x)
        assert np.array_equal(arrays["y"], y)
    size = TARGET.stat().st_size
    assert size < LIMIT, f"{size:,} bytes"
    print(f"{TARGET.name}: {len(x):,} images, {size:,} bytes")


if __name__ == "__main__":
    main()
