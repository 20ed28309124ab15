"""Attention: every query looks at all keys and takes a weighted mean of their values."""

import numpy as np

from pellucid.ops.dropout import Dropout
from pellucid.ops.rule import helper, like, rule


@helper
def no_look_ahead(scores, out=None):
    """What hides later keys when added to scores (..., L, S): 0 where j <= i, else -inf; (L, S).

    >>> no_look_ahead(np.zeros((3, 3))).tolist()
    [[0.0, -inf, -inf], [0.0, 0.0, -inf], [0.0, 0.0, 0.0]]
    """
    queries, keys = scores.shape[-2:]
    bias = np.where(np.tri(queries, keys, dtype=bool), 0.0, -np.inf)
    if out is None:
        return bias.astype(scores.dtype)
    out[...] = bias
    return out


def bias_for(scores, mask, causal):
    """What a mask adds to the scores, in the mask's own small shape; None where nothing is hidden.

    To add it is quicker than to choose by np.where in the shape of the scores.
    """
    bias = no_look_ahead(scores) if causal else None
    if mask is None:
        return bias
    own = mask if mask.dtype != bool else np.where(mask, 0.0, -np.inf).astype(scores.dtype)
    return own if bias is None else bias + own


@rule
class AttentionWeights:
    """weights = softmax over the keys of (scale q k^T + mask); q (..., L, E), k (..., S, E).

    The mask is None, truth values (True: this key takes part) or numbers that are added, in any
    shape that broadcasts to (..., L, S); ``causal`` hides from query i every key j > i. A row whose
    keys are all hidden is NaN. Source: Vaswani et al. 2017, equation 1.
    """

    def forward(q, k, mask=None, *, scale, causal=False):
        scores = (scale * q) @ k.swapaxes(-1, -2)  # (..., L, S)
        bias = bias_for(scores, mask, causal)
        biased = scores if bias is None else scores + bias
        e = np.exp(biased - biased.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def backward(g, weights, q, k, mask=None, *, scale, causal=False, needs):
        dscores = weights * (g - (g * weights).sum(axis=-1, keepdims=True))
        dq = like(scale * (dscores @ k), q) if needs[0] else None
        dk = like(scale * (dscores.swapaxes(-1, -2) @ q), k) if needs[1] else None
        return dq, dk, like(dscores, mask) if needs[2] else None


@rule
class Attention:
    """context = weights v, weights = softmax over the keys of (scale q k^T + mask).

    q (..., L, E), k (..., S, E), v (..., S, D); mask and ``causal`` as in AttentionWeights. With
    p > 0 each weight is dropped with probability p, the others divided by 1 - p. The extras are the
    weights before and after that. Source: Vaswani et al. 2017, equation 1.
    """

    def forward(q, k, v, mask=None, rng=None, *, scale, causal=False, p=0.0):
        weights = AttentionWeights.forward(q, k, mask, scale=scale, causal=causal)
        used = weights if p == 0 else Dropout.forward(weights, rng, p=p)[0]
        context = used @ v  # (..., L, D)
        return context, weights, used

    def backward(
        g,
        context,
        weights,
        used,
        q,
        k,
        v,
        mask=None,
        rng=None,
        *,
        scale,
        causal=False,
        p=0.0,
        needs,
    ):
        dv = like(used.swapaxes(-1, -2) @ g, v) if needs[2] else None
        dused = g @ v.swapaxes(-1, -2)  # (..., L, S)
        # sum_j weights_j dweights_j, which softmax asks for, is g . (sum_j used_j v_j)
        drift = (g * context).sum(axis=-1, keepdims=True)  # (..., L, 1)
        dscores = weights * (dused - drift) if p == 0 else used * dused - weights * drift
        dq = like(scale * (dscores @ k), q) if needs[0] else None
        dk = like(scale * (dscores.swapaxes(-1, -2) @ q), k) if needs[1] else None
        return dq, dk, dv, like(dscores, mask) if needs[3] else None, None


def by_head(x, heads, batch_first):
    """(B, L, E), or (L, B, E), as a view (B, heads, L, E / heads)."""
    x = x.reshape(*x.shape[:2], heads, x.shape[2] // heads)
    return x.transpose(0, 2, 1, 3) if batch_first else x.transpose(1, 2, 0, 3)


def side_by_side(x, batch_first):
    """The way back: (B, heads, L, D) as (B, L, heads D), or (L, B, heads D)."""
    x = x.transpose(0, 2, 1, 3) if batch_first else x.transpose(2, 0, 1, 3)
    return x.reshape(*x.shape[:2], x.shape[2] * x.shape[3])


@rule
class SelfAttention:
    """context = Attention of each head, with q, k and v side by side in one array qkv (B, L, 3 E).

    Head h of q, k and v has its own E / heads columns; so has its context in the output (B, L, E).
    With ``batch_first=False`` the arrays are (L, B, ...). The extras are Attention's:
    (B, heads, L, L). Source: Vaswani et al. 2017, section 3.2.2.
    """

    def forward(qkv, mask=None, rng=None, *, heads, batch_first=True, scale, causal=False, p=0.0):
        width = qkv.shape[2] // 3
        q = by_head(qkv[:, :, :width], heads, batch_first)  # (B, heads, L, E / heads)
        k = by_head(qkv[:, :, width : 2 * width], heads, batch_first)
        v = by_head(qkv[:, :, 2 * width :], heads, batch_first)
        attended, weights, used = Attention.forward(
            q, k, v, mask, rng, scale=scale, causal=causal, p=p
        )
        return side_by_side(attended, batch_first), weights, used

    def backward(
        g,
        context,
        weights,
        used,
        qkv,
        mask=None,
        rng=None,
        *,
        heads,
        batch_first=True,
        scale,
        causal=False,
        p=0.0,
        needs,
    ):
        width = qkv.shape[2] // 3
        q = by_head(qkv[:, :, :width], heads, batch_first)
        k = by_head(qkv[:, :, width : 2 * width], heads, batch_first)
        v = by_head(qkv[:, :, 2 * width :], heads, batch_first)
        attended = by_head(context, heads, batch_first)
        dattended = by_head(g, heads, batch_first)
        dq, dk, dv, dmask, _ = Attention.backward(
            dattended,
            attended,
            weights,
            used,
            q,
            k,
            v,
            mask,
            rng,
            scale=scale,
            causal=causal,
            p=p,
            needs=(needs[0], needs[0], needs[0], needs[1], False),
        )
        if not needs[0]:
            return None, dmask, None
        dqkv = np.concatenate([dq, dk, dv], axis=1)  # (B, 3 heads, L, E / heads)
        return side_by_side(dqkv, batch_first), dmask, None
