"""Networks that translate: one part reads the source, the other writes the target, looking back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn
from pellucid.autograd import Tensor, no_grad
from pellucid.errors import OptionError, ShapeError
from pellucid.models.attention import attention_of
from pellucid.nn import functional as F
from pellucid.nn import init

__all__ = ["PAD", "AttentionLSTM", "Translating", "TranslationTransformer"]

PAD = 0  # the token that fills a source up to its width; no attention falls on it


class Translating(nn.Module):
    """What both networks share: x = source | target, one behind the other, in one array.

    x (B, source + T): ``source`` places of the text to translate, filled up with PAD, then T target
    tokens up to ``target``, the first a begin mark. The answer is (B, T, vocabulary): the logits of
    the token that follows each target token.
    """

    def __init__(self, vocabulary: int, source: int, target: int) -> None:
        super().__init__()
        self.vocabulary, self.source, self.target = vocabulary, source, target

    def forward(self, x: Tensor) -> Tensor:
        """Logits at every place of the target, each from the source and the target up to it."""
        more = x.shape[1] - self.source if x.ndim == 2 else 0
        if not 1 <= more <= self.target:
            raise ShapeError(
                type(self).__name__,
                got=f"tokens of shape {x.shape}",
                needs=f"(batch, {self.source} + T): a source, and T target tokens, "
                f"1 to {self.target}",
            )
        source = x[:, : self.source]
        return self.decode(x[:, self.source :], self.encode(source), self.real(source))

    def real(self, source: Tensor) -> Tensor:
        """Where a character stands, (B, S); at the first place always: something is to be seen."""
        first = np.arange(self.source) == 0
        return Tensor(np.logical_or((source != PAD).data, first))

    def encode(self, source: Tensor) -> Tensor:
        """The memory of a source (B, S): a vector for each place, (B, S, width)."""
        raise NotImplementedError

    def decode(self, target: Tensor, memory: Tensor, real: Tensor) -> Tensor:
        """Logits (B, T, vocabulary) for target (B, T); ``real`` (B, S): False where PAD stands."""
        raise NotImplementedError

    def alignment(self, x: NDArray[Any]) -> NDArray[Any]:
        """How much each target place looks at each source place: (layers, B, heads, T, S).

        The weights of the attention in a forward pass; each row sums to 1. At target place t they
        are those with which token t + 1 is foreseen.
        """
        raise NotImplementedError


class TranslationTransformer(Translating):
    """The Transformer: nn.Transformer between embeddings with positions and a Linear head.

    One table of embeddings, times sqrt(width), for source and target; sines and cosines for the
    places. Norms stand first (Xiong et al. 2020), which needs no warm-up.
    Source: Vaswani et al. 2017, figure 1 and sections 3.3 to 3.5.

    >>> TranslationTransformer(9, 4, 3, 1, 2, 8)(np.array([[3, 4, 0, 0, 1, 5]])).shape
    (1, 2, 9)
    """

    def __init__(
        self,
        vocabulary: int,
        source: int,
        target: int,
        layers: int = 2,
        heads: int = 4,
        width: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(vocabulary, source, target)
        if width % heads:
            raise OptionError(
                "TranslationTransformer",
                got=f"width {width} and {heads} heads",
                needs="heads that divide the width",
            )
        self.scale = math.sqrt(width)
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.SinusoidalPositions(max(source, target), width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.transformer = nn.Transformer(
            width, heads, layers, layers, 4 * width, dropout, batch_first=True, norm_first=True
        )
        self.head = nn.Linear(width, vocabulary)
        init.normal_(self.tokens.weight, 0.0, 1 / self.scale)

    def encode(self, source: Tensor) -> Tensor:
        hidden = Tensor(np.logical_not(self.real(source).data))
        memory: Tensor = self.transformer.encoder(self._embed(source), src_key_padding_mask=hidden)
        return memory

    def decode(self, target: Tensor, memory: Tensor, real: Tensor) -> Tensor:
        h = self.transformer.decoder(
            self._embed(target),
            memory,
            memory_key_padding_mask=Tensor(np.logical_not(real.data)),
            tgt_is_causal=True,
        )
        logits: Tensor = self.head(h)
        return logits

    def alignment(self, x: NDArray[Any]) -> NDArray[Any]:
        layers = [layer.multihead_attn for layer in self.transformer.decoder.layers]
        return attention_of(self, layers, x)

    def _embed(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.dropout(self.places(self.tokens(tokens) * self.scale))
        return embedded


class AttentionLSTM(Translating):
    """An LSTM reads the source in both directions, another writes, with Luong's global attention.

    From the writer's state h_t: weights a_t = softmax over the source of h_t W_a m_s, context
    c_t = sum of a_ts m_s, and logits from tanh(W_c [c_t; h_t]). The attention follows the writer
    and is not fed back to it, so that all places are one product. The writer starts from
    tanh of a Linear of the reader's mean state.
    Source: Luong, Pham & Manning 2015, section 3.1 with the score "general", equations 5 to 8.

    >>> AttentionLSTM(9, 4, 3, hidden=8)(np.array([[3, 4, 0, 0, 1, 5]])).shape
    (1, 2, 9)
    """

    def __init__(
        self,
        vocabulary: int,
        source: int,
        target: int,
        embedding: int = 32,
        hidden: int = 64,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(vocabulary, source, target)
        self.tokens = nn.Embedding(vocabulary, embedding, padding_idx=PAD)
        self.reader = nn.LSTM(embedding, hidden, batch_first=True, bidirectional=True)
        self.start = nn.Linear(2 * hidden, 2 * hidden)
        self.writer = nn.LSTM(embedding, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 2 * hidden, bias=False)
        self.combine = nn.Linear(3 * hidden, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, vocabulary)
        self.hidden = hidden

    def encode(self, source: Tensor) -> Tensor:
        memory: Tensor = self.reader(self.dropout(self.tokens(source)))[0]
        return memory

    def decode(self, target: Tensor, memory: Tensor, real: Tensor) -> Tensor:
        h = self._written(target, memory, real)
        context = F.scaled_dot_product_attention(
            self.score(h), memory, memory, real.reshape(-1, 1, self.source), scale=1.0
        )
        y = F.tanh(self.combine(np.concatenate([context, h], axis=-1)))
        logits: Tensor = self.head(self.dropout(y))
        return logits

    def alignment(self, x: NDArray[Any]) -> NDArray[Any]:
        with no_grad():
            source, target = Tensor(x[:, : self.source]), Tensor(x[:, self.source :])
            memory, real = self.encode(source), self.real(source)
            scores = self.score(self._written(target, memory, real)) @ memory.transpose(0, 2, 1)
            weights = F.softmax(np.where(real.data[:, np.newaxis], scores.data, -np.inf), dim=-1)
        return weights.data[np.newaxis, :, np.newaxis]

    def _written(self, target: Tensor, memory: Tensor, real: Tensor) -> Tensor:
        """The writer's states, (B, T, hidden)."""
        counts = real.astype(memory.dtype).reshape(-1, self.source, 1)
        mean = (memory * counts).sum(axis=1) / counts.sum(axis=1)
        first = F.tanh(self.start(mean)).reshape(1, -1, 2 * self.hidden)
        states = first[:, :, : self.hidden], first[:, :, self.hidden :]
        h: Tensor = self.writer(self.dropout(self.tokens(target)), states)[0]
        return h
