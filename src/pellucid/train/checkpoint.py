"""Everything that the next step depends on, in one file, so that a run can go on bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import FormatError, RunError
from pellucid.interop import load_arrays, save_arrays

__all__ = ["FORMAT", "read", "write"]

FORMAT = "pellucid checkpoint 1"


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state: nested dicts of arrays and plain values, keys of any plain kind.

    Arrays become entries of a safetensors file, everything else its JSON note. Raises RunError
    where the disk is full or cannot be written to; the previous checkpoint is then untouched.
    """
    arrays: dict[str, Any] = {}
    note = _take_apart(state, (), arrays)
    try:
        save_arrays(arrays, path, {"format": FORMAT, "state": note})
    except OSError as error:
        raise RunError(
            f"checkpoint {path}",
            got=f"{error.strerror or error}",
            needs="room and permission to write; the previous checkpoint is untouched",
            try_=f"make room, then: pellucid resume {path.parent}",
        ) from error


def read(path: Path) -> dict[str, Any]:
    """The state that :func:`write` wrote; raises FormatError for any other file."""
    arrays, note = load_arrays(path)
    if note.get("format") != FORMAT or not isinstance(note.get("state"), dict):
        raise FormatError(
            f"checkpoint {path}",
            got=f"a file of format {note.get('format')!r}",
            needs=f"format {FORMAT!r}",
        )
    return _put_together(note["state"], arrays)  # type: ignore[no-any-return]


def _take_apart(value: Any, path: tuple[str, ...], arrays: dict[str, Any]) -> Any:
    if isinstance(value, np.ndarray):
        name = "/".join(path)
        arrays[name] = value
        return {"array": name}
    if isinstance(value, Mapping):
        return {
            "dict": [
                [key, _take_apart(item, (*path, str(key)), arrays)] for key, item in value.items()
            ]
        }
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        parts = enumerate(value)
        return {kind: [_take_apart(item, (*path, str(i)), arrays) for i, item in parts]}
    return value.item() if isinstance(value, np.generic) else value


def _put_together(value: Any, arrays: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "dict" in value:
        return {key: _put_together(item, arrays) for key, item in value["dict"]}
    if "tuple" in value:
        return tuple(_put_together(item, arrays) for item in value["tuple"])
    return [_put_together(item, arrays) for item in value["list"]]
