"""Writes a sequence by a network's probabilities: greedily, by beam search, or by drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import OptionError
from pellucid.models.sampling import chosen

__all__ = ["Score", "Written", "beam", "greedy", "sampled"]

Array = NDArray[Any]
# The logits (n, V) of the token that follows each of n prefixes (n, t): score(rows, prefixes),
# where rows (n,) says for which of the sources each prefix is written.
Score = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Written:
    """A sequence that was written, without its begin and end marks.

    ``logs``: the log-probability of each token given those before it, and at last of the end mark
    where ``ended``; a sequence that was cut off at the longest length has no end.
    """

    tokens: tuple[int, ...]
    logs: tuple[float, ...]
    ended: bool

    @property
    def log_probability(self) -> float:
        """Of the whole sequence."""
        return sum(self.logs)


def greedy(score: Score, count: int, begin: int, end: int, longest: int) -> list[Written]:
    """For each of ``count`` sources: always the likeliest token, up to ``longest`` of them.

    >>> greedy(lambda rows, prefixes: np.array([[0.0, 2.0, 1.0]]), 1, 0, 2, 3)[0].tokens
    (1, 1, 1)
    """
    return _one_by_one(score, count, begin, end, longest, lambda p: p.argmax(axis=1))


def sampled(
    score: Score,
    count: int,
    begin: int,
    end: int,
    longest: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> list[Written]:
    """For each source a sequence whose tokens are drawn from softmax(logits / temperature).

    Only the ``top_k`` likeliest take part. The probabilities that it tells are those at
    temperature 1. Raises OptionError for a temperature below 0 or a ``top_k`` below 1.
    """
    if not 0 <= temperature < float("inf"):
        raise OptionError("sample", got=f"temperature {temperature:g}", needs="0 or more")
    if top_k is not None and top_k < 1:
        raise OptionError("sample", got=f"top-k {top_k}", needs="at least 1")

    def draw(logs: Array) -> Array:
        return np.array([chosen(row, temperature, top_k, rng) for row in logs])

    return _one_by_one(score, count, begin, end, longest, draw)


def _one_by_one(
    score: Score, count: int, begin: int, end: int, longest: int, choice: Callable[[Array], Array]
) -> list[Written]:
    """Every sequence by itself; those that are at their end take no more part."""
    prefixes = np.full((count, 1), begin)
    logs = np.zeros((count, 0))
    length = np.full(count, longest)  # tokens and end mark of each, once it is known
    live = np.arange(count)
    for t in range(longest):
        if not len(live):
            break
        p = log_softmax(score(live, prefixes[live]))
        picked = choice(p)
        column, gained = np.full((count, 1), end), np.zeros((count, 1))
        column[live, 0], gained[live, 0] = picked, p[np.arange(len(live)), picked]
        prefixes, logs = np.hstack([prefixes, column]), np.hstack([logs, gained])
        length[live[picked == end]] = t + 1
        live = live[picked != end]
    return [
        _written(row[1 : n + 1].tolist(), gained[:n].tolist(), end)
        for row, gained, n in zip(prefixes, logs, length.tolist(), strict=True)
    ]


def beam(score: Score, begin: int, end: int, longest: int, width: int) -> list[Written]:
    """The ``width`` likeliest sequences that beam search finds for one source, likeliest first.

    Of all ways to go on from the sequences that are kept, the likeliest are kept; one that comes to
    its end keeps its place among them and goes on no more. With width 1 that is the greedy one, and
    with as many places as there are sequences it is exact. Nothing is put on a sequence's length:
    what is ranked is its probability. Source: Sutskever et al. 2014, section 3.2.
    Raises OptionError for a width below 1.

    >>> p = np.log([[0.1, 0.6, 0.3]])
    >>> [(w.tokens, w.ended) for w in beam(lambda rows, prefixes: p, 0, 2, 1, 2)]
    [((1,), False), ((), True)]
    """
    if width < 1:
        raise OptionError("beam", got=f"a width of {width}", needs="at least 1")
    prefixes = np.full((1, 1), begin)
    logs = np.zeros((1, 0))
    done: list[Written] = []
    for _ in range(longest):
        p = log_softmax(score(np.zeros(len(prefixes), int), prefixes))
        totals = logs.sum(axis=1, keepdims=True) + p  # (n, V)
        best = np.argsort(-totals, axis=None, kind="stable")[: width - len(done)]
        rows, tokens = np.divmod(best, p.shape[1])
        prefixes = np.hstack([prefixes[rows], tokens[:, np.newaxis]])
        logs = np.hstack([logs[rows], p[rows, tokens][:, np.newaxis]])
        ended = tokens == end
        done += _all_written(prefixes[ended], logs[ended], end)
        prefixes, logs = prefixes[~ended], logs[~ended]
        if not len(prefixes):
            break
    return sorted(done + _all_written(prefixes, logs, end), key=lambda w: -w.log_probability)


def log_softmax(logits: Array) -> Array:
    """Log-probabilities (n, V) in float64, so that long sums of them stay apart."""
    z = np.asarray(logits, np.float64)
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))


def _all_written(prefixes: Array, logs: Array, end: int) -> list[Written]:
    pairs = zip(prefixes[:, 1:].tolist(), logs.tolist(), strict=True)
    return [_written(tokens, gained, end) for tokens, gained in pairs]


def _written(tokens: list[int], logs: list[float], end: int) -> Written:
    ended = bool(tokens) and tokens[-1] == end
    return Written(tuple(tokens[:-1] if ended else tokens), tuple(logs), ended)
