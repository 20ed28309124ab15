"""Recurrent networks that foresee the next token of a text."""

from __future__ import annotations

from typing import Any

from pellucid import nn
from pellucid.autograd import Tensor
from pellucid.errors import choose

__all__ = ["CELLS", "TextRNN"]

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class TextRNN(nn.Module):
    """Tokens (B, T) to the logits of each next token, (B, T, vocabulary).

    Embedding, recurrent layers (``cell``: "rnn", "lstm" or "gru"), and a Linear head at each place.

    >>> import numpy as np
    >>> TextRNN(5, hidden=8)(np.array([[0, 1, 2]])).shape
    (1, 3, 5)
    """

    def __init__(
        self,
        vocabulary: int,
        cell: str = "lstm",
        embedding: int = 64,
        hidden: int = 128,
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        make = CELLS[choose("TextRNN", cell, CELLS)]
        between = dropout if layers > 1 else 0.0
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = make(embedding, hidden, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x: Tensor) -> Tensor:
        """Logits at every place."""
        return self.step(x)[0]

    def step(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """As forward, going on from the state where an earlier text ended; and the state now."""
        h, state = self.rnn(self.embedding(x), state)
        return self.head(self.dropout(h)), state
