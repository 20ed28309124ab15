"""PyTorch: eager, eager with its fused optimizer, and compiled (with the fused optimizer)."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from benchmarks.peers import torch_networks
from benchmarks.peers.inputs import LEARNING_RATE, batches, examples, mnist
from benchmarks.rows import SIDE, SIZES, Row

__all__ = ["epoch", "network", "predict", "sgemm", "step"]

Run = Callable[[int], None]
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))


def _network() -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for i, o in pairwise(SIZES):
        layers += [torch.nn.Linear(i, o), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _train(form: str, row: Row) -> Callable[[Any, Any], Any]:
    """What trains one step."""
    torch._dynamo.reset()
    torch.manual_seed(0)
    model = torch_networks.build(row.network) if row.network else _network()
    make = getattr(torch.optim, row.optimizer)
    fused = None if form == "eager" else True
    optimizer = make(model.parameters(), lr=LEARNING_RATE[row.optimizer], fused=fused)

    def forward(x: Any, y: Any) -> Any:
        return torch_networks.loss(model(x), y)

    loss_of = torch.compile(forward) if form == "compile" else forward

    def train(x: Any, y: Any) -> Any:
        loss = loss_of(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train


def step(form: str, row: Row) -> Run:
    """Training steps on batches in memory."""
    pairs = [tuple(map(torch.from_numpy, pair)) for pair in batches(row.batch)]
    train = _train(form, row)

    def run(steps: int) -> None:
        for k in range(steps):
            train(*pairs[k % len(pairs)])

    return run


def network(form: str, row: Row) -> Run:
    """Training steps of a larger network."""
    pairs = [tuple(map(torch.from_numpy, pair)) for pair in examples(row.network, row.batch)]
    train = _train(form, row)

    def run(steps: int) -> None:
        for k in range(steps):
            train(*pairs[k % len(pairs)])

    return run


def epoch(form: str, row: Row) -> Run:
    """Epochs over shuffled uint8 images: a plain loop over a tensor in memory."""
    x, y = map(torch.from_numpy, mnist(row.data))
    x = x.reshape(len(x), -1)
    train = _train(form, row)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for start in range(0, len(x), row.batch):
                rows = order[start : start + row.batch]
                train(x[rows].float() / 255, y[rows])

    return run


def predict(form: str, row: Row) -> Run:
    """Predictions of one sample (1, 784), a tensor in and a tensor out."""
    torch._dynamo.reset()
    model = _network().eval()
    answer = torch.compile(model) if form == "compile" else model
    x = torch.from_numpy(batches(1)[0][0])

    def run(steps: int) -> None:
        with torch.inference_mode():
            for _ in range(steps):
                answer(x)

    return run


def sgemm(form: str, row: Row) -> Run:
    """Products of two large square matrices."""
    a = torch.ones(SIDE, SIDE)
    b, out = a * 0.5, torch.empty_like(a)

    def run(steps: int) -> None:
        for _ in range(steps):
            torch.mm(a, b, out=out)

    return run
