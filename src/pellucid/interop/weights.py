"""Weights as safetensors files: written whole or not at all, read without running anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save as serialise

from pellucid import durable
from pellucid.errors import FormatError, RunError
from pellucid.nn import Module
from pellucid.nn.module import LoadResult

__all__ = ["load_arrays", "load_weights", "save", "save_arrays"]

Array = NDArray[Any]

FORMAT = "pellucid weights 1"
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "?",
    "C64": "<c8",
}
# what a file starts with when it is something else, and what it then is
_STRANGERS = {
    b"\x80": "a pickle: loading it could run any code",
    b"PK\x03\x04": "a zip archive, perhaps a PyTorch checkpoint (a pickle inside could run code)",
    b"\x93NUMPY": "a NumPy .npy file",
    b"\x89HDF": "an HDF5 file",
}


def save(module: Module | Mapping[str, Array], path: str | Path) -> None:
    """Write the ``state_dict`` of ``module`` as a safetensors file, whole or not at all.

    ``module`` may be the ``state_dict`` itself. The same weights give the same bytes. Raises
    RunError where the file cannot be written; an older file of that name is then untouched.
    """
    state = module.state_dict() if isinstance(module, Module) else module
    try:
        save_arrays(state, path, {"format": FORMAT})
    except OSError as error:
        raise RunError(
            f"save to {path}",
            got=error.strerror or str(error),
            needs="a folder that exists, with room and permission to write",
        ) from error


def load_weights(module: Module, path: str | Path, strict: bool = True) -> LoadResult:
    """Read a safetensors file into ``module``, in place; PyTorch's files with the same names fit.

    Raises FormatError for a file of another format and for missing, unexpected or misshapen
    names, all of them listed.
    """
    arrays, _ = load_arrays(path)
    try:
        return module.load_state_dict(arrays, strict=strict)
    except FormatError as error:
        error.who = f"{Path(path)} for {error.who.removeprefix('load_state_dict of ')}"
        raise


def save_arrays(
    arrays: Mapping[str, Array], path: str | Path, note: Mapping[str, Any] | None = None
) -> None:
    """Write named arrays and a JSON note to ``path``, whole or not at all."""
    plain = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    # one key alone, since the order of several would differ from one process to the next
    metadata = {"pellucid": json.dumps(note, sort_keys=True)} if note is not None else None
    durable.write_bytes(path, serialise(plain, metadata=metadata))


def load_arrays(path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """The named arrays of a safetensors file and the JSON note in it ({} if there is none).

    bfloat16 comes as float32, bit for bit. Raises FormatError for anything that is not a whole,
    well-formed safetensors file.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FormatError(str(path), got="no such file", needs="a .safetensors file") from None
    except OSError as error:
        raise FormatError(
            str(path), got=error.strerror or str(error), needs="a .safetensors file"
        ) from error
    try:
        arrays = {name: _parsed(entry) for name, entry in _entries(content)}
        note = _note(content)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise _no_safetensors(path, content, error) from error
    return dict(sorted(arrays.items())), note


def _entries(content: bytes) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = deserialize(content)  # type: ignore[no-untyped-call]
    return found


def _parsed(entry: Mapping[str, Any]) -> Array:
    """One array of a file; numbers in bfloat16, which NumPy does not know, as float32."""
    if entry["dtype"] == "BF16":  # the upper half of a float32
        halves = np.frombuffer(entry["data"], "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(entry["shape"])
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"numbers of type {entry['dtype']}, which NumPy does not know")
    return np.frombuffer(entry["data"], _DTYPES[entry["dtype"]]).reshape(entry["shape"])


def _no_safetensors(path: Path, content: bytes, error: Exception) -> FormatError:
    """What the file is instead; asked last, for a header of 128 bytes begins like a pickle."""
    for start, what in _STRANGERS.items():
        if content.startswith(start):
            advice = "safetensors.torch.save_file(model.state_dict(), path) in torch"
            from_torch = start in (b"\x80", b"PK\x03\x04")
            return FormatError(
                str(path),
                got=what,
                needs="a safetensors file",
                try_=advice if from_torch else None,
            )
    return FormatError(
        str(path),
        got=f"{len(content):,} bytes that are not a whole safetensors file ({error})",
        needs="a safetensors file, complete and unchanged",
    )


def _note(content: bytes) -> dict[str, Any]:
    """The note in the header, whose length stands in the first 8 bytes; already checked above."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    text = header.get("__metadata__", {}).get("pellucid")
    note = json.loads(text) if text is not None else {}
    if not isinstance(note, dict):
        raise ValueError("a note that is no dict")
    return note
