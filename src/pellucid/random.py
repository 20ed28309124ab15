"""Where every random number comes from: generators keyed by seed, epoch, step and site."""

from __future__ import annotations

import contextlib
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid.errors import OptionError

__all__ = ["default_generator", "draw_from", "generator", "manual_seed", "step_key"]

_state = threading.local()


def generator(*key: int | str) -> np.random.Generator:
    """A generator that depends on its key alone, so that a run resumed midway draws the same bits.

    >>> bool(generator(0, "order", 3).integers(100) == generator(0, "order", 3).integers(100))
    True
    """
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else int(k) for k in key]
    if min(words, default=0) < 0:
        raise OptionError("seed", got=str(min(words)), needs="a whole number from 0")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def manual_seed(seed: int) -> np.random.Generator:
    """Start Pellucid's own generator (initial weights, dropout) from ``seed`` and return it.

    NumPy's global generator is never touched.
    """
    _state.generator = generator(seed)
    return _state.generator  # type: ignore[no-any-return]


def default_generator() -> np.random.Generator:
    """The generator for the next draw: keyed to the step inside a training step, else global."""
    source = getattr(_state, "source", None)
    if source is not None:
        return source()  # type: ignore[no-any-return]
    key = getattr(_state, "key", None)
    if key is not None:
        _state.site += 1
        return generator(*key, _state.site)
    if not hasattr(_state, "generator"):
        _state.generator = np.random.default_rng()  # unseeded, as long as nobody asks for a seed
    return _state.generator  # type: ignore[no-any-return]


@contextlib.contextmanager
def draw_from(source: Callable[[], Any]) -> Iterator[None]:
    """Inside, every draw gets what ``source()`` gives in place of a generator: for a trace."""
    before, _state.source = getattr(_state, "source", None), source
    try:
        yield
    finally:
        _state.source = before


@contextlib.contextmanager
def step_key(seed: int, epoch: int, step: int) -> Iterator[None]:
    """Inside: the k-th draw of this training step gets the generator of (seed, epoch, step, k)."""
    before = getattr(_state, "key", None), getattr(_state, "site", 0)
    _state.key, _state.site = (seed, "step", epoch, step), 0
    try:
        yield
    finally:
        _state.key, _state.site = before
