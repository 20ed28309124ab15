"""The module tree: what is registered, found, saved, loaded, switched and hooked."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn, no_grad, tensor
from pellucid.errors import DtypeError, FormatError, OptionError, ShapeError
from pellucid.random import generator


class Net(nn.Module):
    """A network with attributes of every kind."""

    def __init__(self) -> None:
        self.note = "set before super().__init__()"
        self.early = nn.Linear(2, 3)
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.scale = nn.Parameter([2.0])
        self.out = nn.Linear(3, 1, bias=False)
        self.spare: nn.Module | None = None

    def forward(self, x: Any) -> Any:
        return self.out(self.norm(self.early(x)).tanh()) * self.scale


X = np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])


def test_attributes_before_super_are_found() -> None:
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "scale",
        "early.weight",
        "early.bias",
        "norm.weight",
        "norm.bias",
        "out.weight",
    ]
    assert [n for n, _ in net.named_children()] == ["early", "norm", "out"]
    assert net.note.startswith("set before") and net(X).shape == (3, 1)


def test_state_dict_holds_copies() -> None:
    net = Net()
    state = net.state_dict()
    assert list(state) == [
        "scale",
        "early.weight",
        "early.bias",
        "norm.weight",
        "norm.bias",
        "norm.running_mean",
        "norm.running_var",
        "norm.num_batches_tracked",
        "out.weight",
    ]
    assert all(type(a) is np.ndarray for a in state.values())
    state["scale"][...] = 100
    assert net.scale.tolist() == [2.0]
    with no_grad():
        net.scale += 1
    assert state["scale"].tolist() == [100.0]


def test_a_parameter_replaced_keeps_its_place() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    names = list(net.state_dict())
    setattr(net, "0", nn.Linear(2, 2))
    net[2].weight = nn.Parameter(np.ones((1, 2)))
    net[1] = nn.ReLU()
    assert list(net.state_dict()) == names
    assert [type(m).__name__ for m in net] == ["Linear", "ReLU", "Linear"]


def test_a_name_moves_between_the_tables() -> None:
    net = Net()
    net.early = None
    assert net.early is None and "early.weight" not in net.state_dict()
    net.note = nn.Linear(1, 1)
    assert "note.weight" in net.state_dict() and "note" not in net.__dict__
    del net.note
    with pytest.raises(AttributeError, match="'Net' has no attribute 'note'"):
        net.note  # noqa: B018
    with pytest.raises(AttributeError, match="nothing"):
        del net.nothing
    net.scale = None
    assert net.scale is None and "scale" not in net.state_dict()


def test_an_array_is_not_a_parameter() -> None:
    layer = nn.Linear(2, 1)
    with pytest.raises(OptionError) as error:
        layer.weight = np.ones((1, 2))
    assert str(error.value).splitlines() == [
        "OptionError in Linear",
        "  got:    ndarray assigned to the parameter 'weight'",
        "  needs:  an nn.Parameter or None",
        "  try:    nn.Parameter(...), or module.weight.copy_(...) under no_grad()",
    ]


def test_buffers_change_by_update_buffer_alone() -> None:
    norm = nn.BatchNorm1d(3)
    with pytest.raises(OptionError, match=r"try:    module.update_buffer\('running_mean', value\)"):
        norm.running_mean = tensor([1.0, 2.0, 3.0])
    norm.update_buffer("running_mean", [1.0, 2.0, 3.0])
    assert norm.running_mean.tolist() == [1.0, 2.0, 3.0]
    assert norm.running_mean.dtype == np.float32
    with pytest.raises(ShapeError, match=r"values of shape \(2,\) for 'running_mean'"):
        norm.update_buffer("running_mean", [1.0, 2.0])


def test_a_buffer_updated_after_use_leaves_gradients_right() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter([3.0])
            self.register_buffer("factor", [2.0])

        def forward(self) -> Any:
            y = self.w * self.factor
            self.update_buffer("factor", self.factor.data * 10)
            return y

    module = Scaled()
    module().backward()
    assert module.w.grad.tolist() == [2.0] and module.factor.tolist() == [20.0]


def test_buffers_are_copies_and_may_stay_unsaved() -> None:
    module, array = nn.Module(), np.array([1.0, 2.0])
    module.register_buffer("kept", array)
    module.register_buffer("unsaved", array, persistent=False)
    module.register_buffer("free", None)
    array[...] = 9
    assert module.kept.tolist() == [1.0, 2.0] and list(module.state_dict()) == ["kept"]
    assert [n for n, _ in module.named_buffers()] == ["kept", "unsaved"] and module.free is None
    module.register_buffer("numbers", [1.5])
    assert module.numbers.dtype == np.float32


def test_only_modules_and_parameters_are_registered() -> None:
    with pytest.raises(OptionError) as error:
        nn.Sequential(nn.Linear(2, 2), nn.ReLU)
    assert str(error.value).splitlines() == [
        "OptionError in Sequential",
        "  got:    <class 'pellucid.nn.activation.ReLU'> as '1'",
        "  needs:  a Module",
        "  try:    ReLU(...) with brackets",
    ]
    with pytest.raises(OptionError, match="got:    'relu' as '0'"):
        nn.ModuleList(["relu"])
    with pytest.raises(OptionError, match="needs:  a Module"):
        nn.Sequential(nn.ReLU())[0] = np.tanh
    with pytest.raises(OptionError, match="needs:  a Parameter"):
        nn.Module().register_parameter("w", np.ones(2))


def test_parameters_from_tensors_can_be_written() -> None:
    for given in (tensor([1.0], requires_grad=True), nn.Parameter([1.0]), np.broadcast_to(1.0, 3)):
        parameter = nn.Parameter(given)
        with no_grad():
            parameter += 1
        assert parameter.tolist()[0] == 2.0 and np.asarray(given)[0] == 1.0
    assert nn.Parameter([1.0]).dtype == np.float32
    assert nn.Parameter(np.ones(2)).dtype == np.float64


# -- sharing --


class Tied(nn.Module):
    """Two layers with one weight, and one module under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(2, 2, bias=False)
        self.b = nn.Linear(2, 2, bias=False)
        self.b.weight = self.a.weight
        self.act = self.again = nn.Tanh()

    def forward(self, x: Any) -> Any:
        return self.b(self.act(self.a(x)))


def test_shared_parameters_count_once_and_are_saved_under_both_names() -> None:
    net = Tied()
    assert [n for n, _ in net.named_parameters()] == ["a.weight"]
    assert list(net.state_dict()) == ["a.weight", "b.weight"]
    assert [n for n, _ in net.named_modules()] == ["", "a", "b", "act"]
    net(X).sum().backward()
    assert pellucid.check_gradients(net, X).error < 1e-8
    other = Tied()
    other.load_state_dict(net.state_dict())
    assert other.b.weight is other.a.weight
    np.testing.assert_array_equal(other.a.weight.numpy(), net.a.weight.numpy())


def test_deep_copies_are_independent() -> None:
    net = Tied()
    other = copy.deepcopy(net)
    assert other.b.weight is other.a.weight and other.a.weight is not net.a.weight
    with no_grad():
        other.a.weight += 1
    np.testing.assert_allclose(other.a.weight.numpy(), net.a.weight.numpy() + 1)
    assert other.again is other.act


# -- loading --


def test_loading_lists_everything_that_does_not_fit() -> None:
    net = Net()
    state = net.state_dict()
    state["norm.running_means"] = state.pop("norm.running_mean")
    state["early.weight"] = np.ones((5, 2))
    del state["out.weight"]
    before = net.state_dict()
    with pytest.raises(FormatError) as error:
        net.load_state_dict(state)
    assert str(error.value).splitlines() == [
        "FormatError in load_state_dict of Net",
        "  got:    missing: norm.running_mean, out.weight",
        "          unexpected: norm.running_means",
        "          misshapen: early.weight (5, 2), the network has (3, 2)",
        "  needs:  exactly the names and shapes of this network's state_dict()",
    ]
    with pytest.raises(FormatError, match=r"misshapen: early\.weight"):
        net.load_state_dict(state, strict=False)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_loading_what_fits() -> None:
    net, state = Net(), Net().state_dict()
    del state["scale"]
    state["more"] = np.ones(1)
    with pytest.raises(FormatError, match="try:    strict=False to load what fits"):
        net.load_state_dict(state)
    found = net.load_state_dict(state, strict=False)
    assert found.missing_keys == ["scale"] and found.unexpected_keys == ["more"]
    np.testing.assert_array_equal(net.out.weight.numpy(), state["out.weight"])


def test_loading_writes_in_place_and_keeps_the_dtype() -> None:
    net = Net()
    weight, array = net.early.weight, net.early.weight.data
    state = {n: a.astype(np.float64) for n, a in net.state_dict().items()}
    state["early.weight"] = tensor(state["early.weight"] + 1)
    net.load_state_dict(state)
    assert net.early.weight is weight and weight.data is array and weight.dtype == np.float32
    state["early.weight"].data[...] = 0
    assert (weight.data != 0).any()


def test_loading_after_forward_is_noticed() -> None:
    layer = nn.Linear(2, 1)
    loss = layer(X).sum() * layer.weight.sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(pellucid.errors.GradientError, match="changed in place"):
        loss.backward()


# -- modes, dtypes, gradients --


def test_train_and_eval_reach_every_module() -> None:
    net = nn.Sequential(Net(), nn.ModuleList([nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2))]))
    assert all(m.training for m in net.modules())
    assert net.eval() is net and not any(m.training for m in net.modules())
    net[1].train()
    assert [m.training for m in net.modules()] == [False] * 5 + [True] * 4


def test_apply_visits_children_first() -> None:
    net, seen = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU())), []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_to_casts_parameters_buffers_and_gradients() -> None:
    net = Net()
    net(X).sum().backward()
    assert net.double() is net
    kinds = {name: a.dtype.name for name, a in net.state_dict().items()}
    assert kinds.pop("norm.num_batches_tracked") == "int64" and set(kinds.values()) == {"float64"}
    assert net.scale.grad.dtype == np.float64 and net(X).dtype == np.float64
    assert net.float()(X).dtype == np.float32 and net.to(np.float64)(X).dtype == np.float64


def test_zero_grad_and_freezing() -> None:
    net = Net()
    net(X).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad.data == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.early.requires_grad_(False)
    net(X).sum().backward()
    assert net.early.weight.grad is None and net.out.weight.grad is not None


def test_plain_arrays_and_lists_are_admitted() -> None:
    layer = nn.Linear(2, 1)
    for given in (X, X.tolist(), X.astype(np.float32), [[1.0, 2.0]]):
        assert layer(given).dtype == np.float32
    assert layer.double()(X.astype(np.float32)).dtype == np.float64
    assert nn.ReLU()([1.0, -1.0]).dtype == np.float32  # Python numbers, as everywhere
    assert nn.ReLU()(X).dtype == np.float64
    assert nn.MSELoss()([1.0, 2.0], [1.0, 4.0]).item() == 2.0


def test_getting_submodules() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3)), nn.ReLU())
    assert net.get_submodule("0.0") is net[0][0] and net.get_submodule("") is net
    assert [n for n, _ in net.named_modules(prefix="net")] == ["net", "net.0", "net.0.0", "net.1"]
    assert [n for n, _ in net.named_parameters(recurse=False)] == []


def test_repr_is_torchs() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))
    assert repr(net).splitlines() == [
        "Sequential(",
        "  (0): Linear(in_features=2, out_features=3, bias=True)",
        "  (1): Sequential(",
        "    (0): ReLU()",
        "  )",
        ")",
    ]


def test_a_module_without_forward() -> None:
    with pytest.raises(OptionError, match=r"a method forward\(self, x\) in the subclass"):
        nn.Module()(1.0)


# -- hooks --


def test_forward_hooks_see_and_replace() -> None:
    layer, seen = nn.Tanh(), []
    before = layer.register_forward_pre_hook(lambda m, xs: seen.append("before") or (xs[0] * 0,))
    after = layer.register_forward_hook(lambda m, xs, y: seen.append("after") or y + 5)
    assert layer(np.ones(2)).tolist() == [5.0, 5.0] and seen == ["before", "after"]
    before()
    assert np.allclose(layer(np.ones(2)).numpy(), np.tanh(1) + 5)
    after()
    after()
    assert np.allclose(layer(np.ones(2)).numpy(), np.tanh(1)) and len(seen) == 3


def test_the_backward_hook_sees_both_ends() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    seen: list[Any] = []
    remove = net[1].register_full_backward_hook(lambda m, gx, gy: seen.append((m, gx, gy)))
    x = tensor(X, requires_grad=True)
    loss = net(x).sum()
    loss.backward(retain_graph=True)
    (module, (gx,), (gy,)) = seen[0]
    assert module is net[1]
    np.testing.assert_allclose(gy.numpy(), np.repeat(net[2].weight.numpy(), 3, axis=0))
    hidden = np.tanh(net[0](X).numpy())
    np.testing.assert_allclose(gx.numpy(), gy.numpy() * (1 - hidden**2))
    loss.backward()
    assert len(seen) == 2  # once for each backward
    remove()
    net(x).sum().backward()
    assert len(seen) == 2


def test_the_backward_hook_of_the_first_layer_and_of_two_inputs() -> None:
    class Sum(nn.Module):
        def forward(self, a: Any, b: Any) -> Any:
            return a * 2 + b * 3

    layer, seen = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, gx, gy: seen.append((gx, gy[0].tolist())))
    layer(X).sum().backward()  # the data ask for no gradient
    assert seen == [((None,), [[1.0]] * 3)]
    both, seen_both = Sum(), []
    both.register_full_backward_hook(lambda m, gx, gy: seen_both.append([g.item() for g in gx]))
    a = tensor([1.0], requires_grad=True)
    loss = both(a, a)
    loss.backward(retain_graph=True)
    loss.backward()
    assert seen_both == [[2.0, 3.0]] * 2 and a.grad.tolist() == [10.0]


# -- containers --


def test_sequential_by_name_and_by_number() -> None:
    net = nn.Sequential({"hidden": nn.Linear(2, 3), "act": nn.ReLU(), "out": nn.Linear(3, 1)})
    assert list(net.state_dict()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    assert net[0] is net.hidden and net[-1] is net.out and len(net) == 3
    part = net[:2]
    assert isinstance(part, nn.Sequential) and part[0] is net.hidden
    net.append(nn.Sigmoid()).extend([nn.Tanh()])
    assert len(net) == 5 and net(X).shape == (3, 1)


def test_module_lists_stay_lists() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    assert isinstance(layers[1:], nn.ModuleList) and layers[1:][0] is layers[1]
    assert list(layers.state_dict())[:2] == ["0.weight", "0.bias"]


def test_mlp_is_the_same_as_the_sequential() -> None:
    net = nn.MLP([4, 3, 2], activation="tanh", batch_norm=True, dropout=0.2)
    assert [type(m).__name__ for m in net] == ["Linear", "BatchNorm1d", "Tanh", "Dropout", "Linear"]
    assert list(nn.MLP([4, 3, 2]).state_dict()) == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]
    assert sum(p.size for p in nn.MLP([784, 128, 64, 10]).parameters()) == 109_386
    assert isinstance(nn.MLP([1, 2, 1], activation=nn.SiLU)[1], nn.SiLU)
    with pytest.raises(OptionError, match="did you mean 'relu'"):
        nn.MLP([2, 2, 1], activation="rleu")
    with pytest.raises(OptionError, match="did you mean 'xavier_uniform'"):
        nn.MLP([2, 2, 1], init="xavier_unifrom")
    with pytest.raises(OptionError, match="at least an input and an output size"):
        nn.MLP([2])


# -- architecture as data --


@nn.register
class Wide(nn.Module):
    """Takes its sizes one by one, and options by name."""

    def __init__(self, *sizes: int, slope: float = 0.1, **more: Any) -> None:
        super().__init__()
        self.sizes, self.slope, self.more = sizes, slope, more


def test_classes_of_ones_own_are_described() -> None:
    again = nn.rebuild(nn.describe(Wide(3, 4, slope=0.5, depth=2)))
    assert (again.sizes, again.slope, again.more) == ((3, 4), 0.5, {"depth": 2})
    assert nn.describe(nn.Identity(54, a=1)) == nn.describe(
        nn.rebuild(nn.describe(nn.Identity(54, a=1)))
    )
    assert nn.describe(nn.MLP([2, 3, 1])) == {
        "type": "Sequential",
        "modules": {
            "0": {"type": "Linear", "options": {"in_features": 2, "out_features": 3}},
            "1": {"type": "ReLU"},
            "2": {"type": "Linear", "options": {"in_features": 3, "out_features": 1}},
        },
    }
    drawn = nn.Sequential(
        nn.Linear(2, 3, generator=generator(1)), nn.Dropout(generator=generator(2))
    )
    assert nn.describe(drawn)["modules"] == {  # a generator is no part of the architecture
        "0": {"type": "Linear", "options": {"in_features": 2, "out_features": 3}},
        "1": {"type": "Dropout"},
    }
    with pytest.raises(OptionError, match="argument depth = function"):
        nn.describe(Wide(depth=test_repr_is_torchs))


@pytest.mark.parametrize(
    "spec, text",
    [
        ({"type": "Linaer"}, "did you mean 'Linear'"),
        ({"type": "os.system"}, "a layer of type 'os.system'"),
        ({"type": "Linear", "options": {"in_feature": 3}}, "a Linear with options in_feature"),
        ({"type": "Linear", "options": [1, 2]}, "options of Linear: "),
        ({"type": "Sequential", "modules": [1]}, "modules of Sequential: "),
        ({"type": 3}, "needs:  {'type': ..., ...}"),
        (["Linear"], "needs:  {'type': ..., ...}"),
        (None, "architecture"),
    ],
)
def test_an_architecture_that_is_none(spec: Any, text: str) -> None:
    with pytest.raises(FormatError) as error:
        nn.rebuild(spec)
    assert text in str(error.value)


def test_to_refuses_what_is_no_floating_dtype():
    for dtype in (int, "float33", "cuda"):
        with pytest.raises(DtypeError, match="a floating-point dtype"):
            nn.Linear(2, 2).to(dtype)


def test_a_hook_is_removed_as_in_torch():
    net, seen = nn.Identity(), []
    handle = net.register_forward_hook(lambda *_: seen.append(1))
    net(np.zeros(2))
    handle.remove()
    handle.remove()
    net(np.zeros(2))
    assert seen == [1]
