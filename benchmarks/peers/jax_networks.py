"""The networks of the benchmark in JAX alone: parameters in a dict, functions of it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.rows import CONTEXT, VOCABULARY

__all__ = ["build", "loss"]

_RNG = np.random.default_rng(1)


def _weights(*shape: int) -> Any:
    fan = int(np.prod(shape[:-1]))
    return jnp.asarray(_RNG.normal(0, fan**-0.5, shape).astype(np.float32))


def build(name: str) -> tuple[Any, Any]:
    """The parameters of the network of this name, and the function (parameters, x) -> logits."""
    return {"lenet5": _lenet5, "cnn": _cnn, "lstm": _lstm, "gpt": _gpt}[name]()


def loss(z: Any, y: Any) -> Any:
    """The mean cross-entropy over all places."""
    logs = jax.nn.log_softmax(z)
    return -jnp.take_along_axis(logs, y[..., None], axis=-1).mean()


def _dense(inputs: int, outputs: int) -> Any:
    return {"w": _weights(inputs, outputs), "b": jnp.zeros(outputs)}


def _apply(layer: Any, x: Any) -> Any:
    return x @ layer["w"] + layer["b"]


def _kernel(size: int, inputs: int, outputs: int) -> Any:
    return {"w": _weights(size, size, inputs, outputs), "b": jnp.zeros(outputs)}


def _convolve(layer: Any, x: Any, padding: str = "VALID") -> Any:
    names = ("NHWC", "HWIO", "NHWC")
    y = jax.lax.conv_general_dilated(x, layer["w"], (1, 1), padding, dimension_numbers=names)
    return y + layer["b"]


def _pool(x: Any, how: Any) -> Any:
    b, h, w, c = x.shape
    return how(x.reshape(b, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def _lenet5() -> tuple[Any, Any]:
    p = {
        "c1": _kernel(5, 1, 6),
        "c2": _kernel(5, 6, 16),
        "f1": _dense(400, 120),
        "f2": _dense(120, 84),
        "f3": _dense(84, 10),
    }

    def run(p: Any, x: Any) -> Any:
        x = x.transpose(0, 2, 3, 1)
        x = _pool(jnp.tanh(_convolve(p["c1"], x, "SAME")), jnp.mean)
        x = _pool(jnp.tanh(_convolve(p["c2"], x)), jnp.mean)
        x = jnp.tanh(_apply(p["f1"], x.reshape(len(x), -1)))
        return _apply(p["f3"], jnp.tanh(_apply(p["f2"], x)))

    return p, run


def _cnn() -> tuple[Any, Any]:
    p = {
        "c1": _kernel(3, 1, 32),
        "c2": _kernel(3, 32, 64),
        "f1": _dense(9216, 128),
        "f2": _dense(128, 10),
    }

    def run(p: Any, x: Any) -> Any:
        x = jax.nn.relu(_convolve(p["c1"], x.transpose(0, 2, 3, 1)))
        x = _pool(jax.nn.relu(_convolve(p["c2"], x)), jnp.max)
        return _apply(p["f2"], jax.nn.relu(_apply(p["f1"], x.reshape(len(x), -1))))

    return p, run


def _lstm() -> tuple[Any, Any]:
    p = {
        "embedding": _weights(VOCABULARY, 64),
        "x": _dense(64, 512),
        "h": _weights(128, 512),
        "head": _dense(128, VOCABULARY),
    }

    def run(p: Any, x: Any) -> Any:
        from_x = _apply(p["x"], p["embedding"][x]).swapaxes(0, 1)  # (T, B, 4 H)
        zeros = jnp.zeros((x.shape[0], 128))

        def step(state: Any, a: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(a + h @ p["h"], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        _, h = jax.lax.scan(step, (zeros, zeros), from_x)
        return _apply(p["head"], h.swapaxes(0, 1))

    return p, run


def _gpt() -> tuple[Any, Any]:
    def norm() -> Any:
        return {"w": jnp.ones(128), "b": jnp.zeros(128)}

    def block() -> Any:
        return {
            "n1": norm(),
            "qkv": _dense(128, 384),
            "out": _dense(128, 128),
            "n2": norm(),
            "up": _dense(128, 512),
            "down": _dense(512, 128),
        }

    p = {
        "tokens": _weights(VOCABULARY, 128),
        "places": _weights(CONTEXT, 128),
        "blocks": [block() for _ in range(4)],
        "norm": norm(),
        "head": _weights(128, VOCABULARY),
    }
    return p, _run_gpt


def _normed(p: Any, x: Any) -> Any:
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * p["w"] + p["b"]


def _run_gpt(p: Any, x: Any) -> Any:
    b, t = x.shape
    h = p["tokens"][x] + p["places"]
    seen = jnp.tril(jnp.ones((t, t), bool))
    for k in p["blocks"]:
        qkv = _apply(k["qkv"], _normed(k["n1"], h)).reshape(b, t, 3, 4, 32).transpose(2, 0, 3, 1, 4)
        scores = jnp.where(seen, qkv[0] @ qkv[1].swapaxes(-1, -2) / 32**0.5, -jnp.inf)
        mixed = (jax.nn.softmax(scores) @ qkv[2]).transpose(0, 2, 1, 3).reshape(b, t, 128)
        h = h + _apply(k["out"], mixed)
        up = jax.nn.gelu(_apply(k["up"], _normed(k["n2"], h)), approximate=True)
        h = h + _apply(k["down"], up)
    return _normed(p["norm"], h) @ p["head"]
