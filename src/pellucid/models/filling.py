"""Fills gaps in a text with the tokens that a network which looks both ways finds likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.autograd import no_grad
from pellucid.data.text import encode
from pellucid.errors import DataError
from pellucid.models.bert import BERT

__all__ = ["Filled", "Filler"]


@dataclass(frozen=True)
class Filled:
    """A text without gaps; for each gap its place, and the likeliest tokens with their shares."""

    text: str
    gaps: list[tuple[int, list[tuple[str, float]]]]


class Filler:
    """A BERT and its vocabulary, ready to fill gaps."""

    def __init__(self, model: BERT, vocabulary: Sequence[str]) -> None:
        self.model, self.vocabulary = model, tuple(vocabulary)

    def fill(self, text: str, gap: str = "_", count: int = 3) -> Filled:
        """``text`` with every ``gap`` filled, the surest one first, each then known to the others.

        Behind a text that is shorter than the network's context stand masks: nothing is known of
        what follows. A longer text is filled window by window. Raises DataError for a text without
        a gap and for a character that is not in the vocabulary.
        """
        places = [i for i, character in enumerate(text) if character == gap]
        if not places:
            raise DataError(
                "fill",
                got="a text without a gap" if text else "an empty text",
                needs=f"a gap for each character to be found: {gap}",
                try_=f'"to be or not to b{gap}"',
            )
        known = text.replace(gap, self.vocabulary[0])
        tokens = encode(known, self.vocabulary).astype(np.int64)
        tokens[places] = self.model.mask
        found = self.fill_tokens(tokens, count)
        return Filled("".join(self.vocabulary[t] for t in tokens), sorted(found.items()))

    def fill_tokens(self, tokens: Any, count: int = 3) -> dict[int, list[tuple[str, float]]]:
        """Put a token in the place of every mask of ``tokens`` (N,); the likeliest of each gap."""
        found: dict[int, list[tuple[str, float]]] = {}
        for start in range(0, len(tokens), self.model.context):
            begin = max(0, min(start, len(tokens) - self.model.context))
            self._fill_window(tokens[begin : begin + self.model.context], begin, found, count)
        return found

    def _fill_window(
        self, seen: Any, begin: int, found: dict[int, list[tuple[str, float]]], count: int
    ) -> None:
        """Put a token in the place of every mask of ``seen``, a view of the text."""
        x = np.full((1, self.model.context), self.model.mask)
        while (gaps := np.flatnonzero(seen == self.model.mask)).size:
            x[0, : len(seen)] = seen
            p = self.shares(x)[0, gaps]
            surest = int(p.max(axis=1).argmax())
            order = np.argsort(-p[surest], kind="stable")[:count]
            seen[gaps[surest]] = order[0]
            shares = [(self.vocabulary[k], float(p[surest, k])) for k in order.tolist()]
            found[begin + int(gaps[surest])] = shares

    def shares(self, x: Any) -> Any:
        """The probability of every token at every place: (B, T) to (B, T, V)."""
        training = self.model.training
        self.model.eval()
        try:
            with no_grad():
                z = self.model(x).data.astype(np.float64)
        finally:
            self.model.train(training)
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)
