"""Networks that read a sentence and name its class: word counts, recurrent, Transformer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn
from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.models.attention import attention_of
from pellucid.nn import init

__all__ = ["BagOfWords", "SentenceRNN", "SentenceTransformer"]

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
POOLS = ("mean", "last")
PADDING = 0  # the token behind the end of a sentence


class _Reader(nn.Module):
    """Tokens (B, T), 0 behind the end of each sentence, to the logits of the classes (B, C).

    ``forward`` looks the words up and hands their vectors to ``read``, so that the part of each
    word in the answer can be followed.
    """

    embedding: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        """The logits of every sentence."""
        if x.ndim != 2:
            raise ShapeError(
                type(self).__name__,
                got=f"tokens of shape {x.shape}",
                needs="(batch, places): one row of tokens a sentence",
            )
        return self.read(self.embedding(x), x)

    def read(self, words: Tensor, x: Tensor) -> Tensor:
        """Logits (B, C) from the vectors of the words (B, T, E) at the tokens x (B, T)."""
        raise NotImplementedError


class BagOfWords(_Reader):
    """Logits b + the sum of W[word] over the words of a sentence: blind to their order.

    It is a Linear layer on the counts of the words, counts W + b, written without the counts: a
    logistic regression, and so the measure of what a network gains by reading on.

    >>> BagOfWords(9, 2)(np.array([[3, 5, 0], [5, 3, 0]])).shape
    (2, 2)
    """

    def __init__(self, vocabulary: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, classes, padding_idx=PADDING)
        self.bias = nn.Parameter(np.zeros(classes, np.float32))
        init.normal_(self.embedding.weight, 0.0, 0.01)
        _clear_padding(self.embedding)

    def read(self, words: Tensor, x: Tensor) -> Tensor:
        """What each word says, added up."""
        return words.sum(axis=1) + self.bias


class SentenceRNN(_Reader):
    """Embedding, recurrent layers (``cell``: "rnn", "lstm" or "gru"), their pooled states, Linear.

    ``pool``: "mean" over the places of the sentence, or the "last" state of a sentence. With
    ``both_ways`` a second direction reads from the end (it starts in the padding, whose vector is 0
    and stays so).

    >>> SentenceRNN(9, 2, hidden=8)(np.array([[3, 5, 0], [5, 3, 4]])).shape
    (2, 2)
    """

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        cell: str = "lstm",
        embedding: int = 32,
        hidden: int = 64,
        layers: int = 1,
        dropout: float = 0.0,
        pool: str = "mean",
        both_ways: bool = False,
    ) -> None:
        super().__init__()
        make = CELLS[choose("SentenceRNN", cell, CELLS)]
        self.pool = choose("SentenceRNN", pool, POOLS)
        between = dropout if layers > 1 else 0.0
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=PADDING)
        self.before = nn.Dropout(dropout)
        self.rnn = make(
            embedding, hidden, layers, batch_first=True, dropout=between, bidirectional=both_ways
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden * (1 + both_ways), classes)

    def read(self, words: Tensor, x: Tensor) -> Tensor:
        """The states of the places that count, pooled, and what they say."""
        h = self.rnn(self.before(words))[0]
        pooled = masked_mean(h, x) if self.pool == "mean" else last_state(h, x)
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


class SentenceTransformer(_Reader):
    """Word and place embeddings, ``layers`` encoder blocks (norm first, GELU), the mean, a Linear.

    The padding is hidden from the attention and left out of the mean. Sentences have at most
    ``context`` words. Source: Vaswani et al. 2017, section 3, the encoder alone.

    >>> SentenceTransformer(9, 2, context=4, width=8, heads=2, layers=1)(
    ...     np.array([[3, 5, 0, 0]])).shape
    (1, 2)
    """

    def __init__(
        self,
        vocabulary: int,
        classes: int,
        context: int,
        layers: int = 2,
        heads: int = 4,
        width: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if width % heads:
            raise OptionError(
                "SentenceTransformer",
                got=f"width {width} and {heads} heads",
                needs="heads that divide the width",
            )
        self.context = context
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.places = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            [
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
                )
                for _ in range(layers)
            ]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        for table in (self.embedding, self.places):
            init.normal_(table.weight, 0.0, 1 / math.sqrt(width))
        _clear_padding(self.embedding)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of every sentence."""
        if x.ndim == 2 and x.shape[1] > self.context:
            raise ShapeError(
                "SentenceTransformer",
                got=f"sentences of {x.shape[1]} words",
                needs=f"at most {self.context}",
            )
        return super().forward(x)

    def read(self, words: Tensor, x: Tensor) -> Tensor:
        """Every word looks at every other one; the mean of what they found says the class."""
        hidden = padding_of(x)
        h = self.dropout(words + self.places(np.arange(x.shape[1])))
        for block in self.blocks:
            h = block(h, src_key_padding_mask=hidden)
        logits: Tensor = self.head(masked_mean(self.norm(h), x))
        return logits

    def attention(self, x: NDArray[Any]) -> NDArray[Any]:
        """How much each word looks at each other one: (layers, B, heads, T, T), rows sum to 1."""
        return attention_of(self, [block.self_attn for block in self.blocks], x)


# -- sentences of different lengths in one array --


def padding_of(x: Tensor) -> Any:
    """Where there is no word, (B, T); the first place always counts, so that nothing is empty."""
    tokens = x.data
    return np.logical_and(tokens == PADDING, np.arange(tokens.shape[1]) > 0)


def masked_mean(h: Tensor, x: Tensor) -> Tensor:
    """The mean of h (B, T, H) over the places of each sentence, (B, H)."""
    counts = np.logical_not(padding_of(x)).astype(h.dtype)[:, :, np.newaxis]  # (B, T, 1)
    return (h * Tensor(counts)).sum(axis=1) / Tensor(counts.sum(axis=1))


def last_state(h: Tensor, x: Tensor) -> Tensor:
    """h (B, T, H) at the last word of each sentence, (B, H)."""
    padding = padding_of(x)
    after = np.concatenate([padding[:, 1:], np.ones_like(padding[:, :1])], axis=1)
    last = np.logical_and(np.logical_not(padding), after).astype(h.dtype)[:, :, np.newaxis]
    return (h * Tensor(last)).sum(axis=1)


def _clear_padding(table: nn.Embedding) -> None:
    """The row of the padding is 0, as nn.Embedding makes it."""
    table.weight.data[PADDING] = 0.0
