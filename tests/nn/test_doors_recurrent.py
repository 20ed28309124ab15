"""What layers that remember refuse at their doors, word by word."""

from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import DtypeError, OptionError, PellucidError, ShapeError

PackedSequence = namedtuple("PackedSequence", "data batch_sizes sorted_indices unsorted_indices")


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


REFUSED: list[tuple[str, type, Callable[[], Any], list[str]]] = [
    (
        "empty sequence",
        ShapeError,
        lambda: nn.LSTM(3, 4)(zeros(0, 2, 3)),
        [
            "ShapeError in LSTM 3 -> 4",
            "  got:    an input of shape (0, 2, 3): an empty sequence",
            "  needs:  at least one step of time",
        ],
    ),
    (
        "empty sequence, the batch first",
        ShapeError,
        lambda: nn.GRU(3, 4, batch_first=True)(zeros(2, 0, 3)),
        [
            "ShapeError in GRU 3 -> 4",
            "  got:    an input of shape (2, 0, 3): an empty sequence",
            "  needs:  at least one step of time",
        ],
    ),
    (
        "empty sequence without a batch",
        ShapeError,
        lambda: nn.RNN(3, 4, batch_first=True)(zeros(0, 3)),
        [
            "ShapeError in RNN 3 -> 4",
            "  got:    an input of shape (0, 3): an empty sequence",
            "  needs:  at least one step of time",
        ],
    ),
    (
        "features",
        ShapeError,
        lambda: nn.GRU(3, 4)(zeros(5, 2, 7)),
        [
            "ShapeError in GRU 3 -> 4",
            "  got:    an input of shape (5, 2, 7)",
            "  needs:  a last axis of length 3; here it is 7",
        ],
    ),
    (
        "rank",
        ShapeError,
        lambda: nn.LSTM(3, 4)(zeros(5, 2, 2, 3)),
        [
            "ShapeError in LSTM 3 -> 4",
            "  got:    an input of shape (5, 2, 2, 3)",
            "  needs:  (time, batch, features) or (time, features): 3 or 2 axes",
        ],
    ),
    (
        "rank, the batch first",
        ShapeError,
        lambda: nn.LSTM(3, 4, batch_first=True)(zeros(3)),
        [
            "ShapeError in LSTM 3 -> 4",
            "  got:    an input of shape (3,)",
            "  needs:  (batch, time, features) or (time, features): 3 or 2 axes",
        ],
    ),
    (
        "rank of a cell",
        ShapeError,
        lambda: nn.LSTMCell(3, 4)(zeros(5, 2, 3)),
        [
            "ShapeError in LSTMCell 3 -> 4",
            "  got:    an input of shape (5, 2, 3)",
            "  needs:  (batch, features) or (features,): 2 or 1 axes",
        ],
    ),
    (
        "tokens",
        DtypeError,
        lambda: nn.LSTM(3, 4)(np.zeros((5, 2, 3), np.int64)),
        [
            "DtypeError in LSTM 3 -> 4",
            "  got:    an input of dtype int64",
            "  needs:  floating-point numbers",
            "  try:    nn.Embedding before this layer, or x.astype(np.float32)",
        ],
    ),
    (
        "packed sequence",
        DtypeError,
        lambda: nn.LSTM(3, 4)(PackedSequence(zeros(7, 3), [2, 2, 2, 1], None, None)),
        [
            "DtypeError in LSTM 3 -> 4",
            "  got:    a PackedSequence",
            "  needs:  an array (time, batch, features) or (time, features)",
            "  try:    sequences of one length, padded",
        ],
    ),
    (
        "no array",
        DtypeError,
        lambda: nn.RNNCell(3, 4)("abc"),
        [
            "DtypeError in RNNCell 3 -> 4",
            "  got:    a str",
            "  needs:  an array (batch, features) or (features,)",
        ],
    ),
    (
        "shape of h0",
        ShapeError,
        lambda: nn.GRU(3, 4, num_layers=2)(zeros(5, 2, 3), zeros(1, 2, 4)),
        [
            "ShapeError in GRU 3 -> 4",
            "  got:    an initial state h0 of shape (1, 2, 4)",
            "  needs:  (2, 2, 4)",
        ],
    ),
    (
        "shape of c0",
        ShapeError,
        lambda: nn.LSTM(3, 4, proj_size=2)(zeros(5, 2, 3), (zeros(1, 2, 2), zeros(1, 2, 2))),
        [
            "ShapeError in LSTM 3 -> 4",
            "  got:    an initial state c0 of shape (1, 2, 2)",
            "  needs:  (1, 2, 4)",
        ],
    ),
    (
        "states with the batch first",
        ShapeError,
        lambda: nn.RNN(3, 4, 1, batch_first=True)(zeros(2, 5, 3), zeros(2, 1, 4)),
        [
            "ShapeError in RNN 3 -> 4",
            "  got:    an initial state h0 of shape (2, 1, 4)",
            "  needs:  (1, 2, 4)",
            "  try:    h0.transpose(1, 0, 2): layers come first, whatever batch_first says",
        ],
    ),
    (
        "a batch of states for one sequence",
        ShapeError,
        lambda: nn.GRU(3, 4)(zeros(5, 3), zeros(1, 1, 4)),
        [
            "ShapeError in GRU 3 -> 4",
            "  got:    an initial state h0 of shape (1, 1, 4)",
            "  needs:  (1, 4)",
        ],
    ),
    (
        "state of a cell",
        ShapeError,
        lambda: nn.LSTMCell(3, 4)(zeros(2, 3), (zeros(2, 4), zeros(1, 4))),
        [
            "ShapeError in LSTMCell 3 -> 4",
            "  got:    an initial state c0 of shape (1, 4)",
            "  needs:  (2, 4)",
        ],
    ),
    (
        "no c0",
        OptionError,
        lambda: nn.LSTM(3, 4)(zeros(5, 2, 3), zeros(1, 2, 4)),
        [
            "OptionError in LSTM 3 -> 4",
            "  got:    1 initial state",
            "  needs:  2: (h0, c0)",
        ],
    ),
    (
        "None for c0",
        OptionError,
        lambda: nn.LSTM(3, 4)(zeros(5, 2, 3), (zeros(1, 2, 4), None)),
        [
            "OptionError in LSTM 3 -> 4",
            "  got:    None in place of an initial state",
            "  needs:  2: (h0, c0)",
        ],
    ),
    (
        "c0 for a GRU",
        OptionError,
        lambda: nn.GRU(3, 4)(zeros(5, 2, 3), (zeros(1, 2, 4), zeros(1, 2, 4))),
        [
            "OptionError in GRU 3 -> 4",
            "  got:    2 initial states",
            "  needs:  one, h0, not a tuple",
        ],
    ),
    (
        "a state that is no array",
        DtypeError,
        lambda: nn.GRU(3, 4)(zeros(5, 2, 3), "h"),
        [
            "DtypeError in GRU 3 -> 4",
            "  got:    a str as the initial state h0",
            "  needs:  an array of floating-point numbers",
        ],
    ),
    (
        "proj_size",
        OptionError,
        lambda: nn.LSTM(3, 4, proj_size=4),
        [
            "OptionError in LSTM",
            "  got:    proj_size = 4 and hidden_size = 4",
            "  needs:  a projection smaller than the hidden state, or 0 for none",
        ],
    ),
    (
        "negative proj_size",
        OptionError,
        lambda: nn.LSTM(3, 4, proj_size=-1),
        [
            "OptionError in LSTM",
            "  got:    proj_size = -1 and hidden_size = 4",
            "  needs:  a projection smaller than the hidden state, or 0 for none",
        ],
    ),
    *[
        (
            f"proj_size of {kind.__name__}",
            OptionError,
            lambda kind=kind: kind(3, 4, proj_size=2),
            [
                f"OptionError in {kind.__name__}",
                "  got:    proj_size = 2",
                "  needs:  0: only an LSTM projects its states",
                "  try:    nn.LSTM, or nn.Linear behind this layer",
            ],
        )
        for kind in (nn.RNN, nn.GRU)
    ],
    *[
        (
            f"dropout {p}",
            OptionError,
            lambda p=p: nn.LSTM(3, 4, 2, dropout=p),
            [
                "OptionError in LSTM",
                f"  got:    dropout = {p}",
                "  needs:  a probability from 0 to 1",
            ],
        )
        for p in (-0.1, 1.5, True)
    ],
    (
        "nonlinearity",
        OptionError,
        lambda: nn.RNN(3, 4, nonlinearity="tan"),
        [
            "OptionError in RNN",
            "  got:    'tan'",
            "  needs:  one of tanh, relu",
            "  try:    did you mean 'tanh'?",
        ],
    ),
    *[
        (
            name,
            OptionError,
            call,
            [f"OptionError in {kind}", f"  got:    {name} = 0", "  needs:  at least 1"],
        )
        for kind, name, call in (
            ("LSTM", "hidden_size", lambda: nn.LSTM(3, 0)),
            ("GRU", "num_layers", lambda: nn.GRU(3, 4, 0)),
            ("RNNCell", "input_size", lambda: nn.RNNCell(0, 4)),
        )
    ],
]


@pytest.mark.parametrize(
    ("kind", "call", "text"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(kind: type, call: Callable[[], Any], text: list[str]) -> None:
    with pytest.raises(kind) as error:
        call()
    assert isinstance(error.value, PellucidError)
    assert str(error.value).splitlines() == text


def test_the_path_of_a_recurrent_layer() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reader = nn.LSTM(3, 4)

        def forward(self, x: Any) -> Any:
            return self.reader(x)[0]

    with pytest.raises(ShapeError, match=r"^ShapeError in net\.reader \(LSTM 3 -> 4\)"):
        Net()(zeros(5, 2, 8))


def test_dropout_with_one_layer_warns_as_in_torch() -> None:
    with pytest.warns(UserWarning) as caught:
        nn.LSTM(3, 4, dropout=0.5)
    assert str(caught[0].message) == (
        "LSTM: dropout = 0.5 does nothing with one layer; "
        "it stands between the layers, not behind the last"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.LSTM(3, 4, 2, dropout=0.5)


def test_states_may_be_arrays_by_name_and_lists_of_tensors() -> None:
    lstm = nn.LSTM(3, 4)
    x, h, c = zeros(5, 2, 3), zeros(1, 2, 4) + 0.5, zeros(1, 2, 4) - 0.5
    expected = lstm(x, (h, c))[0].numpy()
    for hx in ((tensor(h), tensor(c)), [tensor(h), tensor(c)], (h, tensor(c))):
        np.testing.assert_array_equal(lstm(x, hx)[0].numpy(), expected)
        np.testing.assert_array_equal(lstm(x, hx=hx)[0].numpy(), expected)


def test_other_floating_dtypes_become_that_of_the_weights() -> None:
    for layer in (nn.LSTM(3, 4), nn.GRU(3, 4).double(), nn.RNN(3, 4)):
        dtype = next(layer.parameters()).dtype
        for given in (np.float32, np.float64):
            x = tensor(np.ones((5, 2, 3), given), requires_grad=True)
            y, _ = layer(x)
            y.sum().backward()
            assert y.dtype == dtype
            assert x.grad is not None
            assert x.grad.dtype == given
