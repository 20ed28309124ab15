"""Texts in which tokens are hidden, for a network that has to find them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array
from pellucid.data.text import IGNORED, Lines, Text, Windows, token_dtype
from pellucid.random import generator

__all__ = ["Hidden", "hidden_parts", "hide"]


def hide(x: Array, y: Array, rng: np.random.Generator, vocabulary: int) -> tuple[Array, Array]:
    """15 % of the tokens are asked for: x (B, T) with them hidden, y (B, T) with them alone.

    Of these 80 % become the mask, token number ``vocabulary``, 10 % any token, 10 % stay as they
    are, so that the network has to mind every place. y arrives with the true tokens, -100 where
    there is none, and leaves with -100 wherever nothing is asked; one token at least is.
    Source: Devlin et al. 2019, section 3.1.

    >>> x = np.arange(20).reshape(1, 20)
    >>> hidden, asked = hide(x, x, np.random.default_rng(0), 20)
    >>> int((asked != -100).sum()), int((hidden == 20).sum())
    (5, 4)
    """
    dice = np.where(y == -100, 2.0, rng.random(x.shape))
    limit = max(0.15, dice.min())
    any_token = rng.integers(vocabulary, size=x.shape).astype(x.dtype)
    hidden = np.where(dice <= 0.9 * limit, any_token, x)
    hidden = np.where(dice <= 0.8 * limit, np.array(vocabulary, x.dtype), hidden)
    return hidden, np.where(dice <= limit, y, np.array(-100, np.int32))


@dataclass(frozen=True, eq=False)
class Hidden(Arrays):
    """Whole texts, x and y the same tokens; each batch is hidden anew, by the key of its step."""

    vocabulary: int = 0
    key: tuple[int | str, ...] = ()  # for what is hidden once and for all

    def change(self, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """A batch with tokens hidden in x, and what they were in y."""
        return hide(x, y, rng, self.vocabulary)

    def example(self, i: int) -> tuple[Array, Array]:
        """Text ``i``, hidden the same each time."""
        x, y = self.change(self.x[i : i + 1], self.y[i : i + 1], generator(*self.key, i))
        return x[0], y[0]

    def measured(self) -> Arrays:
        """The same texts to be measured on: none twice, hidden the same each time."""
        step = self.x.shape[1] if self._overlap else 1
        x, y = self.change(self.x[::step], self.y[::step], generator(*self.key))
        return Arrays(x, y, self.name, self.source)

    @property
    def _overlap(self) -> bool:
        return len(self.x) > 1 and self.x.strides[0] == self.x.strides[1]

    @property
    def tokens(self) -> Array | None:
        """The one text that all are windows of, or None for texts by themselves."""
        return np.concatenate([self.x[:, 0], self.x[-1, 1:]]) if self._overlap else None


def hidden_parts(text: Text, parts: list[Arrays | None], seed: int) -> list[Arrays | None]:
    """The parts of ``text.windows``: to train with tokens hidden anew, the others hidden once."""
    found: list[Arrays | None] = []
    for name, part in zip(("train", "validation", "test"), parts, strict=True):
        if part is None:
            found.append(None)
            continue
        size, key = len(text.vocabulary), (seed, "hide", name)
        kept = Hidden(*_whole(part, text), part.name, part.source, size, key)
        found.append(kept if name == "train" else kept.measured())
    return found


def _whole(part: Arrays, text: Text) -> tuple[Array, Array]:
    """x with room for the mask in its dtype, and y the same tokens, IGNORED where there is none."""
    dtype = token_dtype(len(text.vocabulary) + 1)
    if isinstance(part, Windows):
        tokens = part.tokens.astype(dtype, copy=False)
        x = np.lib.stride_tricks.sliding_window_view(tokens, part.x.shape[1])
        return x, x
    if isinstance(part, Lines):
        end = part.x[0, 0]
        return np.where(part.y == IGNORED, end, part.y).astype(dtype), part.y
    counts = np.concatenate([np.ones((len(part.y), 1), bool), part.y[:, :-1] != IGNORED], axis=1)
    return part.x.astype(dtype), np.where(counts, part.x.astype(np.int32), IGNORED)
