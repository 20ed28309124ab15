"""Networks whose written programs stand in tests/written, to be read as a diff.

Write them again, after a change that is meant, with: python tests/program/networks.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pellucid
from pellucid import models, nn, op, optim
from pellucid.program import Program
from pellucid.random import draw_from
from pellucid.train.task import TokenLoss

FOLDER = Path(__file__).parents[1] / "written"


@op
class Softsign:
    """y = x / (1 + |x|)."""

    def forward(x: Any) -> Any:
        return x / (1 + np.abs(x))

    def backward(g: Any, y: Any, x: Any) -> Any:
        denominator = 1 + np.abs(x)
        return (g / denominator**2,)


class Residual(nn.Module):
    """A block with a shortcut, an operation of one's own, and one layer used twice."""

    def __init__(self, generator: np.random.Generator) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 6, generator=generator)
        self.shared = nn.Linear(6, 6, generator=generator)
        self.out = nn.Linear(6, 3, generator=generator)

    def forward(self, x: Any) -> Any:
        h = Softsign(self.inner(x))
        h = h + self.shared(h).relu()
        h = h + self.shared(h).relu()
        return self.out(h)


def numbers(shape: tuple[int, ...], seed: int = 1) -> Any:
    """Reproducible float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def classes(n: int, k: int) -> Any:
    """Reproducible class numbers, all of them present."""
    return np.arange(n) * 7 % k


def mlp(*sizes: int, **options: Any) -> nn.MLP:
    """An MLP with reproducible weights."""
    return nn.MLP(list(sizes), generator=np.random.default_rng(0), **options)


def texts(n: int, length: int, vocabulary: int) -> tuple[Any, Any]:
    """Reproducible tokens, and those that follow them."""
    tokens = np.arange(n * (length + 1)).reshape(n, length + 1) ** 2 % vocabulary
    return tokens[:, :-1], tokens[:, 1:]


def layers(*make: Callable[[], nn.Module]) -> list[nn.Module]:
    """Layers with reproducible weights."""
    generator = np.random.default_rng(0)
    with draw_from(lambda: generator):
        return [m() for m in make]


def encoder() -> nn.Module:
    """Two equal layers of a Transformer."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def program(
    model: nn.Module,
    loss: Any,
    optimizer: Callable[..., Any],
    x: Any,
    y: Any,
    **changes: Any,
) -> Program:
    return pellucid.write(model, loss, optimizer(model.parameters()), (x, y), **changes)


GOLDEN: dict[str, Callable[[], Program]] = {
    "mlp_sgd": lambda: program(
        mlp(784, 128, 64, 10),
        nn.CrossEntropyLoss(),
        lambda p: optim.SGD(p, lr=0.1),
        numbers((32, 784)),
        classes(32, 10),
    ),
    "mlp_adam": lambda: program(
        mlp(64, 32, 10),
        nn.CrossEntropyLoss(),
        optim.Adam,
        numbers((16, 64)),
        classes(16, 10),
    ),
    "xor_momentum": lambda: program(
        mlp(2, 4, 1, activation="tanh"),
        nn.BCEWithLogitsLoss(),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32),
        np.array([[0], [1], [1], [0]], np.float32),
    ),
    "regression_adamw": lambda: program(
        mlp(3, 8, 1, activation="silu"),
        nn.MSELoss(),
        optim.AdamW,
        numbers((8, 3)),
        numbers((8, 1), 2),
    ),
    "huber_rmsprop": lambda: program(
        mlp(3, 8, 2, activation="elu"),
        nn.HuberLoss(delta=0.5),
        lambda p: optim.RMSprop(p, momentum=0.5, centered=True),
        numbers((8, 3)),
        numbers((8, 2), 2),
    ),
    "batch_norm_dropout_nesterov": lambda: program(
        mlp(6, 8, 8, 3, batch_norm=True, dropout=0.2),
        nn.CrossEntropyLoss(),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        numbers((8, 6)),
        classes(8, 3),
        clip_norm=1.0,
    ),
    "layer_norm_gelu": lambda: program(
        nn.Sequential(
            nn.Linear(5, 8, generator=np.random.default_rng(0)),
            nn.GELU(),
            nn.LayerNorm(8),
            nn.Linear(8, 4, generator=np.random.default_rng(1)),
        ),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        optim.Adam,
        numbers((8, 5)),
        classes(8, 4),
    ),
    "weights_and_penalties": lambda: program(
        mlp(4, 6, 3, activation="leaky_relu"),
        nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 0.5], np.float32)),
        lambda p: optim.SGD(p, lr=0.1, weight_decay=1e-4),
        numbers((8, 4)),
        classes(8, 3),
        l1=1e-3,
        l2=1e-3,
        clip_value=0.5,
    ),
    "residual_own_operation": lambda: program(
        Residual(np.random.default_rng(0)),
        nn.CrossEntropyLoss(),
        lambda p: optim.Adagrad(p, lr=0.1),
        numbers((8, 4)),
        classes(8, 3),
    ),
    "logistic_regression": lambda: program(
        nn.Linear(4, 1, generator=np.random.default_rng(0)),
        nn.BCEWithLogitsLoss(),
        lambda p: optim.SGD(p, lr=0.5),
        numbers((8, 4)),
        classes(8, 2).astype(np.float32)[:, None],
    ),
    "lenet": lambda: program(
        nn.Sequential(
            *layers(lambda: nn.Conv2d(1, 6, 5, padding=2)),
            nn.Tanh(),
            nn.AvgPool2d(2),
            *layers(lambda: nn.Conv2d(6, 16, 5)),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            *layers(lambda: nn.Linear(400, 10)),
        ),
        nn.CrossEntropyLoss(),
        lambda p: optim.SGD(p, lr=0.1),
        numbers((4, 1, 28, 28)),
        classes(4, 10),
    ),
    "text_lstm": lambda: program(
        models.build(
            {"model": "text-rnn", "vocabulary": 11, "embedding": 6, "hidden": 8},
            np.random.default_rng(0),
        ),
        TokenLoss(),
        lambda p: optim.SGD(p, lr=0.1),
        *texts(4, 7, 11),
    ),
    "transformer_encoder": lambda: program(
        nn.Sequential(*layers(lambda: nn.Embedding(11, 8), encoder, lambda: nn.Linear(8, 11))),
        TokenLoss(),
        lambda p: optim.SGD(p, lr=0.1),
        *texts(4, 7, 11),
    ),
}


if __name__ == "__main__":
    for name, make in GOLDEN.items():
        make().save(FOLDER / f"{name}.py")
