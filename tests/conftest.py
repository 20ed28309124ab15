"""What every test can rely on: one BLAS thread, no screen, no user's cache, no global dice."""

from __future__ import annotations

import os

# Before NumPy is loaded: tests run side by side, and a fixed number of threads fixes the last bits.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"

from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _a_place_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the cache, the data or the settings of the person who runs it."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("HOME", str(home))
    for name in ("PELLUCID_DATA", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _numpys_global_generator_stays_untouched() -> Iterator[None]:
    """Whoever draws from NumPy's global generator makes a run depend on what ran before it."""
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    yield
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert before["state"]["pos"] == after["state"]["pos"], "np.random's global state was used"
    assert np.array_equal(before["state"]["key"], after["state"]["key"])
