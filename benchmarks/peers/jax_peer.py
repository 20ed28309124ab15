"""JAX: the whole step compiled, old parameters given away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import jax_networks
from benchmarks.peers.inputs import LEARNING_RATE, batches, examples, mnist, weights
from benchmarks.rows import SIDE, Row

__all__ = ["epoch", "network", "predict", "sgemm", "step"]

Run = Callable[[int], None]


def _outputs(layers: Any, x: Any) -> Any:
    for w, b in layers[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def _loss(layers: Any, x: Any, y: Any) -> Any:
    logs = jax.nn.log_softmax(_outputs(layers, x))
    return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()


def _sgd(state: Any, x: Any, y: Any) -> Any:
    loss, grads = jax.value_and_grad(_loss)(state, x, y)
    return jax.tree.map(lambda p, g: p - LEARNING_RATE["SGD"] * g, state, grads), loss


def _adam(state: Any, x: Any, y: Any, loss_of: Any = _loss) -> Any:
    layers, first, second, t = state
    loss, grads = jax.value_and_grad(loss_of)(layers, x, y)
    t = t + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
    rate, scale = LEARNING_RATE["Adam"] / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)

    def move(p: Any, m: Any, v: Any) -> Any:
        return p - rate * m / (jnp.sqrt(v) * scale + 1e-8)

    return (jax.tree.map(move, layers, first, second), first, second, t), loss


def _layers() -> list[Any]:
    return [(jnp.asarray(w.T), jnp.asarray(b)) for w, b in weights()]


def _train(row: Row) -> Callable[[Any, Any], Any]:
    """What trains one step; the loss it returns can be waited for."""
    state: Any = _layers()
    if row.optimizer == "Adam":
        zeros = [jax.tree.map(jnp.zeros_like, state) for _ in range(2)]
        state = (state, *zeros, jnp.float32(0))
    move = jax.jit(_adam if row.optimizer == "Adam" else _sgd, donate_argnums=0)

    def train(x: Any, y: Any) -> Any:
        nonlocal state
        state, loss = move(state, x, y)
        return loss

    return train


def step(form: str, row: Row) -> Run:
    """Training steps on batches in memory, each waited for or only the last.

    Unless it is waited for, JAX prepares the next step on another core while one is running.
    """
    pairs = [tuple(map(jnp.asarray, pair)) for pair in batches(row.batch)]
    train = _train(row)

    def run(steps: int) -> None:
        loss = None
        for k in range(steps):
            loss = train(*pairs[k % len(pairs)])
            if form == "waiting":
                loss.block_until_ready()
        jax.block_until_ready(loss)

    return run


def network(form: str, row: Row) -> Run:
    """Training steps of a larger network, with Adam."""
    pairs = [
        (jnp.asarray(x if x.dtype.kind == "f" else x.astype(np.int32)), jnp.asarray(y, jnp.int32))
        for x, y in examples(row.network, row.batch)
    ]
    parameters, outputs = jax_networks.build(row.network)
    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
    state: Any = (parameters, *zeros, jnp.float32(0))

    def loss_of(p: Any, x: Any, y: Any) -> Any:
        return jax_networks.loss(outputs(p, x), y)

    move = jax.jit(lambda s, x, y: _adam(s, x, y, loss_of), donate_argnums=0)

    def run(steps: int) -> None:
        nonlocal state
        for k in range(steps):
            state, loss = move(state, *pairs[k % len(pairs)])
        jax.block_until_ready(loss)

    return run


def epoch(form: str, row: Row) -> Run:
    """Epochs over shuffled uint8 images; the batches are cut by NumPy."""
    x, y = mnist(row.data)
    x, y = x.reshape(len(x), -1), y.astype(np.int32)
    train, rng = _train(row), np.random.default_rng(0)

    def run(epochs: int) -> None:
        loss = None
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for start in range(0, len(x), row.batch):
                rows = order[start : start + row.batch]
                loss = train(x[rows].astype(np.float32) / 255, y[rows])
        jax.block_until_ready(loss)

    return run


def predict(form: str, row: Row) -> Run:
    """Predictions of one sample (1, 784), each waited for."""
    layers, answer = _layers(), jax.jit(_outputs)
    x = jnp.asarray(batches(1)[0][0])

    def run(steps: int) -> None:
        for _ in range(steps):
            answer(layers, x).block_until_ready()

    return run


def sgemm(form: str, row: Row) -> Run:
    """Products of two large square matrices."""
    a = jnp.ones((SIDE, SIDE))
    product = jax.jit(jnp.matmul)

    def run(steps: int) -> None:
        for _ in range(steps):
            product(a, a).block_until_ready()

    return run
