"""What the tests of the data room share: IDX files to write, and MNIST where it is."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
# Taken before any fixture clears it.
PLACES = [
    os.environ.get("PELLUCID_DATA", ""),
    str(Path(__file__).resolve().parents[2].parent / "shared" / "data"),
]


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim])
    lengths = np.array(array.shape, ">u4").tobytes()
    return header + lengths + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def write_idx() -> Callable[[Path, np.ndarray], Path]:
    """Writes an array as an IDX file, gzipped if the name ends in .gz."""

    def write(path: Path, array: np.ndarray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = idx_bytes(array)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def needs_mnist() -> Path:
    """The data folder with MNIST's files; without one the test is skipped."""
    for place in PLACES:
        if place and (Path(place) / "mnist" / "t10k-labels-idx1-ubyte.gz").is_file():
            return Path(place)
    pytest.skip("MNIST is neither in PELLUCID_DATA nor in ../shared/data")
