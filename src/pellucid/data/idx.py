"""Reads IDX files, the format in which MNIST is published, gzipped or not."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import FormatError

__all__ = ["MAX_BYTES", "read_idx"]

MAX_BYTES = 4 * 2**30  # no data set that fits a CPU's memory is larger
MAX_AXES = 8
MAX_SQUEEZE = 1032  # deflate cannot make a file smaller than this many times
DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path, *, axes: int | None = None) -> Array:
    """Read one IDX file: two zero bytes, the type, the number of axes, their lengths, the values.

    With ``axes`` given, a file with another number of axes is refused (images where labels are
    expected). Raises FormatError, naming the file, for anything that is not such a file; memory is
    not asked for before the header is plausible.

    Source: LeCun, Cortes, Burges, The MNIST database, "The IDX file format".
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            room = path.stat().st_size * (MAX_SQUEEZE if packed else 1)
            stream = gzip.GzipFile(fileobj=file) if packed else file
            return _read(stream, path, room, axes)  # type: ignore[arg-type]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        _refuse(path, f"a damaged gzip stream ({error})", "a whole gzip file", "fetch it again")
    except OSError as error:
        _refuse(path, f"a file that cannot be read ({error.strerror})", "a readable IDX file")


def _read(stream: BinaryIO, path: Path, room: int, axes: int | None) -> Array:
    dtype, shape = _header(stream, path)
    if axes is not None and len(shape) != axes:
        kind = "labels, one axis" if axes == 1 else f"images, {axes} axes"
        _refuse(path, f"an array of shape {shape}", kind, "is it the file's name that is wrong?")
    size = math.prod(shape) * dtype.itemsize
    if size > min(MAX_BYTES, room):
        _refuse(
            path,
            f"a header that claims {shape}, {size:,} bytes",
            f"at most {min(MAX_BYTES, room):,} bytes in a file of this size",
        )
    body = stream.read(size + 1)  # one byte more than claimed tells whether there is more
    if len(body) != size:
        found = f"only {len(body):,} bytes" if len(body) < size else "more bytes"
        _refuse(path, f"{found} after a header of shape {shape}", f"exactly {size:,} bytes")
    return np.frombuffer(body, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(stream: BinaryIO, path: Path) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES:
        _refuse(path, f"a file that starts with {magic!r}", "an IDX file: 0, 0, type, axes")
    if not 1 <= magic[3] <= MAX_AXES:
        _refuse(path, f"{magic[3]} axes", f"1 to {MAX_AXES} axes")
    lengths = stream.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        _refuse(path, "a file that ends inside its header", "the length of every axis")
    shape = tuple(int(n) for n in np.frombuffer(lengths, ">u4"))
    return np.dtype(DTYPES[magic[2]]), shape


def _refuse(path: Path, got: str, needs: str, try_: str | None = None) -> NoReturn:
    raise FormatError(f"IDX file {path}", got=got, needs=needs, try_=try_)
