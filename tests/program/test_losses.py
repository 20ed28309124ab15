"""The programs of steps with every loss: equal to the eager step, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from networks import classes, mlp, numbers
from test_fused import LIMIT, distance

import pellucid
from pellucid import nn, optim
from pellucid.errors import DataError
from pellucid.nn import functional as F

X = numbers((9, 5))
REAL = numbers((9, 4), 2)
Y, POSITIVE, SIGNS = classes(9, 4), np.exp(REAL), np.where(REAL > 0, 1, -1).astype(np.float32)
SOFT = (POSITIVE / POSITIVE.sum(axis=1, keepdims=True)).astype(np.float32)
SOME = np.where(np.arange(9) % 4 == 1, -100, Y)
LISTS = np.array([[2, 0, -1, 3], [1, -1, -1, -1], [1, 1, 3, -1]] * 3)
WEIGHTS = np.array([1, 2, 0.5, 3], np.float32)


def sgd(params: Any) -> optim.SGD:
    return optim.SGD(params, lr=0.05)


def halves(loss: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A loss of several vectors: the outputs of the network in equal parts."""

    def of_parts(z: Any, y: Any) -> Any:
        size = z.shape[1] // count
        return loss(*[z[:, i * size : (i + 1) * size] for i in range(count)], y)

    return of_parts


def log_soft(loss: Callable[..., Any]) -> Callable[..., Any]:
    return lambda z, y: loss(F.log_softmax(z, dim=1), y)


def ctc(z: Any, y: Any, reduction: str = "mean") -> Any:
    """Two steps of two classes each from the outputs; a word of one letter, or of none."""
    x = F.log_softmax(z.reshape(z.shape[0], 2, 2), dim=-1).transpose(1, 0, 2)
    return F.ctc_loss(x, y[:, :1], y[:, 1], y[:, 2], reduction=reduction)


WORDS = np.array([[1, 2, 1], [1, 1, 1], [0, 2, 0]] * 3)

LOSSES: dict[str, tuple[Any, Any]] = {
    **{
        f"{loss!r}": (loss, y)
        for loss, y in [
            (nn.SmoothL1Loss(beta=0.5), REAL),
            (nn.SmoothL1Loss(beta=0.0), REAL),
            (nn.PoissonNLLLoss(full=True), POSITIVE),
            (nn.KLDivLoss(reduction="batchmean"), SOFT),
            (nn.KLDivLoss(reduction="mean", log_target=True), REAL),
            (nn.CrossEntropyLoss(ignore_index=-100), SOME),
            (nn.CrossEntropyLoss(ignore_index=2, label_smoothing=0.1), Y),
            (nn.MultiMarginLoss(), Y),
            (nn.MultiMarginLoss(p=2, margin=0.5, weight=WEIGHTS, reduction="sum"), Y),
            (nn.MultiLabelMarginLoss(), LISTS),
            (nn.MultiLabelSoftMarginLoss(weight=WEIGHTS), SOFT),
            (nn.HingeEmbeddingLoss(), SIGNS),
            (nn.SoftMarginLoss(), SIGNS),
        ]
    },
    "ignored and weighted": (nn.CrossEntropyLoss(weight=WEIGHTS, ignore_index=-100), SOME),
    "negative log-likelihood": (log_soft(nn.NLLLoss()), Y),
    "weighted, one class ignored": (log_soft(nn.NLLLoss(weight=WEIGHTS, ignore_index=1)), Y),
    "gaussian": (halves(lambda x, v, y: F.gaussian_nll_loss(x, y, np.exp(v)), 2), REAL[:, :2]),
    "ranking": (halves(nn.MarginRankingLoss(0.5), 2), SIGNS[:, :2]),
    "cosine": (halves(nn.CosineEmbeddingLoss(), 2), SIGNS[:, 0]),
    "triplet": (
        lambda z, y: F.triplet_margin_loss(z[:, :2], z[:, 2:], y, swap=True, reduction="sum"),
        REAL[:, :2],
    ),
    "triplet by p": (
        lambda z, y: F.triplet_margin_loss(z[:, :2], z[:, 2:], y, p=3.0),
        REAL[:, :2],
    ),
    "triplet by a function": (
        lambda z, y: F.triplet_margin_with_distance_loss(
            z[:, :2],
            z[:, 2:],
            y,
            distance_function=lambda a, b: ((a - b) ** 2).sum(axis=1),
            swap=True,
        ),
        REAL[:, :2],
    ),
    "weighted squares": (lambda z, y: F.mse_loss(z, y, weight=np.exp(y)), REAL),
    "ctc": (ctc, WORDS),
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name: str) -> None:
    loss, y = LOSSES[name]
    model = mlp(5, 6, 4)
    pellucid.write(model, loss, sgd(model.parameters()), (X, y)).verify()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_in_fused_loops(name: str, uncompiled: None) -> None:
    loss, y = LOSSES[name]
    assert distance(mlp(5, 6, 4), loss, sgd, y, X) < LIMIT


SUMMED: dict[str, tuple[Callable[[str], Any], Any]] = {
    "smooth": (lambda r: nn.SmoothL1Loss(reduction=r), REAL),
    "divergence": (lambda r: nn.KLDivLoss(reduction=r), SOFT),
    "ignored": (lambda r: nn.CrossEntropyLoss(WEIGHTS, ignore_index=-100, reduction=r), SOME),
    "likelihood": (lambda r: nn.NLLLoss(ignore_index=1, reduction=r), Y),
    "margin": (lambda r: nn.MultiMarginLoss(weight=WEIGHTS, reduction=r), Y),
    "labels": (lambda r: nn.MultiLabelMarginLoss(reduction=r), LISTS),
    "soft labels": (lambda r: nn.MultiLabelSoftMarginLoss(reduction=r), SOFT),
    "cosine": (lambda r: halves(nn.CosineEmbeddingLoss(reduction=r), 2), SIGNS[:, 0]),
    "triplet": (
        lambda r: lambda z, y: F.triplet_margin_loss(z[:, :2], z[:, 2:], y, reduction=r, swap=True),
        REAL[:, :2],
    ),
    "ctc": (lambda r: lambda z, y: ctc(z, y, r), WORDS),
}


@pytest.mark.parametrize("name", SUMMED)
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_other_reductions(name: str, reduction: str) -> None:
    make, y = SUMMED[name]
    inner = make(reduction)

    def squared(z: Any, y: Any) -> Any:
        each = inner(z, y)
        return F.mse_loss(each, each * 0)

    loss = inner if reduction == "sum" else squared
    model = mlp(5, 6, 4)
    pellucid.write(model, loss, sgd(model.parameters()), (X, y)).verify()


def test_what_does_not_count_reads_well() -> None:
    model = mlp(5, 6, 4)
    loss = nn.CrossEntropyLoss(ignore_index=-100)
    source = pellucid.write(model, loss, sgd(model.parameters()), (X, Y)).source
    for line in (
        "counts = (crossentropy_part != -100).astype(np.float32)",
        "q = (crossentropy_part == np.arange(4)).astype(np.float32) * counts",
        "loss = losses.sum() / divisor",
        "dz2 = (p - q) / divisor",
    ):
        assert line in source


def test_a_program_says_that_it_was_not_told_of_labels_that_do_not_count() -> None:
    model = mlp(5, 6, 4)
    program = pellucid.write(model, nn.CrossEntropyLoss(), sgd(model.parameters()), (X, Y))
    with pytest.raises(DataError) as error:
        program(X, SOME)
    assert str(error.value).splitlines() == [
        "DataError in cross_entropy",
        "  got:    label -100 at place 1 and 1 more",
        "  needs:  labels from 0 to 3: the network has 4 outputs",
        "  try:    ignore_index=-100 said to the loss: then the program leaves examples out",
    ]
    assert nn.CrossEntropyLoss()(model(X), SOME).item() > 0


@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        (nn.CrossEntropyLoss(ignore_index=-1), -100),
        (nn.CrossEntropyLoss(ignore_index=-1), 4),
        (nn.NLLLoss(), -100),
        (nn.MultiMarginLoss(), -1),
    ],
)
def test_labels_are_looked_at_before_they_go_in(loss: Any, wrong: int) -> None:
    model = mlp(5, 6, 4)
    program = pellucid.write(model, loss, sgd(model.parameters()), (X, Y))
    with pytest.raises(DataError, match=f"label {wrong} at place 3"):
        program(X, np.where(np.arange(9) == 3, wrong, Y))


def test_labels_that_do_not_count_go_in() -> None:
    model = mlp(5, 6, 4)
    loss = nn.CrossEntropyLoss(ignore_index=-100)
    program = pellucid.write(model, loss, sgd(model.parameters()), (X, Y))
    expected = loss(model(X), SOME).item()
    assert program(X, SOME) == expected


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("first", [1, 40])  # a row of the first batch, a row of a later one
def test_a_fit_leaves_out_what_does_not_count_by_every_engine(told: bool, first: int) -> None:
    x, y = numbers((48, 5)), classes(48, 4)
    y = np.where(np.arange(48) % 47 == first, -100, y)
    weights = []
    for engine in ("program", "eager"):
        loss = nn.CrossEntropyLoss(ignore_index=-100) if told else nn.CrossEntropyLoss()
        model = mlp(5, 6, 4)
        pellucid.fit(model, (x, y), loss=loss, epochs=2, batch_size=8, engine=engine)
        weights.append(model.state_dict())
    for name in weights[0]:
        np.testing.assert_array_equal(weights[0][name], weights[1][name])
