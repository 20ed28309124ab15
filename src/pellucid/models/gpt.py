"""GPT: a Transformer that looks back only, and foresees the next token of a text."""

from __future__ import annotations

import math

import numpy as np

from pellucid import nn
from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import init

__all__ = ["GPT"]


class GPT(nn.Module):
    """Tokens (B, T), T at most ``context``, to the logits of each next token, (B, T, vocabulary).

    Token and place embeddings, ``layers`` blocks of causal attention and a small network (norm
    first, GELU), a last norm, a head without bias. Weights from N(0, 0.02^2), those that add to the
    stream from N(0, 0.02^2 / 2 layers). Source: Radford et al. 2019, sections 2 and 2.3.

    >>> GPT(5, context=4, layers=1, heads=1, width=8)(np.array([[0, 1, 2]])).shape
    (1, 3, 5)
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 64,
        layers: int = 4,
        heads: int = 4,
        width: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if width % heads:
            raise OptionError(
                "GPT", got=f"width {width} and {heads} heads", needs="heads that divide the width"
            )
        self.context = context
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        gelu = nn.GELU("tanh")  # GPT-2's own form; the exact one takes a fifth of a step more
        self.blocks = nn.ModuleList(
            [
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout, gelu, batch_first=True, norm_first=True
                )
                for _ in range(layers)
            ]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, p in self.named_parameters():
            if p.ndim >= 2:
                adds = name.endswith(("out_proj.weight", "linear2.weight"))
                init.normal_(p, 0.0, 0.02 / math.sqrt(2 * layers if adds else 1))
            elif name.endswith("bias"):
                init.zeros_(p)

    def forward(self, x: Tensor) -> Tensor:
        """Logits at every place, each from the tokens up to it."""
        if x.ndim != 2 or x.shape[1] > self.context:
            raise ShapeError(
                "GPT",
                got=f"tokens of shape {x.shape}",
                needs=f"(batch, places), at most {self.context} places",
            )
        h = self.dropout(self.tokens(x) + self.places(np.arange(x.shape[1])))
        for block in self.blocks:
            h = block(h, is_causal=True)
        logits: Tensor = self.head(self.norm(h))
        return logits
