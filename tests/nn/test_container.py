"""Containers of modules and of parameters behave as torch's."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.errors import FormatError, OptionError


def kinds(modules: Any) -> list[str]:
    return [type(m).__name__ for m in modules]


def names(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_children()]


def a_net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


@pytest.mark.parametrize("make", [nn.Sequential, lambda *m: nn.ModuleList(m)])
def test_lists_of_modules_grow_and_shrink(make: Callable[..., Any]) -> None:
    net = make(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    first, second, third = net
    assert net.append(nn.Sigmoid()) is net and net.extend([nn.Tanh(), nn.GELU()]) is net
    assert kinds(net) == ["Linear", "ReLU", "Linear", "Sigmoid", "Tanh", "GELU"]
    assert names(net) == list("012345")
    assert net.insert(1, nn.SiLU()) is net and kinds(net)[:3] == ["Linear", "SiLU", "ReLU"]
    net.insert(-1, nn.Mish()).insert(len(net), nn.ELU())
    assert kinds(net)[-3:] == ["Mish", "GELU", "ELU"] and names(net) == list("012345678")
    assert type(net.pop(1)).__name__ == "SiLU" and net[0] is first and net[1] is second
    assert type(net.pop()).__name__ == "ELU" and len(net) == 7
    del net[-1], net[3:]
    assert list(net) == [first, second, third] and names(net) == ["0", "1", "2"]
    assert list(net.pop(slice(0, 2))) == [first, second] and names(net) == ["0"]
    assert list(net.state_dict()) == ["0.weight", "0.bias"]
    net[0] = nn.Tanh()
    assert kinds(net) == ["Tanh"]
    for index in (2, -3):
        with pytest.raises(IndexError):
            net.insert(index, nn.Tanh())
    with pytest.raises(IndexError):
        net[1]


def test_a_slice_of_a_sequential_keeps_names() -> None:
    net = a_net()
    assert isinstance(net[1:], nn.Sequential) and names(net[1:]) == ["1", "2"]
    assert list(net[::2].state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert names(nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))[1:]) == ["b"]
    assert len(net[3:]) == 0
    assert type(nn.MLP([2, 3, 1])[:2]) is nn.Sequential


def test_a_slice_of_a_list_is_numbered_anew() -> None:
    part = nn.ModuleList(a_net())[1:]
    assert isinstance(part, nn.ModuleList) and names(part) == ["0", "1"]


def test_sequentials_are_added_and_repeated() -> None:
    net, tail = a_net(), nn.Sequential(nn.Tanh())
    both = net + tail
    assert list(both) == [*net, *tail] and len(net) == 3 and names(both) == list("0123")
    net += tail
    assert list(net) == list(both) and isinstance(net, nn.Sequential)
    twice = tail * 2
    assert list(twice) == [tail[0], tail[0]] and len(2 * tail) == 2 and len(tail) == 1
    tail *= 3
    assert len(tail) == 3
    x = np.ones((4, 2))
    np.testing.assert_array_equal(both(x).numpy(), net(x).numpy())


def test_lists_of_modules_are_added() -> None:
    layers = nn.ModuleList([nn.ReLU()])
    both = layers + nn.ModuleList([nn.Tanh()])
    assert isinstance(both, nn.ModuleList) and kinds(both) == ["ReLU", "Tanh"] and len(layers) == 1
    layers += [nn.GELU()]
    assert kinds(layers) == ["ReLU", "GELU"] and len(nn.ModuleList()) == 0


def test_a_sequential_may_be_extended_by_itself() -> None:
    net = nn.Sequential(nn.ReLU(), nn.Tanh())
    assert kinds(net.extend(net)) == ["ReLU", "Tanh", "ReLU", "Tanh"]


def test_dictionaries_of_modules() -> None:
    heads = nn.ModuleDict({"b": nn.Linear(2, 3), "a": nn.ReLU()})
    assert list(heads) == ["b", "a"] == list(heads.keys()) and "a" in heads and "c" not in heads
    assert len(heads) == 2 and list(heads.values()) == [heads["b"], heads["a"]]
    assert dict(heads.items()) == {"b": heads["b"], "a": heads["a"]}
    assert list(heads.state_dict()) == ["b.weight", "b.bias"]
    heads.update([("c", nn.Tanh()), ("a", nn.GELU())])
    assert kinds(heads.values()) == ["Linear", "GELU", "Tanh"] and list(heads) == ["b", "a", "c"]
    heads.update(nn.ModuleDict({"d": nn.ReLU()}))
    assert type(heads.pop("c")).__name__ == "Tanh" and list(heads) == ["b", "a", "d"]
    del heads["a"]
    heads["d"] = nn.Tanh()
    assert kinds(heads.values()) == ["Linear", "Tanh"]
    with pytest.raises(KeyError):
        heads["a"]
    with pytest.raises(KeyError):
        del heads["a"]
    heads.clear()
    assert len(heads) == 0 and list(heads.parameters()) == []


def test_lists_of_parameters() -> None:
    first = nn.Parameter(np.ones(2, np.float32))
    weights = nn.ParameterList([first, np.zeros((2, 3)), pellucid.tensor([1.0])])
    assert weights[0] is first and all(isinstance(p, nn.Parameter) for p in weights)
    assert [p.shape for p in weights] == [(2,), (2, 3), (1,)] and weights[-1].shape == (1,)
    assert [name for name, _ in weights.named_parameters()] == ["0", "1", "2"]
    assert isinstance(weights[1:], nn.ParameterList) and weights[1:][0] is weights[1]
    weights.append(np.ones(4)).extend([np.ones(5)])
    weights += [np.ones(6)]
    assert [p.size for p in weights] == [2, 6, 1, 4, 5, 6]
    weights[1] = np.full(7, 2.0)
    assert len(weights) == 6 and weights[1].tolist() == [2.0] * 7
    assert list(weights.state_dict()) == list("012345")
    assert all(p.requires_grad for p in weights)


def test_dictionaries_of_parameters() -> None:
    weights = nn.ParameterDict({"right": np.zeros(3), "left": np.zeros(2)})
    assert list(weights) == ["left", "right"]  # a plain dict is sorted, as in torch
    ordered = nn.ParameterDict(OrderedDict(right=np.zeros(3), left=np.zeros(2)))
    assert list(ordered.keys()) == ["right", "left"] == list(reversed(weights))
    assert list(nn.ParameterDict([("b", np.zeros(1)), ("a", np.zeros(2))])) == ["b", "a"]
    assert weights["left"].shape == (2,) and "left" in weights and len(weights) == 2
    assert [p.size for p in weights.values()] == [2, 3]
    assert [(k, p.size) for k, p in weights.items()] == [("left", 2), ("right", 3)]
    assert weights.get("up") is None and weights.get("up", 1) == 1
    assert weights.setdefault("left", np.zeros(9)).size == 2
    assert weights.setdefault("up", np.zeros(9)).size == 9
    twin = weights.copy()
    assert twin["left"] is weights["left"] and list(twin) == list(weights)
    assert twin.popitem()[0] == "up" and twin.pop("left").size == 2 and list(twin) == ["right"]
    both = nn.ParameterDict({"x": np.zeros(1)}) | {"y": np.zeros(2)}
    assert list(both) == ["x", "y"] and list({"a": np.zeros(1)} | both) == ["a", "x", "y"]
    both |= weights
    assert list(both) == ["x", "y", "left", "right", "up"]
    assert [p.size for p in weights.fromkeys(["p", "q"], np.zeros(2)).values()] == [2, 2]
    del both["x"]
    with pytest.raises(KeyError):
        del both["x"]
    both.clear()
    assert len(both) == 0
    with pytest.raises(KeyError):
        both.popitem()


def test_a_network_of_containers_trains_and_is_saved() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scales = nn.ParameterList([np.ones(2, np.float32)])
            self.shifts = nn.ParameterDict({"x": np.zeros(2, np.float32)})
            self.heads = nn.ModuleDict({"out": nn.Linear(2, 1)})

        def forward(self, x: Any) -> Any:
            return self.heads["out"](x * self.scales[0] + self.shifts["x"])

    net = Net()
    net(np.ones((3, 2))).sum().backward()
    state = net.state_dict()
    assert list(state) == ["scales.0", "shifts.x", "heads.out.weight", "heads.out.bias"]
    assert all(p.grad is not None for p in net.parameters())
    other = Net()
    other.load_state_dict(state)
    x = np.ones((3, 2))
    np.testing.assert_array_equal(other(x).numpy(), net(x).numpy())


HOLDING = [
    nn.ModuleDict({"b": nn.Linear(2, 3), "a": nn.ModuleList([nn.ReLU(), nn.Dropout(0.1)])}),
    nn.ModuleDict(),
    nn.ParameterList([np.zeros((2, 3), np.float32), np.zeros(4)]),
    nn.ParameterDict([("b", np.zeros(2)), ("a", np.zeros((1, 2), np.float32))]),
    nn.Sequential(OrderedDict(b=nn.ReLU(), a=nn.Tanh())),
]


@pytest.mark.parametrize("module", HOLDING, ids=lambda m: type(m).__name__)
def test_containers_are_described_by_what_they_hold(module: nn.Module) -> None:
    spec = json.loads(json.dumps(nn.describe(module)))
    again = nn.rebuild(spec)
    assert type(again) is type(module) and repr(again) == repr(module)
    assert nn.describe(again) == nn.describe(module)
    again.load_state_dict(module.state_dict())


@pytest.mark.parametrize(
    "part",
    [
        3,
        {},
        {"shape": 3, "dtype": "float32"},
        {"shape": [-1], "dtype": "float32"},
        {"shape": [2], "dtype": "x"},
    ],
)
def test_parameters_that_are_none(part: Any) -> None:
    with pytest.raises(FormatError, match="a parameter of ParameterList"):
        nn.rebuild({"type": "ParameterList", "parameters": {"0": part}})


def test_reprs_are_torchs() -> None:
    alike = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
    assert repr(alike).splitlines() == [
        "ModuleList(",
        "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)",
        "  (2): ReLU()",
        ")",
    ]
    assert repr(nn.ModuleDict({"a": nn.ReLU()})) == "ModuleDict(\n  (a): ReLU()\n)"
    assert repr(nn.ParameterList([np.zeros((2, 3))])).splitlines() == [
        "ParameterList(",
        "  (0): Parameter containing: [float64 of size 2x3]",
        ")",
    ]
    assert [repr(kind()) for kind in (nn.ModuleList, nn.ModuleDict, nn.ParameterList)] == [
        "ModuleList()",
        "ModuleDict()",
        "ParameterList()",
    ]


KEY = "a name without a dot, and none that the class has an attribute of"
REFUSED: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "a module to add": (
        lambda: nn.Sequential() + nn.ReLU(),
        [
            "OptionError in Sequential",
            "  got:    + ReLU",
            "  needs:  another Sequential",
            "  try:    append(module), or + nn.Sequential(module)",
        ],
    ),
    "no times": (
        lambda: nn.Sequential(nn.ReLU()) * 0,
        ["OptionError in Sequential", "  got:    * 0", "  needs:  a number from 1"],
    ),
    "one module to extend by": (
        lambda: nn.ModuleList().extend(nn.ReLU()),
        [
            "OptionError in ModuleList",
            "  got:    ReLU to extend by",
            "  needs:  several modules",
            "  try:    append(module) for one",
        ],
    ),
    "a class to insert": (
        lambda: nn.ModuleList().insert(0, nn.ReLU),
        [
            "OptionError in ModuleList",
            "  got:    <class 'pellucid.nn.activation.ReLU'> as '0'",
            "  needs:  a Module",
            "  try:    ReLU(...) with brackets",
        ],
    ),
    "a dot in a key": (
        lambda: nn.ModuleDict({"a.b": nn.ReLU()}),
        ["OptionError in ModuleDict", "  got:    the key 'a.b'", f"  needs:  {KEY}"],
    ),
    "a key that is an attribute": (
        lambda: nn.ModuleDict({"training": nn.ReLU()}),
        ["OptionError in ModuleDict", "  got:    the key 'training'", f"  needs:  {KEY}"],
    ),
    "a number as a key": (
        lambda: nn.ParameterDict([(3, np.zeros(2))]),
        ["OptionError in ParameterDict", "  got:    the key 3", f"  needs:  {KEY}"],
    ),
    "no module": (
        lambda: nn.ModuleDict({"a": None}),
        ["OptionError in ModuleDict", "  got:    None as 'a'", "  needs:  a Module"],
    ),
    "names alone": (
        lambda: nn.ModuleDict(["abc"]),
        [
            "OptionError in ModuleDict",
            "  got:    list to fill it with",
            "  needs:  a dictionary, or (name, value) pairs",
        ],
    ),
    "text as a parameter": (
        lambda: nn.ParameterList(["abc"]),
        [
            "OptionError in ParameterList",
            "  got:    str as '0'",
            "  needs:  an nn.Parameter, a tensor or an array",
        ],
    ),
    "one array to extend by": (
        lambda: nn.ParameterList(np.zeros((2, 3))),
        [
            "OptionError in ParameterList",
            "  got:    ndarray to extend by",
            "  needs:  several parameters",
            "  try:    append(parameter) for one",
        ],
    ),
}


@pytest.mark.parametrize("call, text", REFUSED.values(), ids=REFUSED)
def test_refused(call: Callable[[], Any], text: list[str]) -> None:
    with pytest.raises(OptionError) as error:
        call()
    assert str(error.value).splitlines() == text
