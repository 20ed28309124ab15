"""The networks of the benchmark in PyTorch, from its own layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks.rows import CONTEXT, VOCABULARY

__all__ = ["build", "loss"]


def build(name: str) -> nn.Module:
    """The network of this name."""
    return {"lenet5": _lenet5, "cnn": _cnn, "lstm": _Lstm, "gpt": _Gpt}[name]()


def loss(z: Any, y: Any) -> Any:
    """The mean cross-entropy over examples, or over the places of texts."""
    return nn.functional.cross_entropy(z.flatten(0, -2), y.flatten())


def _lenet5() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh()),
        nn.Linear(84, 10),
    )


def _cnn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)),
    )


class _Lstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 64)
        self.rnn = nn.LSTM(64, 128, batch_first=True)
        self.head = nn.Linear(128, VOCABULARY)

    def forward(self, x: Any) -> Any:
        return self.head(self.rnn(self.embedding(x))[0])


class _Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, 128), nn.Embedding(CONTEXT, 128)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                128, 4, 512, 0.0, nn.GELU("tanh"), batch_first=True, norm_first=True
            )
            for _ in range(4)
        )
        self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, VOCABULARY, bias=False)
        self.register_buffer("ahead", nn.Transformer.generate_square_subsequent_mask(CONTEXT))

    def forward(self, x: Any) -> Any:
        h = self.tokens(x) + self.places(torch.arange(CONTEXT))
        for block in self.blocks:
            h = block(h, src_mask=self.ahead, is_causal=True)
        return self.head(self.norm(h))
