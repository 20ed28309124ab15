"""What layers and losses refuse at their doors, word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import DataError, DtypeError, OptionError, PellucidError, ShapeError


class Net(nn.Module):
    """The network of the design's example."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.tail = nn.Sequential(nn.ReLU(), nn.Linear(128, 10), nn.BatchNorm1d(5))

    def forward(self, x: Any) -> Any:
        return self.tail(self.hidden(x))


def lines(error: pytest.ExceptionInfo[PellucidError]) -> list[str]:
    return str(error.value).splitlines()


def test_the_path_and_the_advice() -> None:
    with pytest.raises(ShapeError) as error:
        Net()(np.zeros((64, 28, 28)))
    assert lines(error) == [
        "ShapeError in net.hidden (Linear 784 -> 128)",
        "  got:    an input of shape (64, 28, 28)",
        "  needs:  a last axis of length 784; here it is 28",
        "  try:    nn.Flatten() before this layer: (64, 28, 28) -> (64, 784)",
    ]


def test_no_advice_where_it_would_not_help() -> None:
    with pytest.raises(ShapeError) as error:
        Net()(np.zeros((64, 27, 28)))
    assert lines(error)[2:] == ["  needs:  a last axis of length 784; here it is 28"]
    with pytest.raises(ShapeError) as error:
        nn.Linear(3, 2)(1.0)
    assert lines(error) == [
        "ShapeError in Linear 3 -> 2",
        "  got:    an input of shape ()",
        "  needs:  a last axis of length 3; a single number has none",
    ]


def test_the_path_of_a_deep_layer() -> None:
    with pytest.raises(ShapeError, match=r"^ShapeError in net\.tail\.2 \(BatchNorm1d 5\)"):
        Net()(np.zeros((64, 784)))


def test_a_module_with_two_names_has_one_place() -> None:
    shared = nn.Linear(2, 3)
    with pytest.raises(ShapeError, match=r"^ShapeError in net\.0 \(Linear 2 -> 3\)"):
        nn.Sequential(shared, nn.ReLU(), shared)(np.zeros((4, 2)))


def test_an_error_of_the_networks_own_code_names_no_child() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x: Any) -> Any:
            return self.layer(x) + np.ones(7)

    with pytest.raises(ShapeError, match=r"^ShapeError in Add\n"):
        Own()(np.zeros((4, 2)))


Call = Callable[[], Any]
F32 = np.float32
BYTES = np.array([[0, 255, 3]], np.uint8)

REFUSED: list[tuple[str, type, Call, list[str]]] = [
    (
        "uint8 into Linear",
        DtypeError,
        lambda: nn.Linear(3, 2)(BYTES),
        [
            "DtypeError in Linear 3 -> 2",
            "  got:    an input of dtype uint8",
            "  needs:  floating-point numbers",
            "  try:    x.astype(np.float32) / 255 for pixels",
        ],
    ),
    *[
        (
            f"uint8 into {name}",
            DtypeError,
            lambda layer=layer: layer(BYTES),
            ["  got:    an input of dtype uint8", "  needs:  floating-point numbers"],
        )
        for name, layer in {
            "Sigmoid": nn.Sigmoid(),
            "Tanh": nn.Tanh(),
            "Softmax": nn.Softmax(1),
            "LogSoftmax": nn.LogSoftmax(1),
            "GELU": nn.GELU(),
            "SiLU": nn.SiLU(),
            "ELU": nn.ELU(),
            "LeakyReLU": nn.LeakyReLU(),
            "Softplus": nn.Softplus(),
            "Dropout": nn.Dropout(),
            "BatchNorm1d": nn.BatchNorm1d(3),
            "LayerNorm": nn.LayerNorm(3),
        }.items()
    ],
    *[
        (
            f"uint8 into {type(loss).__name__}",
            DtypeError,
            lambda loss=loss: loss(BYTES, BYTES),
            ["  got:    an input of dtype uint8"],
        )
        for loss in (nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.CrossEntropyLoss(), nn.BCELoss())
    ],
    (
        "(N, 1) against (N,)",
        ShapeError,
        lambda: nn.MSELoss()(np.zeros((5, 1)), np.zeros(5)),
        [
            "ShapeError in mse_loss",
            "  got:    predictions of shape (5, 1) and targets of shape (5,)",
            "  needs:  equal shapes: broadcasting would compare each prediction with every target",
            "  try:    targets.reshape(-1, 1), or predictions.reshape(5)",
        ],
    ),
    *[
        (
            f"(N, 1) against (N,) in {type(loss).__name__}",
            ShapeError,
            lambda loss=loss: loss(np.full((5, 1), 0.5), np.zeros(5)),
            ["  got:    predictions of shape (5, 1) and targets of shape (5,)"],
        )
        for loss in (nn.L1Loss(), nn.HuberLoss(), nn.BCELoss(), nn.BCEWithLogitsLoss())
    ],
    (
        "(N,) against (N, 1)",
        ShapeError,
        lambda: nn.MSELoss()(np.zeros(5), np.zeros((5, 1))),
        ["  got:    predictions of shape (5,) and targets of shape (5, 1)"],
    ),
    (
        "a label too large",
        DataError,
        lambda: nn.CrossEntropyLoss()(np.zeros((4, 3)), np.array([0, 3, 2, -1])),
        [
            "DataError in cross_entropy",
            "  got:    label 3 at place 1 and 1 more",
            "  needs:  labels from 0 to 2: the network has 3 outputs",
        ],
    ),
    (
        "a label below 0",
        DataError,
        lambda: nn.CrossEntropyLoss()(np.zeros((2, 3)), [0, -1]),
        ["  got:    label -1 at place 1"],
    ),
    (
        "labels as a column",
        ShapeError,
        lambda: nn.CrossEntropyLoss()(np.zeros((4, 3)), np.zeros((4, 1), int)),
        [
            "ShapeError in cross_entropy",
            "  got:    logits of shape (4, 3) and targets of shape (4, 1)",
            "  needs:  one class number an example: targets of shape (4,)",
            "  try:    targets.reshape(-1)",
        ],
    ),
    (
        "labels as floats",
        DtypeError,
        lambda: nn.CrossEntropyLoss()(np.zeros((4, 3)), np.zeros(4)),
        [
            "DtypeError in cross_entropy",
            "  got:    targets of shape (4,) and dtype float64",
            "  needs:  class numbers (whole numbers), or probabilities in the shape of the logits",
            "  try:    targets.astype(np.int64)",
        ],
    ),
    (
        "labels as truth values",
        DtypeError,
        lambda: nn.CrossEntropyLoss()(np.zeros((4, 2)), np.zeros(4, bool)),
        ["  got:    targets of shape (4,) and dtype bool"],
    ),
    (
        "distributions of another shape",
        ShapeError,
        lambda: nn.CrossEntropyLoss()(np.zeros((4, 3)), np.zeros((4, 2))),
        ["  got:    predictions of shape (4, 3) and targets of shape (4, 2)"],
    ),
    (
        "probabilities that are none",
        DataError,
        lambda: nn.BCELoss()(np.array([0.5, 1.5]), np.array([1.0, 0.0])),
        [
            "DataError in binary_cross_entropy",
            "  got:    input values from 0.5 to 1.5",
            "  needs:  probabilities, from 0 to 1",
            "  try:    BCEWithLogitsLoss takes any numbers",
        ],
    ),
    (
        "targets that are no probabilities",
        DataError,
        lambda: nn.BCEWithLogitsLoss()(np.zeros(2), np.array([-1.0, 1.0])),
        ["  got:    target values from -1 to 1"],
    ),
    (
        "NaN as a probability",
        DataError,
        lambda: nn.BCELoss()(np.array([0.5, np.nan]), np.array([1.0, 0.0])),
        ["  needs:  probabilities, from 0 to 1"],
    ),
    (
        "an unknown reduction",
        OptionError,
        lambda: nn.MSELoss(reduction="maen"),
        ["OptionError in MSELoss", "  try:    did you mean 'mean'?"],
    ),
    (
        "a smoothing above 1",
        OptionError,
        lambda: nn.CrossEntropyLoss(label_smoothing=1.5)(np.zeros((1, 2)), [0]),
        ["  got:    label_smoothing = 1.5"],
    ),
    (
        "a Huber loss without a width",
        OptionError,
        lambda: nn.HuberLoss(delta=0)(np.zeros(2), np.zeros(2)),
        ["  got:    delta = 0"],
    ),
    ("an unknown GELU", OptionError, lambda: nn.GELU("tan")(np.zeros(2)), ["did you mean 'tanh'?"]),
    ("softmax without an axis", OptionError, lambda: nn.Softmax(), ["  try:    Softmax(dim=1)"]),
    (
        "softmax over no axis",
        ShapeError,
        lambda: nn.Softmax(2)(np.zeros((2, 3))),
        ["ShapeError in Softmax", "axis 2 is out of bounds"],
    ),
    ("a probability above 1", OptionError, lambda: nn.Dropout(1.5), ["  got:    p = 1.5"]),
    ("a layer without inputs", OptionError, lambda: nn.Linear(0, 3), ["  got:    0 -> 3"]),
    (
        "one example for batch norm",
        DataError,
        lambda: nn.BatchNorm1d(3)(np.zeros((1, 3))),
        [
            "DataError in BatchNorm1d 3",
            "  got:    a batch of one value a feature while training",
            "  needs:  at least two: one value has no variance",
            "  try:    a larger batch, or model.eval() to predict",
        ],
    ),
    (
        "other features for batch norm",
        ShapeError,
        lambda: nn.BatchNorm1d(3)(np.zeros((2, 4))),
        ["  got:    an input of shape (2, 4)", "  needs:  (batch, 3) or (batch, 3, length)"],
    ),
    (
        "other features for layer norm",
        ShapeError,
        lambda: nn.LayerNorm((3, 4))(np.zeros((2, 4))),
        ["  got:    an input of shape (2, 4)", "  needs:  last axes of lengths (3, 4)"],
    ),
    (
        "one axis to flatten",
        ShapeError,
        lambda: nn.Flatten()(np.zeros(784)),
        ["  got:    an input of shape (784,)", "  needs:  axes 1 to -1, in this order"],
    ),
    (
        "flattening backwards",
        ShapeError,
        lambda: nn.Flatten(2, 1)(np.zeros((2, 3, 4))),
        ["  needs:  axes 2 to 1, in this order"],
    ),
    (
        "flattening a number",
        ShapeError,
        lambda: nn.Flatten(0)(1.0),
        ["  got:    an input of shape ()"],
    ),
]


@pytest.mark.parametrize("kind, call, text", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(kind: type, call: Call, text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    assert isinstance(error.value, ValueError | TypeError)
    for line in text:
        assert line in str(error.value)
    if len(text) > 2:
        assert lines(error) == text


def test_labels_of_any_whole_dtype_are_taken() -> None:
    z = tensor(np.zeros((2, 3), F32), requires_grad=True)
    for dtype in (np.uint8, np.int32, np.int64):
        assert nn.CrossEntropyLoss()(z, np.array([0, 2], dtype)).dtype == F32
    assert nn.CrossEntropyLoss()(z, [0, 2]).dtype == F32
    assert nn.CrossEntropyLoss()(z, tensor([0, 2])).dtype == F32


def test_labels_are_not_cast_by_the_door_of_a_module() -> None:
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0])
    assert loss(np.zeros((2, 3), F32), [0, 2]).dtype == F32
    assert (
        nn.BCEWithLogitsLoss(pos_weight=np.array([2.0]))(np.zeros(3, F32), np.ones(3)).dtype == F32
    )


def test_an_empty_last_batch_in_eval() -> None:
    assert nn.Linear(3, 2)(np.zeros((0, 3))).shape == (0, 2)
    assert nn.MLP([3, 4, 2]).eval()(np.zeros((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("layer", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Dropout])
def test_torchs_inplace_is_known_and_refused(layer):
    layer(inplace=False)
    with pytest.raises(OptionError, match="got:    inplace=True"):
        layer(inplace=True)
