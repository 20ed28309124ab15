"""What the losses refuse at their doors, word by word, and what they let in."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import DataError, DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F

Call = Callable[[], Any]
Z, Z4 = np.zeros((2, 3)), np.zeros((4, 3))
LOG = np.log(np.full((4, 2, 3), 1 / 3))

OLD = [
    "L1Loss",
    "MSELoss",
    "SmoothL1Loss",
    "KLDivLoss",
    "PoissonNLLLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "NLLLoss",
    "CrossEntropyLoss",
    "HingeEmbeddingLoss",
    "SoftMarginLoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "CosineEmbeddingLoss",
    "TripletMarginLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
]


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"size_average": True}, "mean"),
        ({"size_average": False}, "sum"),
        ({"reduce": False}, "none"),
        ({"reduce": True}, "mean"),
    ],
)
def test_torchs_older_arguments_are_known_and_refused(name: str, given: Any, advice: str) -> None:
    getattr(nn, name)(size_average=None, reduce=None)
    (old, value), *_ = given.items()
    with pytest.raises(OptionError) as error:
        getattr(nn, name)(**given)
    assert str(error.value).splitlines() == [
        f"OptionError in {name}",
        f"  got:    {old}={value}",
        "  needs:  reduction=, which took the place of size_average and reduce",
        f"  try:    reduction='{advice}'",
    ]


def test_a_reduction_in_the_place_of_an_older_argument_is_noticed() -> None:
    for make in (nn.MSELoss, lambda r: F.mse_loss(Z, Z, r)):
        with pytest.raises(OptionError, match="try:    reduction='sum'"):
            make("sum")


REFUSED: list[tuple[str, type, Call, list[str]]] = [
    (
        "a label of several axes",
        DataError,
        lambda: F.cross_entropy(np.zeros((1, 3, 2, 2)), np.array([[[0, 1], [3, 7]]])),
        ["  got:    label 3 at place (0, 1, 0) and 1 more"],
    ),
    (
        "a label that is not the one left out",
        DataError,
        lambda: nn.CrossEntropyLoss(ignore_index=-1)(Z4, [0, -1, -100, 2]),
        ["  got:    label -100 at place 2"],
    ),
    (
        "a label of the likelihood",
        DataError,
        lambda: nn.NLLLoss()(Z4, [0, 1, 2, 3]),
        [
            "DataError in nll_loss",
            "  got:    label 3 at place 3",
            "  needs:  labels from 0 to 2: the network has 3 outputs",
        ],
    ),
    (
        "nothing that counts",
        DataError,
        lambda: nn.CrossEntropyLoss()(Z, [-100, -100]),
        [
            "DataError in cross_entropy",
            "  got:    labels that are all -100, the ignore_index",
            "  needs:  a label that counts: the mean of no losses is no number",
            "  try:    reduction='sum'",
        ],
    ),
    (
        "a class left out of probabilities",
        OptionError,
        lambda: nn.CrossEntropyLoss(ignore_index=1)(Z, np.full((2, 3), 1 / 3)),
        ["  got:    ignore_index=1, and targets that are probabilities"],
    ),
    (
        "an index that is no number",
        OptionError,
        lambda: nn.NLLLoss(ignore_index=None)(Z, [0, 1]),
        ["  got:    ignore_index=None", "  needs:  a whole number"],
    ),
    (
        "a smoothing below 0",
        OptionError,
        lambda: nn.CrossEntropyLoss(label_smoothing=-0.1),
        ["OptionError in CrossEntropyLoss", "  got:    label_smoothing = -0.1"],
    ),
    (
        "class weights of another length",
        ShapeError,
        lambda: nn.NLLLoss(weight=[1.0, 2.0])(Z, [0, 1]),
        [
            "ShapeError in nll_loss",
            "  got:    weights of shape (2,)",
            "  needs:  one weight a class: shape (3,)",
        ],
    ),
    (
        "weights that would make more losses",
        ShapeError,
        lambda: nn.BCEWithLogitsLoss(weight=np.ones((4, 2, 3)))(Z, Z),
        ["  got:    weights of shape (4, 2, 3)", "  needs:  what is broadcast to (2, 3)"],
    ),
    (
        "weights of squares of another shape",
        ShapeError,
        lambda: F.mse_loss(Z, Z, weight=np.ones(3)),
        ["  got:    weights of shape (3,) for predictions of shape (2, 3)"],
    ),
    (
        "probabilities for the likelihood",
        DtypeError,
        lambda: nn.NLLLoss()(Z, Z),
        [
            "DtypeError in nll_loss",
            "  got:    targets of shape (2, 3) and dtype float64",
            "  needs:  class numbers (whole numbers)",
            "  try:    targets.astype(np.int64)",
        ],
    ),
    (
        "a number as a score",
        ShapeError,
        lambda: F.nll_loss(np.array(1.0), np.array(0)),
        ["  got:    a single number", "  needs:  scores (B, C, ...) or (C,)"],
    ),
    (
        "a width below 0",
        OptionError,
        lambda: nn.SmoothL1Loss(beta=-1),
        ["OptionError in SmoothL1Loss", "  got:    beta = -1"],
    ),
    (
        "counts below 0",
        DataError,
        lambda: nn.PoissonNLLLoss()(Z, Z - 1),
        [
            "DataError in poisson_nll_loss",
            "  got:    target values from -1 to -1",
            "  needs:  numbers from 0",
        ],
    ),
    (
        "logarithms as probabilities",
        DataError,
        lambda: nn.KLDivLoss()(Z, Z - 1),
        [
            "DataError in kl_div",
            "  got:    target values from -1 to -1",
            "  needs:  numbers from 0",
            "  try:    log_target=True for targets that are logarithms",
        ],
    ),
    (
        "a variance below 0",
        DataError,
        lambda: nn.GaussianNLLLoss()(Z, Z, -0.5),
        ["DataError in gaussian_nll_loss", "  got:    the variance -0.5"],
    ),
    (
        "variances of another shape",
        ShapeError,
        lambda: nn.GaussianNLLLoss()(Z, Z, np.ones(3)),
        ["  got:    predictions of shape (2, 3) and variances of shape (3,)"],
    ),
    (
        "variances spread along two axes",
        ShapeError,
        lambda: F.gaussian_nll_loss(Z, Z, np.ones((1, 1))),
        ["  got:    predictions of shape (2, 3) and variances of shape (1, 1)"],
    ),
    (
        "0 and 1 as signs",
        DataError,
        lambda: nn.SoftMarginLoss()(np.zeros(3), [0, 1, 0]),
        [
            "DataError in soft_margin_loss",
            "  got:    the target 0 and 1 more",
            "  needs:  targets that are 1 or -1",
            "  try:    2 * targets - 1",
        ],
    ),
    (
        "2 as a sign",
        DataError,
        lambda: nn.HingeEmbeddingLoss()(np.zeros(3), [1, 2, -1]),
        ["  got:    the target 2", "  needs:  targets that are 1 or -1"],
    ),
    (
        "a column of signs",
        ShapeError,
        lambda: nn.CosineEmbeddingLoss()(Z, Z, np.ones((2, 1))),
        ["  needs:  one 1 or -1 a loss: shape (2,)", "  try:    targets.reshape(2,)"],
    ),
    (
        "vectors of two lengths",
        ShapeError,
        lambda: nn.MarginRankingLoss()(Z, Z4, np.ones((2, 3))),
        [
            "ShapeError in margin_ranking_loss",
            "  got:    input1 of shape (2, 3) and input2 of shape (4, 3)",
            "  needs:  inputs of one shape",
        ],
    ),
    (
        "vectors of vectors",
        ShapeError,
        lambda: nn.CosineEmbeddingLoss()(LOG, LOG, 1),
        ["  got:    inputs of shape (4, 2, 3)", "  needs:  (B, D) or (D,)"],
    ),
    (
        "no margin",
        OptionError,
        lambda: nn.TripletMarginLoss(margin=0),
        ["OptionError in TripletMarginLoss", "  got:    margin = 0"],
    ),
    (
        "no norm",
        OptionError,
        lambda: nn.TripletMarginLoss(p=0)(Z, Z, Z),
        ["  got:    p = 0", "  needs:  a norm: a number above 0, or math.inf"],
    ),
    (
        "another power",
        OptionError,
        lambda: nn.MultiMarginLoss(p=3),
        ["OptionError in MultiMarginLoss", "  needs:  p = 1 or p = 2"],
    ),
    (
        "an image for a margin of classes",
        ShapeError,
        lambda: nn.MultiMarginLoss()(LOG, [0, 1]),
        ["  got:    an input of shape (4, 2, 3)", "  needs:  (B, C) or (C,)"],
    ),
    (
        "rows of 0 and 1 as lists of classes",
        DtypeError,
        lambda: nn.MultiLabelMarginLoss()(Z, Z),
        ["  try:    multilabel_soft_margin_loss for rows of 0 and 1"],
    ),
    (
        "a listed class that is none",
        DataError,
        lambda: nn.MultiLabelMarginLoss()(Z, [[0, -1, -1], [1, 3, -1]]),
        ["DataError in multilabel_margin_loss", "  got:    label 3 at place (1, 1)"],
    ),
    (
        "a blank that is no class",
        OptionError,
        lambda: nn.CTCLoss(blank=3)(LOG, [[1], [1]], (4, 4), (1, 1)),
        ["OptionError in ctc_loss", "  got:    blank = 3", "  needs:  a class, from 0 to 2"],
    ),
    (
        "more steps than there are",
        DataError,
        lambda: F.ctc_loss(LOG, np.ones((2, 2), int), (4, 5), (1, 1)),
        [
            "DataError in ctc_loss",
            "  got:    input_lengths of 5 at place 1",
            "  needs:  lengths from 0 to 4: there are 4 time steps",
        ],
    ),
    (
        "a longer word than its row",
        DataError,
        lambda: F.ctc_loss(LOG, np.ones((2, 2), int), (4, 4), (1, 3)),
        ["  got:    target_lengths of 3 at place 1"],
    ),
    (
        "fewer labels than the lengths say",
        ShapeError,
        lambda: F.ctc_loss(LOG, np.ones(4, int), (4, 4), (1, 2)),
        ["  got:    4 targets, and target_lengths that sum to 3"],
    ),
    (
        "one length for two words",
        ShapeError,
        lambda: F.ctc_loss(LOG, np.ones((2, 2), int), (4, 4), (1,)),
        ["  got:    target_lengths of shape (1,) for a batch of 2"],
    ),
    (
        "lengths as floats",
        DtypeError,
        lambda: F.ctc_loss(LOG, np.ones((2, 2), int), np.ones(2), (1, 1)),
        ["  got:    input_lengths of dtype float64"],
    ),
    (
        "the blank in a word",
        DataError,
        lambda: F.ctc_loss(LOG, np.array([[1, 7], [2, 0]]), (4, 4), (1, 2)),
        [
            "DataError in ctc_loss",
            "  got:    label 0, the blank, at place 1 of word 1",
            "  needs:  labels from 0 to 2, without the blank 0",
        ],
    ),
    (
        "a label that is no class in a word",
        DataError,
        lambda: F.ctc_loss(LOG, np.array([1, 7]), (4, 4), (1, 1)),
        ["  got:    label 7 at place 0 of word 1"],
    ),
    (
        "words as a cube",
        ShapeError,
        lambda: F.ctc_loss(LOG, np.ones((2, 1, 1), int), (4, 4), (1, 1)),
        ["  got:    targets of shape (2, 1, 1) for a batch of 2"],
    ),
    (
        "scores of one axis",
        ShapeError,
        lambda: F.ctc_loss(np.zeros(3), np.ones(1, int), 3, 1),
        ["  got:    log_probs of shape (3,)", "  needs:  (T, B, C) or (T, C)"],
    ),
]


@pytest.mark.parametrize("kind, call, text", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(kind: type, call: Call, text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    for line in text:
        assert line in str(error.value).splitlines()
    if len(text) > 2:
        assert str(error.value).splitlines() == text


@pytest.mark.parametrize(
    "loss",
    [
        nn.SmoothL1Loss(),
        nn.PoissonNLLLoss(),
        nn.KLDivLoss(),
        nn.NLLLoss(),
        nn.MultiMarginLoss(),
        nn.MultiLabelSoftMarginLoss(),
        nn.HingeEmbeddingLoss(),
        nn.SoftMarginLoss(),
        nn.MultiLabelMarginLoss(),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_whole_numbers_are_no_predictions(loss: Any) -> None:
    byte = np.ones((2, 3), np.uint8)
    labels = np.zeros(2, int) if isinstance(loss, nn.NLLLoss | nn.MultiMarginLoss) else byte
    with pytest.raises(DtypeError, match="got:    an input of dtype uint8"):
        loss(byte, labels)


# -- what is let in --


def test_minus_100_counts_nowhere_by_itself() -> None:
    z = tensor(np.array([[0.3, -1.0, 0.2], [1.0, 2.0, 3.0]]), requires_grad=True)
    for loss in (nn.CrossEntropyLoss(), nn.NLLLoss(), nn.CrossEntropyLoss(ignore_index=-100)):
        z.grad = None
        value = loss(z, [2, -100])
        assert np.isclose(value.item(), loss(z[:1], [2]).item(), rtol=1e-14)
        value.backward()
        assert (z.grad.numpy()[1] == 0).all() and (z.grad.numpy()[0] != 0).any()


def test_an_index_that_was_asked_for_is_remembered() -> None:
    usual, asked = nn.CrossEntropyLoss(), nn.CrossEntropyLoss(ignore_index=-100)
    assert repr(usual) == repr(asked) and json.dumps(usual.ignore_index) == "-100"
    assert nn.describe(usual) == {"type": "CrossEntropyLoss"}
    assert nn.describe(asked) == {"type": "CrossEntropyLoss", "options": {"ignore_index": -100}}
    for loss, uneven in [(usual, False), (asked, True)]:
        for other in (loss, copy.deepcopy(loss), nn.rebuild(nn.describe(loss))):
            assert other.uneven is uneven


def test_labels_of_bytes_have_no_minus_100() -> None:
    loss = nn.CrossEntropyLoss(ignore_index=-100)(Z, np.array([0, 2], np.uint8))
    assert np.isclose(loss.item(), math.log(3))


def test_a_class_that_the_network_rules_out_is_no_matter_to_the_others() -> None:
    x = tensor(np.array([[-math.inf, math.log(0.25), math.log(0.75)]]), requires_grad=True)
    loss = nn.NLLLoss()(x, [1])
    loss.backward()
    assert np.isclose(loss.item(), math.log(4))
    assert x.grad.tolist() == [[0, -1, 0]]


def test_weights_of_the_functions() -> None:
    x, y, w = np.array([1.0, 3.0, 5.0]), np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0])
    assert F.mse_loss(x, y, weight=w).item() == (1 + 18 + 16) / 4
    assert F.l1_loss(x, y, weight=w).item() == (1 + 6 + 4) / 4
    assert F.huber_loss(x, y, weight=w).item() == (0.5 + 5.0 + 3.5) / 3  # as in torch: over three
    assert F.mse_loss(x, y, reduction="none", weight=w).tolist() == [1, 18, 16]


def test_a_variance_may_be_a_number() -> None:
    x, y = np.array([1.0, 2.0]), np.array([1.5, 0.0])
    loss = nn.GaussianNLLLoss()
    for var in (0.1, np.float64(0.1), np.array(0.1), np.full(2, 0.1)):
        expected = np.mean(0.5 * (math.log(0.1) + (x - y) ** 2 / 0.1))
        assert np.isclose(loss(x, y, var).item(), expected, rtol=1e-14)
    assert loss(x.astype(np.float32), y, 2).dtype == np.float32


def test_a_distance_of_ones_own() -> None:
    a, p, n = (np.array([[float(v), 0.0]]) for v in (0, 1, 3))

    def squared(x: Any, y: Any) -> Any:
        return ((x - y) ** 2).sum(axis=1)

    for swap, expected in [(False, 9.5 + 1 - 9), (True, 9.5 + 1 - 4)]:
        loss = nn.TripletMarginWithDistanceLoss(distance_function=squared, margin=9.5, swap=swap)
        assert loss(a, p, n).item() == expected


def test_ctc_takes_lengths_in_every_form_and_words_in_one_axis() -> None:
    targets = np.array([[1, 2], [1, 0]])
    expected = F.ctc_loss(LOG, targets, np.array([4, 3]), np.array([2, 1])).item()
    for steps, lengths in [((4, 3), (2, 1)), ([4, 3], [2, 1]), (tensor([4, 3]), tensor([2, 1]))]:
        assert nn.CTCLoss()(LOG, targets, steps, lengths).item() == expected
        assert nn.CTCLoss()(LOG, [1, 2, 1], steps, lengths).item() == expected


def test_ctc_without_a_batch() -> None:
    expected = F.ctc_loss(LOG[:, :1], np.array([[1, 2]]), (4,), (2,), reduction="none")
    alone = nn.CTCLoss(reduction="none")(LOG[:, 0], [1, 2], 4, 2)
    assert alone.shape == () and alone.item() == expected.item()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_word_too_long_for_its_steps(dtype: Any) -> None:
    targets, steps, lengths = np.array([[1, 1], [1, 2]]), (2, 2), (2, 2)  # 1 1 takes three steps
    for zero in (False, True):
        x = tensor(LOG, dtype=dtype, requires_grad=True)
        losses = nn.CTCLoss(reduction="none", zero_infinity=zero)(x, targets, steps, lengths)
        losses.backward(np.ones(2))
        assert losses.numpy()[0] == (0 if zero else math.inf)
        assert np.isclose(losses.numpy()[1], 2 * math.log(3))
        slopes = x.grad.numpy()
        assert (slopes[:2, 0] == 0).all() if zero else np.isnan(slopes[:2, 0]).all()
        assert (slopes[2:] == 0).all() and np.isfinite(slopes[:, 1]).all()


def test_the_gradient_of_ctc_passes_a_log_softmax_as_it_is() -> None:
    z = np.random.default_rng(3).normal(size=(5, 2, 4))
    results = []
    for times in (1, 2):
        x = tensor(z, requires_grad=True)
        log_p = x
        for _ in range(times):
            log_p = F.log_softmax(log_p, dim=-1)
        nn.CTCLoss()(log_p, [[1, 2], [3, 3]], (5, 4), (2, 2)).backward()
        results.append(x.grad.numpy())
    np.testing.assert_allclose(*results, rtol=1e-12, atol=1e-14)
