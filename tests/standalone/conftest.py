"""Files run where nothing but NumPy can be imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

# the standard library and NumPy, and proof that there is nothing else
ALONE = """
import importlib.util, sys
sys.path += [{site!r}, {folder!r}]
for name in ("pellucid", "safetensors", "threadpoolctl", "rich", "typer", "PIL", "pytest"):
    assert importlib.util.find_spec(name) is None, name
{code}
"""


@pytest.fixture(scope="session")
def only_numpy(tmp_path_factory) -> Path:
    """A folder of packages that holds NumPy alone."""
    site = tmp_path_factory.mktemp("site")
    packages = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs"):
        if (packages / name).exists():
            (site / name).symlink_to(packages / name)
    return site


@pytest.fixture
def alone(only_numpy) -> Callable[..., str]:
    """``alone(folder, code)`` runs code beside the files of a folder, and gives what it said."""

    def run(folder: Path, code: str) -> str:
        text = ALONE.format(site=str(only_numpy), folder=str(folder), code=code)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", text], capture_output=True, text=True, cwd=folder
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
