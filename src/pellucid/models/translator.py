"""Translates texts with a network that learnt pairs of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.data.pairs import BEGIN, END, Spelling
from pellucid.errors import OptionError
from pellucid.models.decoding import Score, Written, beam, greedy, sampled
from pellucid.models.translation import Translating
from pellucid.random import generator

__all__ = ["Translation", "Translator"]

Array = NDArray[Any]
ROWS = 128  # sources that are translated at a time


@dataclass(frozen=True)
class Translation:
    """A text, its probability, and that of each character given those before it."""

    text: str
    probability: float
    characters: tuple[float, ...]
    ended: bool  # False: it was cut off at the longest text of the training

    @property
    def least(self) -> float:
        """The probability of the least certain character, or of the end."""
        return min(self.characters, default=1.0)


class Translator:
    """A network and the spelling of its pairs, ready to translate.

    ``vocabulary``: the marks and the characters, as :class:`pellucid.data.pairs.Pairs` orders them.
    """

    def __init__(self, model: Translating, vocabulary: Sequence[str]) -> None:
        self.model = model
        self.spelling = Spelling(tuple(vocabulary), model.source, model.target)
        self._marks = BEGIN, END, model.target

    def translate(self, sources: Sequence[str]) -> list[Translation]:
        """Each source by greedy decoding: the likeliest character at each place.

        Raises DataError for an empty source, a longer one than in training, and a character that
        the network has not seen.
        """
        return self._in_turn(sources, lambda score, n: greedy(score, n, *self._marks))

    def sample(
        self,
        sources: Sequence[str],
        temperature: float = 1.0,
        top_k: int | None = None,
        key: tuple[int | str, ...] = (0,),
    ) -> list[Translation]:
        """Each source with characters drawn by their probabilities; see ``decoding.sampled``."""
        rng = generator(*key)
        return self._in_turn(
            sources,
            lambda score, n: sampled(score, n, *self._marks, rng, temperature, top_k),
        )

    def best(self, source: str, width: int) -> list[Translation]:
        """The ``width`` likeliest translations that beam search finds, likeliest first."""
        if width < 1:
            raise OptionError("translate", got=f"a beam of {width}", needs="1 or more")
        with self._ready():
            score = self._score(self.spelling.rows([source]))
            return [self._told(w) for w in beam(score, *self._marks, width)]

    def alignment(self, source: str, target: str) -> Array:
        """Which source places each character of ``target``, and its end, looks at.

        (layers, heads, T, S) for S = len(source) and T = len(target) + 1, without the end where it
        was cut off: the weights of the network's attention while it writes the target.
        """
        seen = target[: self.model.target - 1]
        tokens = np.full((1, len(seen) + 1), BEGIN)
        if seen:
            tokens[:, 1:] = self.spelling.rows([seen], "target")[:, : len(seen)]
        x = np.concatenate([self.spelling.rows([source]), tokens], axis=1)
        with self._ready():
            return self.model.alignment(x)[:, 0, :, :, : len(source)]

    def _in_turn(
        self, sources: Sequence[str], write: Callable[[Score, int], list[Written]]
    ) -> list[Translation]:
        tokens = self.spelling.rows(sources)
        found: list[Translation] = []
        with self._ready():
            for start in range(0, len(tokens), ROWS):
                rows = tokens[start : start + ROWS]
                found += [self._told(w) for w in write(self._score(rows), len(rows))]
        return found

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """Inside, the network predicts, and nothing is remembered."""
        training = self.model.training
        self.model.eval()
        try:
            with no_grad():
                yield
        finally:
            self.model.train(training)

    def _score(self, sources: Array) -> Score:
        """What the decoding asks: sources are read once, prefixes anew with each token."""
        memory = self.model.encode(Tensor(sources)).data
        real = self.model.real(Tensor(sources)).data

        def score(rows: Array, prefixes: Array) -> Array:
            given = Tensor(prefixes), Tensor(memory[rows]), Tensor(real[rows])
            return self.model.decode(*given).data[:, -1]

        return score

    def _told(self, written: Written) -> Translation:
        characters = tuple(math.exp(log) for log in written.logs)
        probability = math.exp(written.log_probability)
        return Translation(
            self.spelling.text(written.tokens), probability, characters, written.ended
        )
