"""The Transformer: attention and a small network for each place, layer upon layer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.attention import MultiheadAttention
from pellucid.nn.container import ModuleList
from pellucid.nn.dropout import Dropout
from pellucid.nn.linear import Linear
from pellucid.nn.module import Module
from pellucid.nn.norm import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


class TransformerEncoderLayer(Module):
    """x = norm1(x + attention(x)), then norm2(x + linear2(activation(linear1(x)))).

    With ``norm_first``: x + attention(norm1(x)), then the same with norm2. x is (S, B, d_model),
    with ``batch_first`` (B, S, d_model), or one example (S, d_model). Dropout falls on the
    attention weights, on the hidden units and on what each of the two parts adds to x.
    ``activation`` is "relu", "gelu", a module, or any function of a tensor (which nn.describe
    cannot write down). Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020 for norm_first.

    >>> TransformerEncoderLayer(8, 2, 16, batch_first=True)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    activation: Callable[[Tensor], Tensor]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, **made
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _function(type(self).__name__, activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The same shape; the masks are those of MultiheadAttention."""
        x, masks = src, (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *masks)
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(x + self._attend(x, *masks))
        return self.norm2(x + self._feed_forward(x))  # type: ignore[no-any-return]

    def _attend(self, x: Tensor, mask: Any, padding: Any, causal: bool) -> Tensor:
        y, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=causal)
        return self.dropout1(y)  # type: ignore[no-any-return]

    def _feed_forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        return self.dropout2(self.linear2(hidden))  # type: ignore[no-any-return]


class TransformerDecoderLayer(Module):
    """An encoder layer with a second attention between its parts, from x to the ``memory``.

    x = norm1(x + self_attn(x)), norm2(x + multihead_attn(x, memory)), norm3(x + feed forward(x));
    with ``norm_first`` each norm stands before its part. x (T, B, d_model) and memory
    (S, B, d_model); the rest as in TransformerEncoderLayer.
    Source: Vaswani et al. 2017, section 3.1.

    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True)
    >>> layer(np.ones((3, 4, 8)), np.ones((3, 5, 8))).shape
    (3, 4, 8)
    """

    activation: Callable[[Tensor], Tensor]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        for name in ("self_attn", "multihead_attn"):
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, **made
            )
            self.register_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        for i in (1, 2, 3):
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            self.register_module(f"norm{i}", norm)
        for i in (1, 2, 3):
            self.register_module(f"dropout{i}", Dropout(dropout))
        self.activation = _function(type(self).__name__, activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of ``tgt``; the masks are those of MultiheadAttention."""
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        across = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *own)
            x = x + self._look_up(self.norm2(x), memory, *across)
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(x + self._attend(x, *own))
        x = self.norm2(x + self._look_up(x, memory, *across))
        return self.norm3(x + self._feed_forward(x))  # type: ignore[no-any-return]

    def _attend(self, x: Tensor, mask: Any, padding: Any, causal: bool) -> Tensor:
        y, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=causal)
        return self.dropout1(y)  # type: ignore[no-any-return]

    def _look_up(self, x: Tensor, memory: Tensor, mask: Any, padding: Any, causal: bool) -> Tensor:
        y, _ = self.multihead_attn(x, memory, memory, padding, False, mask, is_causal=causal)
        return self.dropout2(y)  # type: ignore[no-any-return]

    def _feed_forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        return self.dropout3(self.linear2(hidden))  # type: ignore[no-any-return]


class TransformerEncoder(Module):
    """``num_layers`` copies of an encoder layer, one upon the other, then ``norm`` if there is one.

    The copies start from equal weights, as in torch. ``enable_nested_tensor`` and ``mask_check``
    are torch's switches of a quicker way that gives the same numbers where no key is padding;
    Pellucid has one way, whatever they say.

    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> TransformerEncoder(layer, 2)(np.ones((3, 5, 8)), is_causal=True).shape
    (3, 5, 8)
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(type(self).__name__, encoder_layer, num_layers)
        self.num_layers = num_layers
        self.register_module("norm", norm)

    def forward(
        self,
        src: Tensor,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The same shape; the masks hold for every layer. ``is_causal=None`` is False."""
        x = src
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask, bool(is_causal))
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """``num_layers`` copies of a decoder layer, one upon the other, then ``norm`` if there is one.

    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True)
    >>> TransformerDecoder(layer, 2)(np.ones((3, 4, 8)), np.ones((3, 5, 8))).shape
    (3, 4, 8)
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(type(self).__name__, decoder_layer, num_layers)
        self.num_layers = num_layers
        self.register_module("norm", norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of ``tgt``; the masks hold for every layer. ``tgt_is_causal=None`` is False."""
        x = tgt
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            x = layer(x, memory, *masks, bool(tgt_is_causal), memory_is_causal)
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """Encoder and decoder: ``src`` (S, B, d_model) is read, ``tgt`` (T, B, d_model) looks at it.

    Both are stacks of layers with a last LayerNorm; ``custom_encoder`` and ``custom_decoder`` stand
    in their place. With ``batch_first`` B comes first; one example may do without B. Weights start
    from Glorot's uniform ones, as in torch. Source: Vaswani et al. 2017, figure 1, without the
    embeddings, the positions and the last Linear.

    >>> net = Transformer(8, 2, 1, 1, 16, batch_first=True)
    >>> net(np.ones((3, 5, 8)), np.ones((3, 4, 8)), tgt_is_causal=True).shape
    (3, 4, 8)
    """

    encoder: Module
    decoder: Module

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        shape = (d_model, nhead, dim_feedforward, dropout, activation)
        how = (layer_norm_eps, batch_first, norm_first, bias)
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}

        def last_norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        if custom_encoder is None:
            layer = TransformerEncoderLayer(*shape, *how, **made)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, last_norm())
        if custom_decoder is None:
            across = TransformerDecoderLayer(*shape, *how, **made)
            custom_decoder = TransformerDecoder(across, num_decoder_layers, last_norm())
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw every matrix again: each layer gets weights of its own."""
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p, generator=generator)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of ``tgt``; the masks are those of MultiheadAttention."""
        self._check(src, tgt)
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(  # type: ignore[no-any-return]
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    def _check(self, src: Tensor, tgt: Tensor) -> None:
        batch = 0 if self.batch_first else 1
        fits = src.ndim == tgt.ndim and src.ndim in (2, 3)
        fits = fits and src.shape[-1] == tgt.shape[-1] == self.d_model
        if not fits or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            first = "(batch, length, " if self.batch_first else "(length, batch, "
            raise ShapeError(
                f"Transformer {self.d_model}, {self.nhead} heads",
                got=f"src and tgt of shapes {src.shape} and {tgt.shape}",
                needs=f"{first}{self.d_model}) or (length, {self.d_model}) both, of one batch size",
            )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: DTypeLike = np.float32) -> Tensor:
        """The mask (sz, sz) that hides what comes later: 0 where j <= i, else -inf.

        ``is_causal=True`` in its place says the same and is not looked through.

        >>> Transformer.generate_square_subsequent_mask(2).tolist()
        [[0.0, -inf], [0.0, 0.0]]
        """
        return Tensor(np.triu(np.full((sz, sz), -np.inf, dtype), 1))


def _function(who: str, activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    return F.relu if choose(who, activation, ("relu", "gelu")) == "relu" else F.gelu


def _copies(who: str, layer: Module, n: int) -> ModuleList:
    if n < 1:
        raise OptionError(who, got=f"num_layers = {n}", needs="at least one layer")
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])
