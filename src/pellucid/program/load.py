"""Loads a written program from a real file, so that tracebacks and debuggers show its lines."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from pellucid import durable

__all__ = ["cache_folder", "load"]


def load(source: str, name: str, before: Callable[[Path], None] | None = None) -> ModuleType:
    """Write ``source`` into the cache (once) and import it from there.

    ``before`` is told the path before anything in the file runs.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    path = cache_folder() / f"{name}_{digest}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != source:
        durable.write_text(path, source)
    spec = importlib.util.spec_from_file_location(f"pellucid_program_{digest}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if before is not None:
        before(path)
    sys.modules[spec.name] = module  # where debuggers and compilers look for it
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


def cache_folder() -> Path:
    """Where written programs are kept; a temporary folder where that cannot be written to."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(root) / "pellucid" / "programs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="pellucid-"))
