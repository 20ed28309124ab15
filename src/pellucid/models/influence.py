"""Which words of a sentence speak for an answer, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor

__all__ = ["influence"]

Array = NDArray[Any]
STEPS = 16


def influence(model: Any, tokens: Array, answer: int) -> Array:
    """What each word adds to the logit of ``answer`` against the best other one, (T,).

    Gradient times input, the gradient being the mean over the way from no words (vectors of 0) to
    the words: what is added then sums up to the difference of both ends, to within the width of
    the steps. Source: Sundararajan et al. 2017, equation 1.

    >>> from pellucid.models.sentences import BagOfWords
    >>> net = BagOfWords(4, 2)
    >>> net.embedding.weight.data[:] = [[0, 0], [0, 0], [1, 0], [0, 3]]
    >>> influence(net, np.array([2, 3, 0]), 1).round(3).tolist()
    [-1.0, 3.0, 0.0]
    """
    training = model.training
    model.eval()
    try:
        words = model.embedding(tokens[np.newaxis]).data  # (1, T, E)
        scale = (np.arange(STEPS, dtype=words.dtype) + 0.5) / STEPS
        path = Tensor(words * scale[:, np.newaxis, np.newaxis], requires_grad=True)
        z = model.read(path, Tensor(np.repeat(tokens[np.newaxis], STEPS, axis=0)))
        logits = z.data.copy()
        logits[:, answer] = -np.inf
        rivals = np.argmax(logits, axis=1)
        margin = z[:, answer] - z[np.arange(STEPS), rivals]
        slope = _slope(model, margin.sum(), path)
    finally:
        model.train(training)
    found: Array = (slope.mean(axis=0) * words[0]).sum(axis=1)
    return found


def _slope(model: Any, value: Tensor, at: Tensor) -> Array:
    """The gradient at ``at``; the weights keep the gradients that they had."""
    kept = [(p, p.grad) for p in model.parameters()]
    for p, _ in kept:
        p.grad = None
    value.backward()
    for p, grad in kept:
        p.grad = grad
    assert at.grad is not None
    found: Array = at.grad.data
    return found
