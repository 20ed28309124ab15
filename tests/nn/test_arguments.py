"""What layers say to an argument that they do not take."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn
from pellucid.errors import FormatError, OptionError

from .cases import LAYERS

LINEAR = "Linear(in_features, out_features, bias=True, *, dtype=float32, generator=None)"

REFUSED: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "another device": (
        lambda: nn.Linear(3, 2, device="cuda:0"),
        [
            "OptionError in Linear",
            "  got:    device='cuda:0'",
            '  needs:  device="cpu" or None: NumPy computes on the CPU',
            "  try:    Linear(...) without device",
        ],
    ),
    "a device where torch takes none": (
        lambda: nn.ReLU(device="cpu"),
        [
            "OptionError in ReLU",
            "  got:    an argument device='cpu'",
            "  needs:  ReLU(inplace=False)",
        ],
    ),
    "a dtype of whole numbers": (
        lambda: nn.BatchNorm2d(3, dtype=int),
        [
            "OptionError in BatchNorm2d",
            "  got:    dtype=int",
            "  needs:  a floating-point dtype of NumPy",
            "  try:    dtype=np.float32 or dtype=np.float64",
        ],
    ),
    "a dtype that is none": (
        lambda: nn.PReLU(dtype="torch.float32"),
        [
            "OptionError in PReLU",
            "  got:    dtype='torch.float32'",
            "  needs:  a floating-point dtype of NumPy",
            "  try:    dtype=np.float32 or dtype=np.float64",
        ],
    ),
    "inplace by name": (
        lambda: nn.Hardswish(inplace=True),
        [
            "OptionError in Hardswish",
            "  got:    inplace=True",
            "  needs:  inplace=False: layers give new values",
            "  try:    Hardswish() without inplace; the written program uses its buffers again by "
            "itself",
        ],
    ),
    "inplace by place": (
        lambda: nn.Dropout2d(0.5, True),
        [
            "OptionError in Dropout2d",
            "  got:    inplace=True",
            "  needs:  inplace=False: layers give new values",
            "  try:    Dropout2d() without inplace; the written program uses its buffers again by "
            "itself",
        ],
    ),
    "a name that is nearly right": (
        lambda: nn.Linear(3, 2, biass=False),
        [
            "OptionError in Linear",
            "  got:    an argument biass=False",
            f"  needs:  {LINEAR}",
            "  try:    did you mean 'bias'?",
        ],
    ),
    "an argument of an old torch": (
        lambda: nn.Hardtanh(min_value=0.0),
        [
            "OptionError in Hardtanh",
            "  got:    an argument min_value=0.0",
            "  needs:  Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)",
            "  try:    did you mean 'min_val'?",
        ],
    ),
    "an argument missing": (
        lambda: nn.Linear(3),
        ["OptionError in Linear", "  got:    no out_features", f"  needs:  {LINEAR}"],
    ),
    "too many by place": (
        lambda: nn.Linear(3, 2, True, "cpu"),
        [
            "OptionError in Linear",
            "  got:    'cpu' by place, after 3 arguments",
            f"  needs:  {LINEAR}",
        ],
    ),
    "by place and by name": (
        lambda: nn.Dropout(0.1, p=0.2),
        [
            "OptionError in Dropout",
            "  got:    p by place and by name",
            "  needs:  Dropout(p=0.5, inplace=False, *, generator=None)",
        ],
    ),
    "a layer without arguments": (
        lambda: nn.Tanh(3),
        ["OptionError in Tanh", "  got:    3 by place, after 0 arguments", "  needs:  Tanh()"],
    ),
    "any number by place, none by name": (
        lambda: nn.Sequential(nn.ReLU(), name="net"),
        [
            "OptionError in Sequential",
            "  got:    an argument name='net'",
            "  needs:  Sequential(*modules)",
        ],
    ),
}


@pytest.mark.parametrize("call, text", REFUSED.values(), ids=REFUSED)
def test_refused(call: Callable[[], Any], text: list[str]) -> None:
    with pytest.raises(OptionError) as error:
        call()
    assert str(error.value).splitlines() == text


WITH_NUMBERS = sorted(
    {c.kind for c in LAYERS if "dtype" in inspect.signature(getattr(nn, c.kind)).parameters}
)


@pytest.mark.parametrize("kind", WITH_NUMBERS)
def test_the_cpu_is_a_device_of_every_layer_with_numbers_of_its_own(kind: str) -> None:
    options = next(c.options for c in LAYERS if c.kind == kind)
    plain = getattr(nn, kind)(**options)
    for device in (None, "cpu", "cpu:0"):
        layer = getattr(nn, kind)(**options, device=device, dtype=None)
        assert repr(layer) == repr(plain) and nn.describe(layer) == nn.describe(plain)
        assert {p.dtype for p in layer.parameters()} <= {np.dtype(np.float32)}
    with pytest.raises(OptionError, match=f"OptionError in {kind}\n  got:    device='meta'"):
        getattr(nn, kind)(**options, device="meta")
    double = getattr(nn, kind)(**options, dtype="float64")
    assert {p.dtype for p in double.parameters()} <= {np.dtype(np.float64)}


def test_a_layer_of_ones_own_raises_what_python_raises() -> None:
    class Wide(nn.Module):
        def __init__(self, n: int) -> None:
            super().__init__()
            self.n = n

    with pytest.raises(TypeError, match="m"):
        Wide(m=3)
    with pytest.raises(TypeError, match="device"):
        Wide(3, device="cpu")


def test_a_subclass_of_a_layer_is_called_by_its_own_name() -> None:
    class Last(nn.Linear):
        pass

    class Square(nn.Linear):
        def __init__(self, n: int, **options: Any) -> None:
            super().__init__(n, n, **options)

    with pytest.raises(OptionError, match="OptionError in Last\n  got:    no out_features"):
        Last(3)
    with pytest.raises(OptionError, match="OptionError in Linear\n  got:    an argument b=1"):
        Square(3, b=1)
    layer = Square(3, device="cpu", bias=False)
    assert layer._arguments == ((3,), {"device": "cpu", "bias": False})
    assert nn.describe(Last(3, 2, device="cpu"))["options"] == {"in_features": 3, "out_features": 2}


def test_a_module_without_an_init_takes_nothing() -> None:
    class Plain(nn.Module):
        pass

    with pytest.raises(OptionError, match=r"OptionError in Plain\n.*\n  needs:  Plain\(\)"):
        Plain(3)


def test_signatures_and_copies_are_those_of_the_layer() -> None:
    assert list(inspect.signature(nn.Linear).parameters)[:2] == ["in_features", "out_features"]
    assert copy.deepcopy(nn.Linear(2, 3)).weight.shape == (3, 2)
    assert nn.Linear.__init__.__doc__ == nn.Linear.__init__.__wrapped__.__doc__  # type: ignore[attr-defined]


def test_an_architecture_with_another_argument_is_no_architecture() -> None:
    spec = {"type": "Linear", "options": {"in_features": 2, "out_features": 3, "device": "cuda"}}
    with pytest.raises(FormatError, match="device='cuda'"):
        nn.rebuild(spec)
