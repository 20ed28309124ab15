"""What embeddings, attention, the Transformer and positions refuse, word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, optim
from pellucid.errors import DataError, DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F

Call = Callable[[], Any]
X = np.zeros((3, 5, 8))
IDS = np.zeros((2, 4), int)
ATTENTION = nn.MultiheadAttention(8, 2, batch_first=True)
HIDE = np.arange(25).reshape(5, 5) // 5 == 1  # all keys from query 1
PAD = np.arange(15).reshape(3, 5) // 5 == 2  # example 2 is all padding
WIDTHS = "of widths 8, 8, 8"
ONE_KEY = "at least one key for each query: there is no softmax over nothing"
LEAVE_OUT = "leave out examples that are all padding"
IN_PLACE = "shorten the rows after a step, with weight.copy_(...) under no_grad()"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(65, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, ids: Any, **how: Any) -> Any:
        return self.block(self.tokens(ids), **how)


def attend(*inputs: Any, **how: Any) -> Any:
    return ATTENTION(*inputs, **how)


def sdpa(*inputs: Any, **how: Any) -> Any:
    return F.scaled_dot_product_attention(*inputs, **how)


def out_of(*places: tuple[int, int, int]) -> Any:
    ids = IDS.copy()
    for row, column, token in places:
        ids[row, column] = token
    return ids


def bag(*inputs: Any, options: dict[str, Any] | None = None, **how: Any) -> Any:
    return nn.EmbeddingBag(5, 3, **(options or {}))(*inputs, **how)


def shapes(*of: tuple[int, ...]) -> str:
    return "query, key and value of shapes {}, {} and {}".format(*of)


# call, kind, who, got, needs, try
Row = tuple[Call, type, str, str, str, str | None]

TOKENS: list[Row] = [
    (
        lambda: Net()(out_of((1, 2, 70), (1, 3, -1))),
        DataError,
        "net.tokens (embedding)",
        "token 70 at place (1, 2) and 1 more",
        "tokens from 0 to 64: the vocabulary has 65",
        None,
    ),
    (
        lambda: nn.Embedding(5, 3)([0, -1]),
        DataError,
        "embedding",
        "token -1 at place 1",
        "tokens from 0 to 4: the vocabulary has 5",
        None,
    ),
    (
        lambda: nn.Embedding(5, 3)(5),
        DataError,
        "embedding",
        "token 5",
        "tokens from 0 to 4: the vocabulary has 5",
        None,
    ),
    (
        lambda: bag([[0, 1], [7, 1]]),
        DataError,
        "embedding_bag",
        "token 7 at place (1, 0)",
        "tokens from 0 to 4: the vocabulary has 5",
        None,
    ),
    (
        lambda: nn.Embedding(5, 3)(np.zeros(3)),
        DtypeError,
        "embedding",
        "an input of dtype float32",
        "whole numbers",
        "x.astype(np.int64)",
    ),
    (
        lambda: nn.Embedding(5, 3)(np.zeros(3, bool)),
        DtypeError,
        "embedding",
        "an input of dtype bool",
        "whole numbers",
        None,
    ),
    (
        lambda: nn.Embedding(0, 3),
        OptionError,
        "Embedding",
        "0 tokens, 3 wide",
        "at least 1 of both",
        None,
    ),
    (
        lambda: nn.Embedding(5, 3, padding_idx=5),
        OptionError,
        "Embedding",
        "padding_idx = 5",
        "a token of the vocabulary, from -5 to 4",
        None,
    ),
    *[
        (
            lambda kind=kind: kind(5, 3, max_norm=1.0),
            OptionError,
            kind.__name__,
            "max_norm=1.0",
            "max_norm=None: a forward pass changes no weight here",
            IN_PLACE,
        )
        for kind in (nn.Embedding, nn.EmbeddingBag)
    ],
    (
        lambda: nn.Embedding(5, 3, norm_type=1.0),
        OptionError,
        "Embedding",
        "norm_type=1.0",
        "norm_type=2: a forward pass changes no weight here",
        IN_PLACE,
    ),
    *[
        (
            lambda kind=kind: kind(5, 3, sparse=True),
            OptionError,
            kind.__name__,
            "sparse=True",
            "sparse=False: every gradient is a whole array",
            None,
        )
        for kind in (nn.Embedding, nn.EmbeddingBag)
    ],
    (
        lambda: nn.EmbeddingBag(5, 3, mode="men"),
        OptionError,
        "EmbeddingBag",
        "'men'",
        "one of sum, mean, max",
        "did you mean 'mean'?",
    ),
    (
        lambda: nn.Embedding(5, 3, _weight=np.zeros((4, 3))),
        ShapeError,
        "Embedding",
        "a weight of shape (4, 3)",
        "one row a token: (5, 3)",
        None,
    ),
    (
        lambda: nn.Embedding.from_pretrained(np.zeros(3)),
        ShapeError,
        "Embedding.from_pretrained",
        "embeddings of shape (3,) and dtype float64",
        "one row of floating-point numbers a token: (vocabulary, width)",
        None,
    ),
    (
        lambda: F.embedding(IDS, np.zeros((3, 3), int)),
        ShapeError,
        "embedding",
        "a weight of shape (3, 3) and dtype int64",
        "one row of floating-point numbers a token: (vocabulary, width)",
        None,
    ),
    (
        lambda: F.one_hot([0, 3], 3),
        DataError,
        "one_hot",
        "class 3 at place 1",
        "classes from 0 to 2",
        None,
    ),
    (
        lambda: F.one_hot(np.zeros(0, int)),
        OptionError,
        "one_hot",
        "no class and num_classes = -1",
        "the number of classes",
        None,
    ),
]

BAGS: list[Row] = [
    (
        lambda: bag([1, 2, 3]),
        ShapeError,
        "embedding_bag",
        "tokens of shape (3,) without offsets",
        "(bags, tokens) without offsets, or (tokens,) with offsets",
        None,
    ),
    (
        lambda: bag([[1, 2, 3]], [0]),
        ShapeError,
        "embedding_bag",
        "tokens of shape (1, 3) with offsets",
        "(bags, tokens) without offsets, or (tokens,) with offsets",
        None,
    ),
    (
        lambda: bag(np.zeros((2, 0), int)),
        ShapeError,
        "embedding_bag",
        "tokens of shape (2, 0)",
        "at least one token",
        None,
    ),
    (
        lambda: bag([1, 2, 3], [[0]]),
        ShapeError,
        "embedding_bag",
        "offsets of shape (1, 1)",
        "one number a bag: (bags,)",
        None,
    ),
    *[
        (
            lambda offsets=offsets: bag([1, 2, 3], offsets),
            DataError,
            "embedding_bag",
            f"offsets {offsets}",
            "where each bag begins, rising from 0 to at most 3, the number of tokens",
            None,
        )
        for offsets in ([1, 2], [0, 2, 1], [0, 4], [-1, 2])
    ],
    (
        lambda: bag([1, 2, 3], [0, 2], options={"include_last_offset": True}),
        DataError,
        "embedding_bag",
        "offsets [0, 2]",
        "where each bag begins, rising from 0 to 3, the number of tokens",
        None,
    ),
    (
        lambda: bag([[1, 2]], per_sample_weights=np.ones((1, 2))),
        OptionError,
        "embedding_bag",
        "per_sample_weights with mode='mean'",
        "mode='sum'",
        None,
    ),
    (
        lambda: bag([[1, 2]], options={"mode": "max", "scale_grad_by_freq": True}),
        OptionError,
        "embedding_bag",
        "scale_grad_by_freq with mode='max'",
        "mode='sum' or mode='mean'",
        None,
    ),
    (
        lambda: bag([[1, 2]], per_sample_weights=np.ones(2), options={"mode": "sum"}),
        ShapeError,
        "embedding_bag",
        "per_sample_weights of shape (2,) for tokens of shape (1, 2)",
        "one weight a token",
        None,
    ),
]

HEADS = "MultiheadAttention 8, 2 heads"
FUNCTION = "scaled_dot_product_attention"
EMPTY = X[:, :0]

INPUTS: list[Row] = [
    (
        lambda: nn.MultiheadAttention(8, 3),
        OptionError,
        "MultiheadAttention",
        "embed_dim = 8 and num_heads = 3",
        "a width that the number of heads divides: each head has its own columns",
        "num_heads=2",
    ),
    (
        lambda: nn.MultiheadAttention(8, 0),
        OptionError,
        "MultiheadAttention",
        "embed_dim = 8 and num_heads = 0",
        "a width that the number of heads divides: each head has its own columns",
        None,
    ),
    (
        lambda: nn.MultiheadAttention(8, 2, dropout=1.5),
        OptionError,
        "MultiheadAttention",
        "dropout = 1.5",
        "a probability from 0 to 1",
        None,
    ),
    *[
        (
            lambda inputs=inputs: attend(*inputs),
            ShapeError,
            HEADS,
            shapes(*(x.shape for x in inputs)),
            f"(batch, length, width) or (length, width) each, {WIDTHS}",
            None,
        )
        for inputs in [(X[0, 0], X, X), (X, X[0], X[0]), (X[..., :4], X, X), (X, X, X[..., :4])]
    ],
    *[
        (
            lambda inputs=inputs: attend(*inputs),
            ShapeError,
            HEADS,
            shapes(*(x.shape for x in inputs)),
            "one batch size, and as many values as keys in each example",
            None,
        )
        for inputs in [(X, X[:2], X[:2]), (X, X, X[:, :4]), (X[0], X[0], X[0, :4])]
    ],
    *[
        (
            lambda query=query, key=key: attend(query, key, key),
            ShapeError,
            HEADS,
            shapes(query.shape, key.shape, key.shape),
            "at least one key: the sequence is empty",
            None,
        )
        for query, key in [(X, EMPTY), (EMPTY, EMPTY), (X[0], EMPTY[0])]
    ],
    (
        lambda: nn.MultiheadAttention(8, 2)(X, X[:, :2], X[:, :2]),
        ShapeError,
        HEADS,
        shapes((3, 5, 8), (3, 2, 8), (3, 2, 8)),
        "one batch size, and as many values as keys in each example",
        None,
    ),
    (
        lambda: attend(X.astype(int), X, X),
        DtypeError,
        HEADS,
        "an input of dtype int64",
        "floating-point numbers",
        "x.astype(np.float32)",
    ),
    *[
        (
            lambda inputs=inputs, how=how: sdpa(*inputs, **how),
            ShapeError,
            FUNCTION,
            shapes(*(x.shape for x in inputs)),
            needs,
            None,
        )
        for inputs, how, needs in [
            ((X, X, X[:, :3]), {}, "query and key of one width, key and value of one length"),
            ((X, X[..., :4], X), {}, "query and key of one width, key and value of one length"),
            ((X[0, 0], X, X), {}, "(length, width) each"),
            ((X[0], X, X), {"enable_gqa": True}, "(heads, length, width) each"),
            ((X, X[:2], X[:2]), {}, "leading axes that are equal, or 1 on one side"),
            (
                (X, X[:2], X[:2]),
                {"enable_gqa": True},
                "as many heads for key as for value, dividing those of query",
            ),
            ((EMPTY, EMPTY, EMPTY), {}, "at least one key: the sequence is empty"),
        ]
    ],
    (
        lambda: sdpa(X, X, X, dropout_p=2),
        OptionError,
        FUNCTION,
        "dropout_p = 2",
        "a probability from 0 to 1",
        None,
    ),
]

HIDES = "a mask that hides all keys from "

MASKS: list[Row] = [
    (
        lambda: attend(X, X, X, attn_mask=HIDE[:4]),
        ShapeError,
        HEADS,
        "attn_mask of shape (4, 5)",
        "(5, 5) or (6, 5, 5): (queries, keys), or one for each head of each example",
        None,
    ),
    (
        lambda: attend(X, X, X, key_padding_mask=PAD[:2]),
        ShapeError,
        HEADS,
        "key_padding_mask of shape (2, 5)",
        "(3, 5): one place for each key",
        None,
    ),
    (
        lambda: attend(X[0], X[0], X[0], key_padding_mask=PAD),
        ShapeError,
        HEADS,
        "key_padding_mask of shape (3, 5)",
        "(5,): one place for each key",
        None,
    ),
    *[
        (
            lambda name=name: attend(X, X, X, **{name: PAD.astype(int)}),
            DtypeError,
            HEADS,
            f"{name} of dtype int64",
            "truth values, or floating-point numbers to be added",
            "mask.astype(bool)",
        )
        for name in ("attn_mask", "key_padding_mask")
    ],
    *[
        (
            lambda mask=mask: sdpa(X, X, X, mask),
            ShapeError,
            FUNCTION,
            f"attn_mask of shape {mask.shape}",
            "a shape that broadcasts to (..., queries, keys) = (3, 5, 5)",
            None,
        )
        for mask in (np.ones((4, 5), bool), np.ones((2, 3, 5, 5)), np.array(True))
    ],
    (
        lambda: sdpa(X, X, X, HIDE.astype(int)),
        DtypeError,
        FUNCTION,
        "attn_mask of dtype int64",
        "truth values, or floating-point numbers to be added",
        "mask.astype(bool)",
    ),
    *[
        (lambda mask=mask: attend(X, X, X, attn_mask=mask), DataError, HEADS, got, ONE_KEY, None)
        for mask, got in [
            (HIDE, f"{HIDES}query 1"),
            (np.where(HIDE, -np.inf, 0), f"{HIDES}query 1"),
            (
                np.stack([HIDE & (i == 3) for i in range(6)]),
                f"{HIDES}query 1 of example 1 in head 1",
            ),
        ]
    ],
    *[
        (
            lambda how=how: attend(X, X, X, **how),
            DataError,
            HEADS,
            f"{HIDES}every query of example 2",
            ONE_KEY,
            LEAVE_OUT,
        )
        for how in (
            {"key_padding_mask": PAD},
            {"key_padding_mask": PAD, "need_weights": False},
            {"key_padding_mask": np.where(PAD, -np.inf, 1)},
        )
    ],
    (
        lambda: attend(X, X, X, key_padding_mask=np.tile(np.arange(5) < 2, (3, 1)), is_causal=True),
        DataError,
        HEADS,
        f"{HIDES}query 0 of example 0, and from 5 more",
        ONE_KEY,
        None,
    ),
    (
        lambda: Net()(IDS, src_mask=np.ones((4, 4), bool)),
        DataError,
        "net.block.self_attn (MultiheadAttention 8, 2 heads)",
        f"{HIDES}query 0, and from 3 more",
        ONE_KEY,
        None,
    ),
    (lambda: sdpa(X, X, X, ~HIDE), DataError, FUNCTION, f"{HIDES}query 1", ONE_KEY, None),
    (
        lambda: sdpa(X, X, X, np.zeros(5, bool)),
        DataError,
        FUNCTION,
        f"{HIDES}every query",
        ONE_KEY,
        LEAVE_OUT,
    ),
]

STACKS: list[Row] = [
    (
        lambda: nn.Transformer(8, 2, 1, 1, 6)(X, X[:, :2]),
        ShapeError,
        "Transformer 8, 2 heads",
        "src and tgt of shapes (3, 5, 8) and (3, 2, 8)",
        "(length, batch, 8) or (length, 8) both, of one batch size",
        None,
    ),
    (
        lambda: nn.Transformer(8, 2, 1, 1, 6, batch_first=True)(X[..., :6], X),
        ShapeError,
        "Transformer 8, 2 heads",
        "src and tgt of shapes (3, 5, 6) and (3, 5, 8)",
        "(batch, length, 8) or (length, 8) both, of one batch size",
        None,
    ),
    (
        lambda: nn.Transformer(8, 2, 0, 1, 6),
        OptionError,
        "TransformerEncoder",
        "num_layers = 0",
        "at least one layer",
        None,
    ),
    (
        lambda: nn.TransformerDecoderLayer(8, 2, activation="rleu"),
        OptionError,
        "TransformerDecoderLayer",
        "'rleu'",
        "one of relu, gelu",
        "did you mean 'relu'?",
    ),
    (
        lambda: nn.SinusoidalPositions(4, 8, batch_first=True)(X),
        ShapeError,
        "SinusoidalPositions 4, 8",
        "a sequence of 5 places",
        "at most 4",
        "SinusoidalPositions(max_length=5, ...)",
    ),
    (
        lambda: nn.LearnedPositions(4, 6)(X),
        ShapeError,
        "LearnedPositions 4, 6",
        "an input of shape (3, 5, 8)",
        "(length, batch, 6) or (length, 6)",
        None,
    ),
    (
        lambda: nn.LearnedPositions(4, 0),
        OptionError,
        "LearnedPositions",
        "4 places, 0 wide",
        "at least 1 of both",
        None,
    ),
    (
        lambda: nn.LearnedPositions(9, 8)(X.astype(int)),
        DtypeError,
        "LearnedPositions",
        "an input of dtype int64",
        "floating-point numbers",
        "x.astype(np.float32)",
    ),
]

REFUSED = [*TOKENS, *BAGS, *INPUTS, *MASKS, *STACKS]


@pytest.mark.parametrize("row", REFUSED, ids=[f"{row[2]}: {row[3]}" for row in REFUSED])
def test_refused(row: Row) -> None:
    call, kind, who, got, needs, advice = row
    with pytest.raises(PellucidError) as error:
        call()
    lines = [
        f"{kind.__name__} in {who}",
        f"  got:    {got}",
        f"  needs:  {needs}",
        *([f"  try:    {advice}"] if advice else []),
    ]
    assert str(error.value).splitlines() == lines
    assert isinstance(error.value, ValueError | TypeError)


def test_a_mask_that_still_shows_an_added_key_is_taken() -> None:
    attention = nn.MultiheadAttention(8, 2, add_zero_attn=True, batch_first=True)
    y, weights = attention(X, X, X, key_padding_mask=PAD)
    assert np.isfinite(y.numpy()).all()
    np.testing.assert_allclose(weights.numpy()[2, :, -1], 1)


def test_an_empty_last_batch() -> None:
    for net in (Net(), nn.Sequential(nn.EmbeddingBag(65, 8, mode="max"), nn.Linear(8, 2))):
        y = net.eval()(np.zeros((0, 4), int))
        assert y.shape[0] == 0 and y.size == 0


def test_a_mask_of_a_later_step_is_looked_at_too() -> None:
    """Nothing about a mask is remembered from the call before."""
    attend(X, X, X, attn_mask=np.zeros((5, 5), bool))
    with pytest.raises(DataError):
        attend(X, X, X, attn_mask=HIDE)


def test_an_optimizer_step_leaves_a_fixed_table_alone() -> None:
    net = nn.Sequential(nn.Embedding.from_pretrained(np.ones((5, 3), np.float32)), nn.Linear(3, 2))
    before = net[0].weight.numpy().copy()
    loss = nn.CrossEntropyLoss()(net(np.array([1, 4])), np.array([0, 1]))
    loss.backward()
    optim.SGD([p for p in net.parameters() if p.requires_grad], lr=1.0).step()
    np.testing.assert_array_equal(net[0].weight.numpy(), before)
