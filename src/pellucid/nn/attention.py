"""MultiheadAttention: several attentions side by side, each on its own part of the width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.functional.attention import additive, as_mask, check_visible
from pellucid.nn.functional.doors import floating
from pellucid.nn.linear import Linear
from pellucid.nn.module import Module, Parameter
from pellucid.random import default_generator

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """concat(head_1, ..., head_h) W_out^T, head_i = softmax(q_i k_i^T / sqrt(E / h) + mask) v_i.

    q_i, k_i and v_i are the E / h columns of head i in query W_q^T, key W_k^T and value W_v^T (each
    plus its bias). query (L, B, E), key (S, B, kdim) and value (S, B, vdim) give an output
    (L, B, E); with ``batch_first`` B comes first, and one example may do without B.

    ``in_proj_weight`` (3 E, E) holds W_q, W_k and W_v one below the other; where ``kdim`` or
    ``vdim`` is not E, they stand alone as ``q_proj_weight``, ``k_proj_weight``, ``v_proj_weight``.
    ``add_bias_kv`` adds one learnt key and value to those given, ``add_zero_attn`` one of zeros.
    ``dropout`` drops attention weights while training. Initial weights as in torch: Glorot's
    uniform ones, biases 0. Source: Vaswani et al. 2017, section 3.2.2.

    >>> attention = MultiheadAttention(8, 2, batch_first=True)
    >>> x = Tensor(np.ones((3, 5, 8), np.float32))
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_options(embed_dim, num_heads, dropout)
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.head_dim, self.batch_first = embed_dim // num_heads, batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.add_zero_attn = add_zero_attn
        together = self.kdim == self.vdim == embed_dim
        shapes = {
            "in_proj_weight": (3 * embed_dim, embed_dim) if together else None,
            "q_proj_weight": None if together else (embed_dim, embed_dim),
            "k_proj_weight": None if together else (embed_dim, self.kdim),
            "v_proj_weight": None if together else (embed_dim, self.vdim),
            "in_proj_bias": (3 * embed_dim,) if bias else None,
            "bias_k": (1, 1, embed_dim) if add_bias_kv else None,
            "bias_v": (1, 1, embed_dim) if add_bias_kv else None,
        }
        for name, shape in shapes.items():
            made = None if shape is None else Parameter(np.empty(shape, dtype))
            self.register_parameter(name, made)
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, generator=generator)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the weights of query, key and value again; all biases are 0."""
        for name, p in self._parameters.items():
            if p is not None and name.endswith("proj_weight"):
                init.xavier_uniform_(p, generator=generator)
            elif p is not None and name in ("bias_k", "bias_v"):
                init.xavier_normal_(p, generator=generator)
        for b in (self.in_proj_bias, self.out_proj.bias):
            if b is not None:
                init.zeros_(b)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, and the attention weights (B, L, S): the mean of the heads, or of each head.

        ``key_padding_mask`` (B, S) and ``attn_mask``, (L, S) or (B heads, L, S), hide a key where
        they are True (the opposite of scaled_dot_product_attention), or are numbers to be added.
        ``is_causal`` hides from query i every key j > i, beside what the masks hide; torch takes it
        for a hint about ``attn_mask``. ``need_weights=False`` gives None for the weights and is the
        quicker way: query, key and value are then one product where they are one tensor.

        Raises ShapeError and DtypeError for inputs and masks that do not fit, and DataError where a
        mask hides all keys from a query, for which torch gives NaN (0 without the weights).
        """
        self._check(query, key, value)
        batched = query.ndim == 3
        batch_first = self.batch_first or not batched
        q, k, v = (query, key, value) if batched else _lifted(query, key, value)
        time = int(batch_first)
        sizes = (q.shape[1 - time], q.shape[time], k.shape[time])
        mask = self._mask(attn_mask, key_padding_mask, is_causal, sizes, batched, query.dtype)
        weights: Tensor | None = None
        if not need_weights and self._one_product(q, k, v):
            context = self._self_attention(q, mask, is_causal, batch_first)
        else:
            context, weights = self._attention(
                (q, k, v), mask, is_causal, batch_first, need_weights
            )
        y = self.out_proj(context)
        y = y if batched else y.reshape(y.shape[1:])
        if weights is None:
            return y, None
        weights = weights.mean(axis=1) if average_attn_weights else weights
        return y, weights if batched else weights.reshape(weights.shape[1:])

    # -- two ways to the same context --

    def _one_product(self, q: Tensor, k: Tensor, v: Tensor) -> bool:
        """Whether query, key and value are one tensor, and nothing is added to the keys."""
        same = q is k is v or (
            # a plain array, which became three tensors at the door
            q.data is k.data is v.data
            and not (q.requires_grad or k.requires_grad or v.requires_grad)
        )
        return same and self.in_proj_weight is not None and not self._keys_added()

    def _keys_added(self) -> int:
        return (self.bias_k is not None) + self.add_zero_attn

    def _self_attention(self, x: Tensor, mask: Any, causal: bool, batch_first: bool) -> Tensor:
        p = self.dropout if self.training else 0.0
        return apply(
            ops.SelfAttention,
            F.linear(x, self.in_proj_weight, self.in_proj_bias),
            mask,
            default_generator() if p > 0 else None,
            heads=self.num_heads,
            batch_first=batch_first,
            scale=1 / math.sqrt(self.head_dim),
            causal=causal,
            p=p,
        )

    def _attention(
        self,
        inputs: tuple[Tensor, Tensor, Tensor],
        mask: Any,
        causal: bool,
        batch_first: bool,
        need_weights: bool,
    ) -> tuple[Tensor, Tensor | None]:
        q, k, v = (F.linear(x, *self._projection(i)) for i, x in enumerate(inputs))
        k, v = (
            self._with_added(x, bias, batch_first)
            for x, bias in ((k, self.bias_k), (v, self.bias_v))
        )
        if self._keys_added():
            mask, causal = self._mask_with_added(mask, causal, q, k, batch_first), False
        q, k, v = (self._heads(x, batch_first) for x in (q, k, v))  # (B, heads, L or S, E / heads)
        p = self.dropout if self.training else 0.0
        options = {"scale": 1 / math.sqrt(self.head_dim), "causal": causal}
        weights = None
        if need_weights:
            weights = F.dropout(apply(ops.AttentionWeights, q, k, mask, **options), p)
            context = weights @ v
        else:
            rng = default_generator() if p > 0 else None
            context = apply(ops.Attention, q, k, v, mask, rng, p=p, **options)
        context = context.transpose(*((0, 2, 1, 3) if batch_first else (2, 0, 1, 3)))
        return context.reshape(*context.shape[:2], self.embed_dim), weights

    def _projection(self, i: int) -> tuple[Tensor, Tensor | None]:
        """Weight and bias for the query (0), the key (1) or the value (2)."""
        rows = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        alone = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)[i]
        weight = self.in_proj_weight[rows] if self.in_proj_weight is not None else alone
        assert weight is not None
        return weight, None if self.in_proj_bias is None else self.in_proj_bias[rows]

    def _heads(self, x: Tensor, batch_first: bool) -> Tensor:
        split = x.reshape(*x.shape[:2], self.num_heads, self.head_dim)
        return split.transpose(*((0, 2, 1, 3) if batch_first else (1, 2, 0, 3)))

    def _with_added(self, x: Tensor, bias: Tensor | None, batch_first: bool) -> Tensor:
        """Keys or values with the learnt one and the zero one behind them."""
        time = int(batch_first)
        if bias is not None:
            shape = (x.shape[0], 1, x.shape[2]) if batch_first else (1, *x.shape[1:])
            x = apply(ops.Concatenate, x, bias.broadcast_to(shape), axis=time)
        if self.add_zero_attn:
            width = tuple((0, int(axis == time)) for axis in range(3))
            x = apply(ops.Pad, x, width=width)
        return x

    def _mask_with_added(
        self, mask: Any, causal: bool, q: Tensor, k: Tensor, batch_first: bool
    ) -> Any:
        """The mask with the added keys, which nothing hides."""
        time, more = int(batch_first), self._keys_added()
        if causal:
            past = Tensor(np.tri(q.shape[time], k.shape[time] - more, dtype=bool))
            mask = past if mask is None else _both(past, mask)
        if mask is None:
            return None
        width = (*[(0, 0)] * (mask.ndim - 1), (0, more))
        if mask.dtype == bool:
            return Tensor(np.pad(mask.data, width, constant_values=True))
        return apply(ops.Pad, mask, width=width)

    # -- masks --

    def _mask(
        self,
        attn_mask: Any,
        key_padding_mask: Any,
        causal: bool,
        sizes: tuple[int, int, int],
        batched: bool,
        dtype: Any,
    ) -> Tensor | None:
        """Both masks as one, in the sense of scaled_dot_product_attention: True takes part."""
        who = self._who()
        B, L, S = sizes
        attn = as_mask(who, "attn_mask", attn_mask, dtype)
        padding = as_mask(who, "key_padding_mask", key_padding_mask, dtype)
        if attn is not None:
            per_head = (B * self.num_heads, L, S)
            self._fits("attn_mask", attn, (L, S), per_head)
            attn = attn if attn.ndim == 2 else attn.reshape(B, self.num_heads, L, S)
        if padding is not None:
            self._fits("key_padding_mask", padding, (B, S) if batched else (S,))
            padding = padding.reshape(B, 1, 1, S)
        hidden = [m for m in (attn, padding) if m is not None]
        if not hidden:
            return None
        if all(m.dtype == bool for m in hidden):
            both = np.logical_or(*[m.data for m in hidden]) if len(hidden) == 2 else hidden[0].data
            mask = Tensor(np.logical_not(both))
        else:
            numbers = [additive(m, dtype) for m in hidden]
            mask = numbers[0] + numbers[1] if len(numbers) == 2 else numbers[0]
        if not self._keys_added():
            check_visible(who, mask, causal, (L, S))
        return mask

    def _fits(self, name: str, mask: Tensor, *shapes: tuple[int, ...]) -> None:
        if mask.shape not in shapes:
            raise ShapeError(
                self._who(),
                got=f"{name} of shape {mask.shape}",
                needs=" or ".join(str(shape) for shape in shapes)
                + (": (queries, keys), or one for each head of each example" * (len(shapes) == 2))
                + (": one place for each key" * (len(shapes) == 1)),
            )

    # -- the door --

    def _who(self) -> str:
        return f"MultiheadAttention {self.embed_dim}, {self.num_heads} heads"

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        who = self._who()
        for x in (query, key, value):
            floating(who, x)
        shapes = (query.shape, key.shape, value.shape)
        got = "query, key and value of shapes {}, {} and {}".format(*shapes)
        widths = (self.embed_dim, self.kdim, self.vdim)
        if {len(s) for s in shapes} not in ({2}, {3}) or tuple(s[-1] for s in shapes) != widths:
            first = "(batch, length, width)" if self.batch_first else "(length, batch, width)"
            raise ShapeError(
                who,
                got=got,
                needs=f"{first} or (length, width) each, of widths {', '.join(map(str, widths))}",
            )
        batch = 0 if self.batch_first else 1
        batches = {s[batch] for s in shapes} if query.ndim == 3 else {1}
        if key.shape[:-1] != value.shape[:-1] or len(batches) > 1:
            raise ShapeError(
                who, got=got, needs="one batch size, and as many values as keys in each example"
            )
        if key.shape[0 if query.ndim == 2 else 1 - batch] == 0:
            raise ShapeError(who, got=got, needs="at least one key: the sequence is empty")


def _check_options(embed_dim: int, num_heads: int, dropout: float) -> None:
    who = "MultiheadAttention"
    if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
        near = [h for h in range(1, embed_dim + 1) if embed_dim % h == 0 and h <= num_heads]
        raise OptionError(
            who,
            got=f"embed_dim = {embed_dim} and num_heads = {num_heads}",
            needs="a width that the number of heads divides: each head has its own columns",
            try_=f"num_heads={near[-1]}" if near and num_heads > 0 else None,
        )
    if not 0 <= dropout <= 1:
        raise OptionError(who, got=f"dropout = {dropout}", needs="a probability from 0 to 1")


def _lifted(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One example as a batch of one; what is one tensor stays one tensor."""
    made = {id(x): x.reshape(1, *x.shape) for x in (query, key, value)}
    return made[id(query)], made[id(key)], made[id(value)]


def _both(past: Tensor, mask: Tensor) -> Tensor:
    """What the causal mask and the other one let through."""
    if mask.dtype == bool:
        return Tensor(np.logical_and(past.data, mask.data))
    return mask + additive(Tensor(np.logical_not(past.data)), mask.dtype)
