"""Writes a file so that a crash leaves either the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

__all__ = ["write_bytes", "write_text"]


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write to a temporary file beside ``path``, flush it to the disk, then rename it into place.

    A link is followed. Raises OSError when the disk is full or read-only, or where something that
    is no plain file stands there; the previous file is then untouched.
    """
    path = Path(path).resolve()
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # what was asked for, not the temporary file
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _flush_folder(path.parent)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with :func:`write_bytes`."""
    write_bytes(path, text.encode())


def _flush_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems refuse to flush a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
