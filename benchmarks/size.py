"""How many bytes a package and all that it needs take on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from benchmarks.drive import ROOT

__all__ = ["PACKAGES", "installed_megabytes", "needed"]

PACKAGES = ("pellucid", "torch", "jax", "scikit-learn", "onnxruntime")


def installed_megabytes(name: str) -> tuple[float, float]:
    """MB (10^6 bytes) of a package alone, and with all that it needs.

    Raises ModuleNotFoundError for a package that is not installed.
    """
    own = _bytes(name)
    return own / 1e6, sum(_bytes(other) for other in needed(name)) / 1e6


def needed(name: str) -> list[str]:
    """A package and what it needs, directly or not, as far as it is installed; no extras."""
    found: dict[str, None] = {}
    todo = [_normal(name)]
    while todo:
        package = todo.pop()
        if package not in found and (package == "pellucid" or _is_installed(package)):
            found[package] = None
            todo += _requirements(package)
    return list(found)


def _requirements(name: str) -> Iterator[str]:
    for text in _declared(name):
        requirement, _, condition = text.partition(";")
        if "extra" not in condition:
            match = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
            if match:
                yield _normal(match[0])


def _declared(name: str) -> list[str]:
    if name == "pellucid" and not _is_installed(name):
        lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line and not line.startswith("#")]
    return metadata.requires(name) or []


def _bytes(name: str) -> int:
    if name == "pellucid":  # installed in place: the folder is what would be installed
        files = [p for p in (ROOT / "src" / "pellucid").rglob("*") if p.is_file()]
    else:
        try:
            named = metadata.files(name) or []
        except metadata.PackageNotFoundError as error:
            raise ModuleNotFoundError(f"{name} is not installed", name=name) from error
        files = [Path(str(p.locate())) for p in named]
    return sum(p.stat().st_size for p in files if p.suffix != ".pyc" and p.is_file())


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
