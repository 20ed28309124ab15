"""THE LIST: a row for every operation of the table; all tests of operations run over it.

A family of operations is a file with its rows, ``CASES``.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from .base import Case

_FAMILIES = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "base")
)
CASES: list[Case] = [
    row for name in _FAMILIES for row in importlib.import_module(f"{__name__}.{name}").CASES
]
