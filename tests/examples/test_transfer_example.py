"""The example of transfer learning: its ways differ in what they say, and all have equal steps."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[2] / "examples" / "transfer_new_digits.py"


def _load():
    spec = importlib.util.spec_from_file_location("transfer_new_digits", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_four_ways(monkeypatch):
    example = _load()
    monkeypatch.setattr(example, "STEPS", 3)
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 1, 28, 28), np.float32), np.arange(40) % 5
    few = example.draw(y, 0)
    assert np.bincount(y[few]).tolist() == [3] * 5
    known = example.network(1).state_dict()
    found = {way: example.learn(way, known, x[few], y[few], 0).state_dict() for way in example.WAYS}
    still = found["head only"]
    assert [n for n in known if not np.array_equal(still[n], known[n])] == ["9.weight", "9.bias"]
    assert not np.array_equal(found["fine-tuned"]["0.weight"], known["0.weight"])
    near, far = (
        np.abs(found[way]["0.weight"] - known["0.weight"]).max()
        for way in ("fine-tuned slowly", "fine-tuned")
    )
    assert 0 < near < far
    table = example.compare(known, (x, y), (x, y), draws=2)
    assert list(table) == list(example.WAYS)
    assert all(len(scores) == 2 for scores in table.values())
