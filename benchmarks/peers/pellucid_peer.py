"""Pellucid: eager, as a written program, fused by Numba, and its whole fit."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_limits

import pellucid
from benchmarks.peers import pellucid_networks
from benchmarks.peers.inputs import LEARNING_RATE, batches, examples, mnist
from benchmarks.rows import SIZES, Row
from pellucid import nn, optim
from pellucid.data import Data, DataLoader, Preparation
from pellucid.train.threads import threads_for

__all__ = ["epoch", "network", "predict", "step"]

Run = Callable[[int], None]
Step = Callable[[Any, Any], Any]
warnings.filterwarnings("error", "the step runs eagerly")  # then it is not the engine asked for


def step(form: str, row: Row) -> Run:
    """Training steps on batches in memory."""
    pairs = batches(row.batch)
    train = _train(form, row, *pairs[0])

    def run(steps: int) -> None:
        for k in range(steps):
            train(*pairs[k % len(pairs)])

    return run


def _train(form: str, row: Row, x: Any, y: Any) -> Step:
    """What trains one step."""
    model: nn.Module = nn.MLP(list(SIZES))
    loss: nn.Module = nn.CrossEntropyLoss()
    if row.network:
        model, loss = pellucid_networks.build(row.network), pellucid_networks.loss(row.network)
    make = getattr(optim, row.optimizer)
    optimizer: optim.Optimizer = make(model.parameters(), lr=LEARNING_RATE[row.optimizer])
    if form == "program":
        return pellucid.write(model, loss, optimizer, (x, y))
    if form == "fused":
        import numba  # noqa: F401 (without it there is nothing to measure)

        threads = min(int(os.environ.get("OMP_NUM_THREADS", "1")), threads_for(model, len(x), form))
        threadpool_limits(1, user_api="blas")  # the others share out loops and products, as in fit
        return pellucid.write(model, loss, optimizer, (x, y), form="fused", threads=threads)

    def eager(x: Any, y: Any) -> None:
        value = loss(model(pellucid.Tensor(x)), pellucid.Tensor(y))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return eager


def network(form: str, row: Row) -> Run:
    """Training steps of a larger network."""
    pairs = examples(row.network, row.batch)
    train = _train(form, row, *pairs[0])

    def run(steps: int) -> None:
        for k in range(steps):
            train(*pairs[k % len(pairs)])

    return run


def epoch(form: str, row: Row) -> Run:
    """Epochs over shuffled uint8 images: a loop over a DataLoader, or fit with all it does."""
    x, y = mnist(row.data)
    data = Data(x, y, "classification", tuple("0123456789"))
    if form.startswith("fit"):
        return _fit(data, row, "fused" if "fused" in form else "program")
    prepare = Preparation.fit(data, flatten=True)
    loader = DataLoader(data.x, data.y, row.batch, prepare=prepare.transform)
    train = _train(form, row, prepare.transform(x[: row.batch]), y[: row.batch])

    def run(epochs: int) -> None:
        for _ in range(epochs):
            for batch in loader:
                train(*batch)

    return run


def _fit(data: Data, row: Row, engine: str) -> Run:
    if engine == "fused":
        import numba  # noqa: F401

    def run(epochs: int) -> None:
        model = nn.MLP(list(SIZES))
        optimizer, lr = row.optimizer.lower(), LEARNING_RATE[row.optimizer]
        plan: dict[str, Any] = {"batch_size": row.batch, "engine": engine}
        pellucid.fit(model, data, optimizer=optimizer, lr=lr, epochs=epochs, **plan)

    return run


def predict(form: str, row: Row) -> Run:
    """Predictions of one sample (1, 784), by the network itself or by its written program."""
    x = batches(1)[0][0]
    model = nn.MLP(list(SIZES)).eval()

    def eager(x: Any) -> Any:
        with pellucid.no_grad():
            return model(pellucid.Tensor(x)).data

    answer: Callable[[Any], Any] = eager if form == "eager" else pellucid.write(model, x)

    def run(steps: int) -> None:
        for _ in range(steps):
            answer(x)

    return run
