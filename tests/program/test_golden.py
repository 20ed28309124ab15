"""The programs in tests/written: the same bytes again, and they train as the eager network does."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from networks import FOLDER, GOLDEN

from pellucid.program.program import eager_step
from pellucid.random import generator


@pytest.mark.parametrize("name", GOLDEN)
def test_the_writer_writes_the_same_bytes_again(name: str) -> None:
    text = GOLDEN[name]().source
    assert text == GOLDEN[name]().source
    assert text == (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def test_no_other_file_stands_there() -> None:
    assert sorted(p.stem for p in FOLDER.glob("*.py")) == sorted(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_reading_form_trains_to_the_bits_of_the_eager_network(name: str) -> None:
    """Ten steps by the golden file itself, each third batch smaller; weights, buffers, losses."""
    program = GOLDEN[name]()
    model, optimizer, (x, y) = program.model, program.optimizer, program.example
    weights = [p.data.copy() for p in model.parameters()]
    buffers = [b.data.copy() for b in model.buffers()]
    update = program.step.update
    assert update is not None
    memory = [tuple(np.zeros_like(w) for _ in update.slots) for w in weights]
    module = _load(name)
    for k in range(10):
        rows = slice(0, len(x) - len(x) // 3 * (k % 3 == 2))
        given: dict[str, Any] = {"weights": weights, "x": x[rows], "y": y[rows]}
        given |= {"memory": memory} if update.slots else {}
        given |= {"buffers": buffers} if buffers else {}
        if program.step.trace.sites:
            given["rng"] = lambda site, k=k: generator(0, "step", 0, k, site)
        options = program.memory.options()
        if "t" in options:
            options["t"] = k + 1
        loss = module.step(**given, **options)
        eager = eager_step(model, optimizer, program.loss, x[rows], y[rows], program.changes, k)
        assert float(loss) == eager, k
        for p, w in zip(model.parameters(), weights, strict=True):
            assert p.data.tobytes() == w.tobytes(), k
        for b, kept in zip(model.buffers(), buffers, strict=True):
            assert b.data.tobytes() == kept.tobytes(), k


def test_the_digit_recogniser_is_short_and_its_names_say_something() -> None:
    text = (FOLDER / "mlp_sgd.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert "_part" not in text
    for line in ("z1 = x @ W1.T + b1", "dz3 = (p - q) / n", "dW1 = dz1.T @ x"):
        assert f"    {line} " in text


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"written_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
