"""Small runs to report on: digits of 6 x 6 pixels, three blobs in a plane, a line of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.random import generator
from pellucid.record import Record, Recorder
from pellucid.report import Findings

EVIL = '<script>alert("x")</script>'
LAYERS = [{"name": "0", "kind": "Flatten", "parameters": 0}]
LAYERS += [{"name": "1", "kind": "Linear 36 -> 70", "parameters": 2590}]


def make_record(epochs: int, *, validation: bool = True, histograms: bool = True) -> Record:
    """A run whose loss falls, with histograms of two parameters."""
    recorder = Recorder(None)
    rng = generator(0, "record")
    recorder.write("start", seed=7, parameters=2590, layers=LAYERS, pellucid="0.1.0")
    for epoch in range(1, epochs + 1):
        fields = {"train_loss": 1 / epoch, "train_accuracy": 1 - 0.5 / epoch}
        if validation:
            fields |= {"validation_loss": 1.2 / epoch, "validation_accuracy": 0.9}
        fields |= {"lr": 0.1, "seconds": 0.5, "samples_per_second": 1000.0}
        recorder.write("epoch", epoch=epoch, step=10 * epoch, **fields)
        for name in ("1.weight", "1.bias") if histograms else ():
            for kind in ("weight", "gradient"):
                write_histogram(recorder, epoch, name, kind, rng.normal(size=200))
    recorder.write("best", epoch=epochs, value=0.1)
    recorder.write("stop", reason=f"all epochs done {EVIL}")
    return recorder.record


def write_histogram(recorder: Recorder, epoch: int, name: str, kind: str, values: Any) -> None:
    counts, edges = np.histogram(values, bins=8)
    figures = {"mean": values.mean(), "std": values.std(), "norm": np.linalg.norm(values)}
    recorder.write(
        "histogram", epoch=epoch, name=name, kind=kind, edges=edges, counts=counts, **figures
    )


def make_pictures() -> Findings:
    """A classifier of small pictures; example 2 is its surest mistake, example 5 the other."""
    y_true = np.array([0, 1, 2, 0, 1, 2])
    probabilities = np.full((6, 3), 0.05)
    probabilities[np.arange(6), [0, 1, 0, 0, 1, 1]] = [0.9, 0.9, 0.9, 0.9, 0.9, 0.6]
    probabilities[5] = [0.1, 0.6, 0.3]
    return Findings(
        title=f"Digits {EVIL}",
        task="classification",
        config={"optimizer": {"name": "adam", "lr": 0.001}, "note": EVIL},
        record=make_record(3),
        classes=("zero", EVIL, "two"),
        y_true=y_true,
        y_pred=probabilities.argmax(axis=1),
        probabilities=probabilities,
        images=generator(0, "images").integers(0, 256, (6, 6, 6), dtype=np.uint8),
        first_weights=generator(0, "weights").normal(size=(70, 36)),
        image_shape=(6, 6),
        environment={"command": "pellucid train digits --seed 7", "machine": EVIL},
    )


def make_blobs() -> Findings:
    """Two features, no pictures, one epoch, no validation."""
    centres = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 3.0]])
    x = np.concatenate(
        [generator(i, "blob").normal(c, 0.9, (20, 2)) for i, c in enumerate(centres)]
    )

    def answer(points: Any) -> Any:
        scores = -np.square(points[:, None, :] - centres).sum(axis=2)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    y = np.repeat(np.arange(3), 20)
    p = answer(x)
    return Findings(
        "Blobs",
        "classification",
        {},
        make_record(1, validation=False, histograms=False),
        ("a", "b", "c"),
        y,
        p.argmax(axis=1),
        p,
        rows=x,
        features=("width", EVIL),
        boundary=answer,
        points=(x, y),
        part="validation",
    )


def make_line() -> Findings:
    """A regression on one input."""
    x = np.linspace(-1, 1, 40)[:, None]
    y = 3 * x[:, 0] + generator(0, "line").normal(0, 0.1, 40)
    return Findings("Line", "regression", {}, make_record(2), (), y, 3 * x[:, 0], rows=x)
