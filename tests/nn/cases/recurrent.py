"""Layers that read a sequence, and their cells."""

from __future__ import annotations

from typing import Any

from .base import Layer

T, B, IN, H = 3, 2, 3, 2
ALONE = (T, IN)

GRID: list[tuple[dict[str, Any], tuple[int, ...], bool]] = [  # options, input, given states?
    ({}, (T, B, IN), False),
    ({}, (T, B, IN), True),
    ({}, (1, B, IN), True),
    ({}, ALONE, False),
    ({}, ALONE, True),
    ({"batch_first": True}, (B, T, IN), False),
    ({"batch_first": True}, (B, T, IN), True),
    ({"batch_first": True}, ALONE, True),
    ({"bias": False}, (T, B, IN), True),
    ({"bidirectional": True}, (T, B, IN), False),
    ({"bidirectional": True}, ALONE, True),
    ({"num_layers": 2}, (T, B, IN), True),
    ({"num_layers": 3, "bias": False}, (T, B, IN), False),
    ({"num_layers": 2, "bidirectional": True, "batch_first": True}, (B, T, IN), True),
]
PROJECTED: list[tuple[dict[str, Any], tuple[int, ...], bool]] = [
    ({}, (T, B, IN), False),
    ({}, (T, B, IN), True),
    ({}, ALONE, True),
    ({"bias": False, "batch_first": True}, (B, T, IN), True),
    ({"num_layers": 2, "bidirectional": True}, (T, B, IN), True),
]
WITH_DROPOUT: list[tuple[dict[str, Any], tuple[int, ...], bool]] = [
    ({"num_layers": 2, "dropout": 0.4}, (T, B, IN), False),
]
SIZES = {"input_size": IN, "hidden_size": H}


def states(kind: str, options: dict[str, Any], shape: tuple[int, ...]) -> Any:
    """The shapes of the initial states."""
    many = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    batch = () if len(shape) == 2 else (B,)
    h = (many, *batch, options.get("proj_size", H))
    return (h, (many, *batch, H)) if kind == "LSTM" else h


def row(
    kind: str, options: dict[str, Any], shape: tuple[int, ...], given: bool, **how: Any
) -> Layer:
    more = (states(kind, options, shape),) if given else ()
    return Layer(kind, {**SIZES, **options}, shape, more=more, batched=False, **how)


def cell(kind: str, options: dict[str, Any], shape: tuple[int, ...], given: bool) -> Layer:
    h = (*shape[:-1], H)
    more = ((h, h) if kind == "LSTMCell" else h,) if given else ()
    return Layer(kind, {**SIZES, **options}, shape, more=more, batched=len(shape) == 2)


LAYERS = [
    *[row(kind, *case) for kind in ("RNN", "LSTM", "GRU") for case in GRID],
    *[row("RNN", {"nonlinearity": "relu", **options}, *rest) for options, *rest in GRID[1::4]],
    *[row("LSTM", {"proj_size": 1, **options}, *rest) for options, *rest in PROJECTED],
    *[row(k, *case, random=True) for k in ("RNN", "LSTM", "GRU") for case in WITH_DROPOUT],
    *[
        cell(kind, options, shape, given)
        for kind, options in (
            ("RNNCell", {}),
            ("RNNCell", {"nonlinearity": "relu"}),
            ("LSTMCell", {}),
            ("GRUCell", {}),
        )
        for shape, given in (((B, IN), False), ((B, IN), True), ((IN,), True))
    ],
    *[cell(k, {"bias": False}, (B, IN), True) for k in ("RNNCell", "LSTMCell", "GRUCell")],
]
