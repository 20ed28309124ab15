"""What the tests of written programs share."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.ops import recurrent


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops run as the Python that they are: slow, but there is nothing to wait for."""
    numba = SimpleNamespace(njit=lambda *a, **k: lambda f: f, prange=range)
    products = SimpleNamespace(
        all_finite=lambda x: bool(np.isfinite(x).all()),
        product_nn=lambda a, b, out, threads: np.matmul(a, b, out=out),
        product_nt=lambda a, b, out, threads: np.matmul(a, b.T, out=out),
        product_tn=lambda a, b, out, threads: np.matmul(a.T, b, out=out),
        shares=lambda work, threads: threads,
    )
    monkeypatch.setitem(sys.modules, "numba", numba)
    twins = SimpleNamespace(twin=lambda name, threads: getattr(recurrent, name))
    monkeypatch.setitem(sys.modules, "pellucid.program.fused_product", products)
    monkeypatch.setitem(sys.modules, "pellucid.program.fused_twins", twins)
