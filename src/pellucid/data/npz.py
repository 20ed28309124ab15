"""Loads a .npz file of NumPy arrays."""

from __future__ import annotations

import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.data.base import Array, Data, from_arrays
from pellucid.errors import DataError, FormatError

__all__ = ["load_npz"]

X_KEYS = ("x", "X", "data", "x_train", "X_train")
Y_KEYS = ("y", "Y", "target", "labels", "y_train")
TEST_KEYS = (("x_test", "X_test"), ("y_test", "Y_test"))
MAX_BYTES = 4 * 2**30


def load_npz(path: str | Path, *, task: str | None = None) -> Data:
    """Inputs under x, X, data or x_train, targets under y, Y, target, labels or y_train.

    x_test and y_test, if there, are the official test part. Nothing pickled is read. Raises
    FormatError for a damaged file or one that claims more than 4 GiB, DataError for missing keys.
    """
    path = Path(path)
    arrays = _read(path)
    x, y = _pick(path, arrays, X_KEYS), _pick(path, arrays, Y_KEYS)
    data = from_arrays(x, y, task=task, name=path.stem, source=f"NumPy file {path}")
    names = [next((key for key in keys if key in arrays), None) for keys in TEST_KEYS]
    if names == [None, None]:
        return data
    if None in names:
        raise DataError(f"file {path}", got=f"{names[0] or names[1]} alone", needs="x_test, y_test")
    return replace(data, test=_test_part(data, arrays[str(names[0])], arrays[str(names[1])]))


def _test_part(data: Data, x: Array, y: Array) -> Data:
    name = f"{data.name} (test)"
    if data.task == "regression":
        part = from_arrays(x, y, task=data.task, name=name)
    else:
        texts = [
            str(int(v)) if isinstance(v, float) and v == int(v) else str(v) for v in y.tolist()
        ]
        part = from_arrays(x, texts, task=data.task, classes=data.classes, name=name)
    if part.shape != data.shape:
        raise DataError(
            name, got=f"test inputs of shape {part.shape}", needs=f"{data.shape}, as in training"
        )
    return part


def _read(path: Path) -> dict[str, Array]:
    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except FormatError:
        raise
    except Exception as error:  # zlib, zipfile and NumPy raise a dozen kinds for damaged files
        pickled = "allow_pickle" in str(error)
        raise FormatError(
            f"file {path}",
            got="an array of Python objects, which would be unpickled" if pickled else str(error),
            needs="plain arrays, never pickled ones" if pickled else "a whole .npz file",
            try_="save numbers or texts: x.astype(float)" if pickled else None,
        ) from error


def _check_sizes(path: Path) -> None:
    """Refuse headers that claim more than there is, before NumPy asks for memory."""
    with zipfile.ZipFile(path) as archive:
        total = sum(item.file_size for item in archive.infolist())
        claims = {item.filename: _claim(archive, item) for item in archive.infolist()}
    total += sum(claims.values())
    if total > MAX_BYTES:
        raise FormatError(
            f"file {path}", got=f"arrays of {total:,} bytes", needs=f"at most {MAX_BYTES:,} bytes"
        )


def _claim(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> int:
    """How many bytes an array's header claims beyond those that its entry has."""
    with archive.open(item) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    return max(0, math.prod(shape) * dtype.itemsize - item.file_size)


def _pick(path: Path, arrays: dict[str, Array], keys: tuple[str, ...]) -> Array:
    for key in keys:
        if key in arrays:
            return arrays[key]
    raise DataError(
        f"file {path}",
        got="the arrays " + (", ".join(map(repr, arrays)) or "none"),
        needs="one called " + ", ".join(keys),
    )
