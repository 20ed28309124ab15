"""Compiled twins of helpers: what the helper gives, within rounding, on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fused form needs Numba, an extra")

import pellucid
from pellucid import models, optim
from pellucid.ops import recurrent
from pellucid.program import fused_product, fused_twins
from pellucid.train.task import TokenLoss

T, B, F, H = 5, 7, 6, 9


def numbers(*shape: int) -> Any:
    rng = np.random.default_rng(sum(shape))
    return rng.normal(size=shape).astype(np.float32) / 2


def inputs(gates: int, state: bool, bias: bool) -> dict[str, Any]:
    return {
        "x": numbers(B, T, F).transpose(1, 0, 2),  # a view with gaps, as of a batch first
        "h0": numbers(B, H) if state else None,
        "W_ih": numbers(gates * H, F),
        "W_hh": numbers(gates * H, H),
        "b_ih": numbers(gates * H) if bias else None,
        "b_hh": numbers(gates * H + 0) * 2 if bias else None,
    }


def near(one: Any, other: Any) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.fixture(autouse=True)
def small_work_is_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_product, "LEAST_PRODUCT", 0)
    monkeypatch.setattr(fused_product, "_quick_threads", lambda: True)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("state", "bias"), [(False, True), (True, True), (True, False)])
def test_lstm(threads: int, state: bool, bias: bool) -> None:
    given = inputs(4, state, bias)
    c0 = numbers(B, H + 0) * 3 if state else None
    given = {"x": given.pop("x"), "h0": given.pop("h0"), "c0": c0, **given, "W_hr": None}
    y, kept = recurrent.lstm(**given)
    near(fused_twins.lstm(threads, **given), (y, kept))
    dy = numbers(T + 1, B, H)
    expected = recurrent.lstm_back(dy, kept, c0, given["W_hh"], None)
    near(fused_twins.lstm_back(threads, dy, kept, c0, given["W_hh"], None), expected)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("state", "bias"), [(False, True), (True, True), (True, False)])
def test_gru(threads: int, state: bool, bias: bool) -> None:
    given = inputs(3, state, bias)
    y, kept = recurrent.gru(**given)
    near(fused_twins.gru(threads, **given), (y, kept))
    dy = numbers(T, B, H)
    expected = recurrent.gru_back(dy, y, kept, given["h0"], given["W_hh"])
    near(fused_twins.gru_back(threads, dy, y, kept, given["h0"], given["W_hh"]), expected)


def test_a_twin_fills_the_buffers_that_it_is_given() -> None:
    given = {**inputs(4, True, True), "c0": numbers(B, H), "W_hr": None}
    out = np.full((T + 1, B, H), np.nan, np.float32), np.full((5, T, B, H), np.nan, np.float32)
    assert fused_twins.lstm(1, **given, out=out)[0] is out[0]
    near(out, recurrent.lstm(**given))


def test_what_a_twin_is_not_made_for_goes_to_the_helper() -> None:
    given = {**inputs(4, True, True), "c0": numbers(B, H), "W_hr": None}
    double = {k: None if v is None else v.astype(np.float64) for k, v in given.items()}
    for one, other in zip(fused_twins.lstm(2, **double), recurrent.lstm(**double), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_network_trains_as_its_eager_self(cell: str) -> None:
    spec = {"model": "text-rnn", "vocabulary": 11, "cell": cell, "embedding": 6, "hidden": 8}
    x = np.arange(4 * 12).reshape(4, 12) * 7 % 11
    results = []
    for form, threads in (("running", 1), ("fused", 1), ("fused", 2)):
        network = models.build(spec, np.random.default_rng(0))
        adam = optim.Adam(network.parameters(), lr=0.01)
        program = pellucid.write(network, TokenLoss(), adam, (x, x), form=form, threads=threads)
        results.append([program(x, x) for _ in range(4)])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5)
    assert results[1] == results[2]
    assert "lstm_back = twin(" in program.fused_source or cell == "gru"
