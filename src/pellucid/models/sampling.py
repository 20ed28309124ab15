"""Writes on from a beginning: a token at a time, drawn by a network's probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.autograd import no_grad
from pellucid.data.text import encode
from pellucid.errors import DataError, OptionError
from pellucid.nn import Module
from pellucid.random import generator

__all__ = ["Sampler", "chosen"]


class Sampler:
    """A network (B, T) -> (B, T, V) and its vocabulary, ready to write."""

    def __init__(self, model: Module, vocabulary: Sequence[str]) -> None:
        self.model, self.vocabulary = model, tuple(vocabulary)

    @property
    def empty_page(self) -> str:
        """What a text begins behind: the end of a line; where there is none a space, or any."""
        return next((c for c in ("\n", " ") if c in self.vocabulary), self.vocabulary[0])

    def write(
        self,
        prompt: str,
        length: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        stop: str | None = None,
        key: tuple[int | str, ...] = (0,),
    ) -> str:
        """``length`` characters that go on from ``prompt``, up to ``stop`` where that comes first.

        Raises DataError for an empty prompt and a character that is not in the vocabulary,
        OptionError for a temperature below 0 or a ``top_k`` below 1.
        """
        if not prompt:
            raise DataError(
                "sample",
                got="an empty prompt",
                needs="a character to go on from",
                try_='no --prompt, for an empty page; in Python "\\n"',
            )
        if not 0 <= temperature < float("inf"):
            raise OptionError("sample", got=f"temperature {temperature}", needs="0 or more")
        if top_k is not None and top_k < 1:
            raise OptionError("sample", got=f"top-k {top_k}", needs="at least 1")
        tokens = encode(prompt, self.vocabulary).astype(np.int64)
        rng = generator(*key)
        written: list[str] = []
        training = self.model.training
        self.model.eval()
        try:
            steps = self._steps(tokens)
            logits = next(steps)
            for _ in range(length):
                token = chosen(logits, temperature, top_k, rng)
                written.append(self.vocabulary[token])
                if written[-1] == stop:
                    break
                logits = steps.send(token)  # type: ignore[attr-defined]
        finally:
            self.model.train(training)
        return "".join(written)

    def _steps(self, tokens: Any) -> Iterator[Any]:
        """Gives the logits of the next token, and takes the one that was chosen."""
        step = getattr(self.model, "step", None)
        with no_grad():
            if step is None:
                yield from self._anew(tokens)
                return
            state = None
            while True:
                z, state = step(tokens[np.newaxis], state)
                tokens = np.array([(yield z.data[0, -1])])

    def _anew(self, tokens: Any) -> Iterator[Any]:
        """The whole text again for each token: as much of it as the network can see."""
        context = getattr(self.model, "context", None) or len(tokens)
        while True:
            seen = tokens[-context:]
            token = yield self.model(seen[np.newaxis]).data[0, -1]
            tokens = np.concatenate([tokens, [token]])


def chosen(logits: Any, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    """A token drawn from softmax(logits / temperature); the most probable one at temperature 0.

    Only the ``top_k`` most probable take part.

    >>> chosen(np.array([0.0, 3.0, 1.0]), 0.0, None, np.random.default_rng(0))
    1
    """
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.asarray(logits, np.float64) / temperature
    if top_k is not None and top_k < len(z):
        z = np.where(z >= np.sort(z)[-top_k], z, -np.inf)
    p = np.exp(z - z.max())
    return int(rng.choice(len(p), p=p / p.sum()))
