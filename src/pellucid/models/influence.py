"""Which words of a sentence decide the answer, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad

__all__ = ["influence"]

Array = NDArray[Any]


def influence(model: Any, tokens: Array, answer: int) -> Array:
    """What the lead of ``answer`` over the best other class loses without each word, (T,).

    The lead is the difference of two logits, in eval mode; a word is taken away by a vector of 0 in
    its place. Positive: the word speaks for the answer. The gradient times the vector, which is
    quicker, says the same of a sum of words alone, and blames its neighbours where words turn each
    other's meaning. Source: Li et al. 2016, "Understanding neural networks through representation
    erasure", equation 1.

    >>> from pellucid.models.sentences import BagOfWords
    >>> net = BagOfWords(4, 2)
    >>> net.embedding.weight.data[:] = [[0, 0], [0, 0], [1, 0], [0, 3]]
    >>> influence(net, np.array([2, 3, 0]), 1).tolist()
    [-1.0, 3.0, 0.0]
    """
    count = int((tokens != 0).sum())
    rows = np.repeat(tokens[np.newaxis], count + 1, axis=0)  # whole, then without word 0, 1 ...
    training = model.training
    model.eval()
    try:
        with no_grad():
            words = np.array(model.embedding(rows).data)  # (count + 1, T, E)
            words[np.arange(count) + 1, np.arange(count)] = 0
            z = model.read(Tensor(words), Tensor(rows)).data
    finally:
        model.train(training)
    lead = z[:, answer] - np.delete(z, answer, axis=1).max(axis=1)
    found = np.zeros(len(tokens), lead.dtype)
    found[:count] = lead[0] - lead[1:]
    return found
