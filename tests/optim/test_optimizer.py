"""Parameter groups, state, options: what all optimizers share, and how they say no."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from optim_params import param, with_grad

from pellucid import Tensor, nn, optim
from pellucid.errors import DtypeError, FormatError, GradientError, OptionError, ShapeError
from pellucid.optim import SGD

ALL: list[Any] = [
    optim.SGD,
    optim.RMSprop,
    optim.Adagrad,
    optim.Adam,
    optim.AdamW,
    optim.Adadelta,
    optim.Adamax,
    optim.NAdam,
    optim.RAdam,
    optim.Rprop,
    optim.ASGD,
]  # and LBFGS, which needs a closure, has tests of its own


def text_of(error: pytest.ExceptionInfo[Any]) -> str:
    return str(error.value)


# -- parameters and groups ---------------------------------------------------------------------


def test_a_parameter_without_a_gradient_stays_and_has_no_state() -> None:
    moved, still = with_grad([1.0], [1.0]), param([1.0])
    adam = optim.Adam([moved, still])
    adam.step()
    assert still.data.tolist() == [1.0] and moved.data[0] < 1.0
    assert list(adam.state_dict()["state"]) == [0]


def test_a_step_writes_into_the_parameters_own_array() -> None:
    p = with_grad([1.0, 2.0], [1.0, 1.0])
    array = p.data
    optim.SGD([p], lr=0.5).step()
    assert p.data is array and array.tolist() == [0.5, 1.5]


def test_groups_have_options_of_their_own() -> None:
    a, b = with_grad([1.0], [1.0]), with_grad([1.0], [1.0])
    sgd = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.25)
    sgd.step()
    assert (a.data.tolist(), b.data.tolist()) == ([0.75], [0.5])
    assert [g["lr"] for g in sgd.param_groups] == [0.25, 0.5]


def test_named_parameters_keep_their_names() -> None:
    sgd = optim.SGD([("w", with_grad([1.0], [1.0])), ("b", with_grad([1.0], [1.0]))])
    assert sgd.state_dict()["param_groups"][0]["param_names"] == ["w", "b"]


def test_a_group_added_later_is_numbered_after_the_others() -> None:
    sgd = optim.SGD([with_grad([1.0], [1.0])], lr=0.1, momentum=0.9)
    sgd.step()
    sgd.add_param_group({"params": [with_grad([1.0], [1.0])], "lr": 1})
    sgd.step()
    assert [g["params"] for g in sgd.state_dict()["param_groups"]] == [[0], [1]]
    assert sgd.state_dict()["state"][1]["momentum_buffer"].tolist() == [1.0]


def test_zero_grad() -> None:
    p, q = with_grad([1.0], [3.0]), param([1.0])
    sgd = optim.SGD([p, q])
    sgd.zero_grad(set_to_none=False)
    assert p.grad.data.tolist() == [0.0] and q.grad is None
    sgd.zero_grad()
    assert p.grad is None


def test_a_closure_computes_the_loss_and_the_gradients_first() -> None:
    p = param([2.0])

    def closure() -> float:
        p.grad = Tensor(2 * p.data)
        return float(p.data[0] ** 2)

    assert optim.SGD([p], lr=0.25).step(closure) == 4.0
    assert p.data.tolist() == [1.0]


@pytest.mark.parametrize("kind", ALL)
def test_every_optimizer_takes_a_closure_and_returns_its_loss(kind: Any) -> None:
    p, q = param([2.0]), with_grad([2.0], [4.0])

    def closure() -> float:
        p.grad = Tensor(2 * p.data)
        return float(p.data[0] ** 2)

    optimizer, plain = kind([p]), kind([q])
    assert optimizer.step(closure) == 4.0
    plain.step()
    assert p.data.tolist() == q.data.tolist() != [2.0]


# How far each one comes on a bowl, from a loss of about 14, in 300 steps.
RATES: dict[Any, dict[str, float]] = {
    optim.SGD: {"lr": 0.1, "momentum": 0.5},
    optim.RMSprop: {"lr": 0.02},
    optim.Adagrad: {"lr": 0.5},
    optim.Adam: {"lr": 0.05},
    optim.AdamW: {"lr": 0.05, "weight_decay": 0},
    optim.Adadelta: {"lr": 10.0},
    optim.Adamax: {"lr": 0.1},
    optim.NAdam: {"lr": 0.05},
    optim.RAdam: {"lr": 0.1},
    optim.Rprop: {},
    optim.ASGD: {"lr": 0.1},
    optim.LBFGS: {"lr": 0.5, "max_iter": 2},
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [*ALL, optim.LBFGS])
def test_every_optimizer_finds_the_bottom_of_a_bowl(kind: Any, dtype: Any) -> None:
    curved, bottom = np.array([4.0, 1.0, 0.5], dtype), np.array([1.0, -2.0, 0.5], dtype)
    w = nn.Parameter(np.array([2.0, 1.0, -1.0], dtype))
    optimizer = kind([w], **RATES[kind])

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = 0.5 * (curved * (w - bottom) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(300):
        optimizer.step(closure)
    np.testing.assert_allclose(w.data, bottom, atol=0.01)
    assert w.data.dtype == dtype


@pytest.mark.parametrize("kind", [k for k in ALL if k is not optim.SGD])
def test_upwards_is_downwards_on_the_hill_turned_round(kind: Any) -> None:
    up, down = with_grad([1.0, 2.0], [0.5, -1.0]), with_grad([1.0, 2.0], [-0.5, 1.0])
    first, second = kind([up], maximize=True), kind([down])
    for _ in range(3):
        first.step()
        second.step()
    assert up.data.tolist() == down.data.tolist()


def test_decay_apart_from_the_gradient_does_not_reach_the_moments() -> None:
    for kind in (optim.NAdam, optim.RAdam, optim.Adam):
        p, q = with_grad([2.0], [1.0]), with_grad([2.0], [1.0])
        kind([p], lr=0.1, weight_decay=0.5, decoupled_weight_decay=True).step()
        plain = kind([q], lr=0.1)
        plain.step()
        # the weight is shrunk by lr weight_decay, then moved as without decay
        np.testing.assert_allclose(p.data, q.data - 0.1 * 0.5 * 2.0, rtol=1e-15)


def test_asgd_keeps_the_mean_of_where_it_was_after_t0() -> None:
    p = with_grad([0.0], [1.0])
    asgd = optim.ASGD([p], lr=1.0, lambd=0, t0=1)
    seen = []
    for _ in range(5):
        asgd.step()
        seen.append(float(p.data[0]))
    # mu: 1, 1, 1, 1/2, 1/3: the mean of the places from step 3 on
    assert asgd.state_dict()["state"][0]["ax"][0] == pytest.approx(np.mean(seen[2:]))


def test_the_momentum_does_not_share_the_gradients_array() -> None:
    p = with_grad([0.0], [1.0])
    sgd = optim.SGD([p], lr=1.0, momentum=0.5, dampening=0.5)
    sgd.step()
    p.grad.data[...] = 0.0
    sgd.step()
    assert p.data.tolist() == [-1.5]


def test_an_option_changed_between_steps_finds_the_state_it_needs() -> None:
    p = with_grad([1.0], [1.0])
    for optimizer in (optim.SGD([p]), optim.RMSprop([p])):
        optimizer.step()
        optimizer.param_groups[0]["momentum"] = 0.9
        optimizer.step()
        assert "momentum_buffer" in optimizer.state_dict()["state"][0]


def test_numpys_float64_options_leave_float32_arrays_float32() -> None:
    p = with_grad(np.ones(2, np.float32), [1.0, 1.0])
    adam = optim.Adam([p], lr=np.float64(0.1), betas=(np.float64(0.9), 0.999))
    adam.param_groups[0]["lr"] = np.float64(0.2)
    adam.step()
    state = adam.state_dict()["state"][0]
    assert {p.data.dtype, state["exp_avg"].dtype, state["exp_avg_sq"].dtype} == {np.dtype("f4")}
    assert type(adam.param_groups[0]["lr"]) is float


@pytest.mark.parametrize("kind", ALL)
def test_update_changes_none_of_its_arguments(kind: Any) -> None:
    decay = {} if kind is optim.Rprop else {"weight_decay": 0.1}
    optimizer = kind([with_grad([1.0, 2.0], [0.5, -1.0])], **decay)
    group = optimizer.param_groups[0]
    W, dW = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    state = {slot: optimizer.first(slot, W, group) for slot in optimizer.slots(group)}
    state |= optimizer.advance(state, group)
    before, options = dict(state), dict(group)
    arrays = {slot: v for slot, v in state.items() if isinstance(v, np.ndarray)}
    for array in (W, dW, *arrays.values()):
        array.flags.writeable = False
    moved, new = optimizer.update(W, dW, state, group)
    assert moved is not W and moved.shape == W.shape
    assert set(new) == set(arrays)
    assert all(state[k] is v for k, v in before.items()) and group == options


def test_repr_tells_the_options() -> None:
    assert repr(optim.SGD([param([1.0])], lr=0.1)).startswith("SGD(1 parameters, lr=0.1, mom")


def test_a_step_lowers_a_loss_that_backward_differentiates() -> None:
    layer = nn.Linear(2, 1)
    x, y = np.eye(2, dtype=np.float32), np.ones((2, 1), np.float32)
    sgd, losses = optim.SGD(layer.named_parameters(), lr=0.1, momentum=0.5), []
    for _ in range(30):
        sgd.zero_grad()
        loss = ((layer(x) - y) ** 2).mean()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-2 * losses[0]
    assert sgd.param_groups[0]["param_names"] == ["weight", "bias"]


# -- refused -----------------------------------------------------------------------------------


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(OptionError) as error:
        optim.SGD(iter(()))
    assert text_of(error) == (
        "OptionError in SGD\n"
        "  got:    an empty list of parameters\n"
        "  needs:  at least one parameter in each group\n"
        "  try:    a generator is empty when it has been read once: make it anew"
    )


@pytest.mark.parametrize("as_groups", [False, True])
def test_a_parameter_that_comes_twice_is_refused(as_groups: bool) -> None:
    p, q = param([1.0]), param([1.0])
    with pytest.raises(OptionError, match="one parameter twice, as numbers 1 and 2"):
        optim.SGD([{"params": [q, p]}, {"params": [p]}] if as_groups else [q, p, p])


def test_one_parameter_instead_of_a_list_is_refused() -> None:
    with pytest.raises(OptionError, match=r"params: one Parameter\n.*\n  try: +put it into a list"):
        optim.SGD(param([1.0]))  # type: ignore[arg-type]


def test_what_is_no_parameter_is_refused() -> None:
    with pytest.raises(DtypeError, match="parameter 1: ndarray\n  needs:  tensors"):
        optim.SGD([param([1.0]), np.ones(2)])


def test_whole_numbers_are_refused() -> None:
    with pytest.raises(DtypeError, match="parameter 0 of dtype int64\n  needs:  float32"):
        optim.SGD([Tensor(np.array([1]))])


def test_names_for_some_parameters_only_are_refused() -> None:
    with pytest.raises(OptionError, match="1 of 2 parameters with a name"):
        optim.SGD([("w", param([1.0])), param([1.0])])


def test_a_gradient_of_another_shape_or_dtype_is_refused_before_anything_moves() -> None:
    p, q = with_grad([1.0], [1.0]), param([1.0, 2.0])
    sgd = optim.SGD([("w", p), ("b", q)])
    q.grad = Tensor(np.array([1.0]))
    with pytest.raises(ShapeError, match=r"a gradient of shape \(1,\) for parameter 1 \(b\)"):
        sgd.step()
    q.grad = Tensor(np.ones(2, np.float32))
    with pytest.raises(DtypeError, match=r"a float32 gradient for parameter 1 \(b\)\n.*float64"):
        sgd.step()
    assert p.data.tolist() == [1.0]


BAD = [
    (optim.SGD, {"lr": -0.1}, "got:    lr=-0.1\n  needs:  lr: a finite number, 0 or more"),
    (optim.SGD, {"lr": float("nan")}, "got:    lr=nan"),
    (optim.SGD, {"lr": float("inf")}, "got:    lr=inf"),
    (optim.SGD, {"lr": "0.1"}, "got:    lr='0.1'"),
    (optim.SGD, {"lr": True}, "got:    lr=True"),
    (optim.SGD, {"momentum": -1}, "momentum: a finite number, 0 or more"),
    (optim.SGD, {"dampening": None}, "dampening: a finite number"),
    (optim.SGD, {"weight_decay": -1e-4}, "weight_decay: a finite number, 0 or more"),
    (optim.SGD, {"nesterov": True}, "with nesterov: a momentum above 0, and dampening 0"),
    (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "with nesterov"),
    (optim.SGD, {"maximize": 1}, "maximize: True or False"),
    (optim.RMSprop, {"alpha": 1.0}, r"alpha: a number in \[0, 1\)"),
    (optim.RMSprop, {"eps": -1e-8}, "eps: a finite number, 0 or more"),
    (optim.RMSprop, {"centered": "yes"}, "centered: True or False"),
    (optim.Adagrad, {"lr_decay": -1}, "lr_decay: a finite number, 0 or more"),
    (optim.Adagrad, {"initial_accumulator_value": -1}, "initial_accumulator_value: a finite"),
    (
        optim.Adam,
        {"betas": (0.9, 1.0)},
        r"betas\[1\]=1.0\n  needs:  betas\[1\]: a number in",
    ),
    (optim.Adam, {"betas": (-0.1, 0.9)}, r"betas\[0\]=-0.1"),
    (optim.AdamW, {"betas": 0.9}, "betas: two numbers"),
    (optim.AdamW, {"amsgrad": None}, "amsgrad: True or False"),
]


BAD += [
    (optim.Adadelta, {"rho": 1.5}, r"rho=1.5\n  needs:  rho: a number in \[0, 1\]"),
    (optim.Adadelta, {"rho": float("nan")}, "rho=nan"),
    (optim.Adamax, {"betas": (0.9, 1.0)}, r"betas\[1\]=1.0"),
    (optim.NAdam, {"momentum_decay": -1}, "momentum_decay: a finite number, 0 or more"),
    (optim.NAdam, {"decoupled_weight_decay": 1}, "decoupled_weight_decay: True or False"),
    (optim.RAdam, {"eps": -1}, "eps: a finite number, 0 or more"),
    (optim.Rprop, {"etas": (0.5, 0.9)}, r"etas=\(0.5, 0.9\)\n  needs:  0 < etas\[0\] < 1 < etas"),
    (optim.Rprop, {"etas": 0.5}, "etas=0.5\n  needs:  etas: two numbers"),
    (optim.Rprop, {"etas": ("a", 2)}, r"etas\[0\]='a'"),
    (optim.Rprop, {"step_sizes": (1.0, 0.1)}, r"step_sizes=\(1.0, 0.1\)\n.*the smallest step"),
    (optim.ASGD, {"t0": -1}, "t0: a finite number, 0 or more"),
    (optim.ASGD, {"lambd": None}, "lambd=None"),
]


@pytest.mark.parametrize(("kind", "options", "text"), BAD, ids=lambda v: str(v)[:40])
def test_an_option_out_of_range_is_refused(kind: Any, options: Any, text: str) -> None:
    with pytest.raises(OptionError, match=text):
        kind([param([1.0])], **options)
    if "nesterov" not in options:
        with pytest.raises(OptionError, match=text):
            kind([{"params": [param([1.0])], **options}])


def test_an_option_written_into_a_group_is_checked_at_the_next_step() -> None:
    p = with_grad([1.0], [1.0])
    sgd = optim.SGD([p])
    sgd.param_groups[0]["lr"] = float("nan")
    with pytest.raises(OptionError, match="got:    lr=nan"):
        sgd.step()
    assert p.data.tolist() == [1.0]


def test_an_unknown_option_of_a_group_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"'momentun'\n(.*\n)+.*did you mean 'momentum'\?"):
        optim.SGD([{"params": [param([1.0])], "momentun": 0.9}])


TORCH_ONLY = {
    optim.SGD: ("foreach", "differentiable", "fused"),
    optim.RMSprop: ("capturable", "foreach", "differentiable"),
    optim.Adagrad: ("foreach", "differentiable", "fused"),
    optim.Adam: ("foreach", "capturable", "differentiable", "fused"),
    optim.AdamW: ("foreach", "capturable", "differentiable", "fused"),
    optim.Adadelta: ("foreach", "capturable", "differentiable"),
    optim.Adamax: ("foreach", "capturable", "differentiable"),
    optim.NAdam: ("foreach", "capturable", "differentiable"),
    optim.RAdam: ("foreach", "capturable", "differentiable"),
    optim.Rprop: ("foreach", "capturable", "differentiable"),
    optim.ASGD: ("foreach", "capturable", "differentiable"),
}


@pytest.mark.parametrize("kind", ALL)
def test_what_only_torch_has_is_refused_by_name(kind: Any) -> None:
    for name in TORCH_ONLY[kind]:
        kind([param([1.0])], **{name: False})
        text = f"{kind.__name__}\n  got:    {name}=True\n  needs:  no {name}: .*\n.*leave {name}"
        with pytest.raises(OptionError, match=text):
            kind([param([1.0])], **{name: True})
        with pytest.raises(OptionError, match=f"{name}=True"):
            kind([{"params": [param([1.0])], name: True}])


# -- state -------------------------------------------------------------------------------------


def adam_after_a_step() -> Any:
    adam = optim.Adam([with_grad([[1.0, 2.0]], [[1.0, 1.0]]), with_grad([1.0], [1.0])])
    adam.step()
    return adam


def test_a_saved_state_is_a_copy() -> None:
    adam = adam_after_a_step()
    saved = adam.state_dict()
    saved["state"][0]["exp_avg"][...] = 7.0
    saved["param_groups"][0]["lr"] = 7.0
    assert adam.state_dict()["state"][0]["exp_avg"].max() < 1.0
    assert adam.param_groups[0]["lr"] == 1e-3


def test_a_loaded_state_is_a_copy() -> None:
    adam, saved = adam_after_a_step(), adam_after_a_step().state_dict()
    adam.load_state_dict(saved)
    saved["state"][0]["exp_avg"][...] = 7.0
    assert adam.state_dict()["state"][0]["exp_avg"].max() < 1.0


def test_options_survive_json() -> None:
    adam = optim.Adam([param([1.0])], betas=(0.8, 0.9))
    saved = json.loads(json.dumps(adam.state_dict()))
    adam.load_state_dict(saved)
    assert adam.param_groups[0]["betas"] == (0.8, 0.9)


def test_torchs_state_is_understood() -> None:
    """Its step is an array of one number, and its groups say how torch runs a step."""
    adam = adam_after_a_step()
    saved = adam.state_dict()
    saved["param_groups"][0] |= {"foreach": None, "fused": True, "capturable": False}
    saved["state"][0]["step"] = np.array(5.0, np.float32)
    adam.load_state_dict(saved)
    assert adam.state_dict()["state"][0]["step"] == 5
    assert type(adam.state_dict()["state"][0]["step"]) is int
    assert "fused" not in adam.param_groups[0]


def test_torchs_numbers_in_arrays_are_understood() -> None:
    """NAdam's product and ASGD's eta and mu are arrays of one number there, plain numbers here."""
    for kind, names in ((optim.NAdam, ("mu_product",)), (optim.ASGD, ("eta", "mu"))):
        optimizer = kind([with_grad([1.0], [1.0])])
        optimizer.step()
        saved = optimizer.state_dict()
        for name in names:
            assert type(saved["state"][0][name]) is float
            saved["state"][0][name] = np.array(saved["state"][0][name])
        optimizer.load_state_dict(saved)
        assert {type(optimizer.state[0][name]) for name in names} == {float}


def test_adamw_stays_adamw_with_adams_state() -> None:
    adamw = optim.AdamW([param([[1.0, 2.0]]), param([1.0])])
    adamw.load_state_dict(adam_after_a_step().state_dict())
    assert adamw.param_groups[0]["decoupled_weight_decay"] is True


def spoiled(change: Any) -> dict[str, Any]:
    saved: dict[str, Any] = adam_after_a_step().state_dict()
    change(saved)
    return saved


MISFITS = [
    (lambda s: s.pop("state"), FormatError, "a dict of another form"),
    (lambda s: s["param_groups"].append({"params": []}), FormatError, r"groups of \[2, 0\] param"),
    (lambda s: s["param_groups"][0]["params"].pop(), FormatError, r"\[1\] .*\n.*groups of \[2\]"),
    (lambda s: s["param_groups"][0].pop("eps"), FormatError, "a group without eps"),
    (lambda s: s["param_groups"][0].update(lr=-1), OptionError, "lr=-1"),
    (lambda s: s["param_groups"][0].update(nesterov=True), OptionError, "option 'nesterov'"),
    (lambda s: s["state"].update({9: {}}), FormatError, "state for parameter 9\n.*below 2"),
    (lambda s: s["state"][1].pop("exp_avg"), FormatError, "no exp_avg for parameter 1"),
    (
        lambda s: s["state"][0].update(exp_avg=np.ones(3)),
        ShapeError,
        r"load_state_dict, parameter 0\n  got:    exp_avg of shape \(3,\)\n.*\(1, 2\)",
    ),
]


@pytest.mark.parametrize(("change", "kind", "text"), MISFITS, ids=[m[2] for m in MISFITS])
def test_a_state_that_does_not_fit_changes_nothing(change: Any, kind: Any, text: str) -> None:
    adam = adam_after_a_step()
    before = adam.state_dict()
    with pytest.raises(kind, match=text):
        adam.load_state_dict(spoiled(change))
    after = adam.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert after["state"].keys() == before["state"].keys()
    assert after["state"][0]["exp_avg"].tolist() == before["state"][0]["exp_avg"].tolist()


def test_the_state_of_another_optimizer_is_refused() -> None:
    sgd = optim.SGD([param([[1.0, 2.0]]), param([1.0])])
    with pytest.raises(OptionError, match=r"SGD.load_state_dict\n  got:    an option 'betas'"):
        sgd.load_state_dict(adam_after_a_step().state_dict())


def test_a_step_between_two_backwards_over_one_graph_is_noticed() -> None:
    w = with_grad([2.0], [1.0])
    x = Tensor(np.array([3.0]), requires_grad=True)
    loss = (w * x).sum()
    loss.backward(retain_graph=True)
    SGD([w], lr=0.1).step()
    with pytest.raises(GradientError, match="changed in place after Multiply had used it"):
        loss.backward()
