"""Every layer and every loss, over the one list of cases, and against torch's recorded numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.random import generator, step_key

from .build import made, made_loss
from .cases import FAMILIES, LAYERS, LOSSES
from .cases.base import Layer, Loss, inputs, keywords, loss_inputs, numbers

RECORDS = {
    name: json.loads((Path(__file__).parent / "torch" / f"{name}.json").read_text())
    for name in FAMILIES
}
RECORD = {row: numbers for record in RECORDS.values() for row, numbers in record.items()}
MODES = ("train", "eval")
NEAR = {
    np.float32: {"rtol": 2e-5, "atol": 4e-6},
    np.float64: {"rtol": 1e-9, "atol": 1e-11},
}

every_layer = pytest.mark.parametrize("layer", LAYERS, ids=str)
every_mode = pytest.mark.parametrize("mode", MODES)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def test_every_class_of_nn_is_in_the_list() -> None:
    containers = {"Module", "Sequential", "ModuleList", "ModuleDict", "MLP", "Parameter"}
    containers |= {"ParameterList", "ParameterDict"}
    classes = {n for n in nn.__all__ if isinstance(getattr(nn, n), type)} - containers
    assert classes == {c.kind for c in [*LAYERS, *LOSSES]} - containers


def test_the_record_holds_every_case_that_torch_has() -> None:
    layers = {f"{m}: {c}" for c in LAYERS for m in MODES if c.in_torch}
    layers -= {f"train: {c}" for c in LAYERS if c.random}
    assert set(RECORD) == {"torch", *layers, *(f"loss: {c}" for c in LOSSES)}


def test_no_two_cases_have_one_name() -> None:
    names = [str(c) for c in [*LAYERS, *LOSSES]]
    assert len(names) == len(set(names))


# -- inputs and outputs, however many --


def arrays_of(value: Any) -> list[Any]:
    """The arrays, or the tensors, in nested tuples; None left out."""
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_of(part)]
    return [] if value is None else [value]


def as_tensors(value: Any, dtype: Any) -> Any:
    """Floating-point arrays as tensors that want a gradient, the rest as it is."""
    if isinstance(value, tuple):
        return tuple(as_tensors(part, dtype) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return pellucid.tensor(value, dtype=dtype, requires_grad=True)
    return value


def is_float(array: Any) -> bool:
    return hasattr(array, "dtype") and array.dtype.kind == "f"


def in_dtype(value: Any, dtype: Any) -> Any:
    """Floating-point arrays in another dtype, the rest as it is."""
    if isinstance(value, tuple):
        return tuple(in_dtype(part, dtype) for part in value)
    return value.astype(dtype) if isinstance(value, np.ndarray) and is_float(value) else value


def called(layer: Layer, dtype: Any) -> tuple[list[Any], dict[str, Any]]:
    """The inputs by place, as tensors, and those by name."""
    by_name = {name: in_dtype(value, dtype) for name, value in keywords(layer).items()}
    return [as_tensors(x, dtype) for x in inputs(layer)], by_name


def total(outputs: Any) -> Any:
    """One number from all outputs, each weighted by a formula."""
    parts = [y for y in arrays_of(outputs) if is_float(y)]
    return sum((y * numbers(y.shape, 1.0 + i).astype(y.dtype)).sum() for i, y in enumerate(parts))


# -- gradients --


def layer_error(layer: Layer, mode: str) -> float:
    module = made(layer, np.float32).train(mode == "train")
    by_place, by_name = inputs(layer), keywords(layer)
    floats = [x for x in arrays_of(tuple(by_place)) if is_float(x)]

    class Totalled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, *points: Any) -> Any:
            left = iter(points)

            def filled(value: Any) -> Any:
                if isinstance(value, tuple):
                    return tuple(filled(part) for part in value)
                return next(left) if is_float(value) else value

            return total(self.inner(*[filled(x) for x in by_place], **by_name))

    if not layer.slope or (not floats and not list(module.parameters())):
        return 0.0
    return pellucid.check_gradients(Totalled(), *floats).error


def loss_error(loss: Loss) -> float:
    module, values = made_loss(loss, np.float32), loss_inputs(loss)
    free = 1 + len(loss.more) + (loss.target in DIFFERENTIABLE)
    points, rest = values[:free], values[free:]

    def function(x: Any, *others: Any) -> Any:
        if loss.domains[:1] == ("log probabilities",):
            x = nn.functional.log_softmax(x, dim=-1)
        return module(x, *others, *rest)

    return pellucid.check_gradients(function, *points).error


# targets with a gradient
DIFFERENTIABLE = ("numbers", "probabilities", "distributions", "positive", "log probabilities")


@every_layer
@every_mode
def test_layer_gradients(layer: Layer, mode: str) -> None:
    assert layer_error(layer, mode) < 1e-6


@every_loss
def test_loss_gradients(loss: Loss) -> None:
    assert loss_error(loss) < 1e-6


# -- dtypes --


@every_layer
@every_mode
@every_dtype
def test_layers_keep_their_dtype(layer: Layer, mode: str, dtype: Any) -> None:
    module = made(layer, dtype).train(mode == "train")
    by_place, by_name = called(layer, dtype)
    outputs = module(*by_place, **by_name)
    result = total(outputs)
    if getattr(result, "requires_grad", False):
        result.backward()
    assert {y.dtype for y in arrays_of(outputs) if is_float(y)} <= {np.dtype(dtype)}
    tensors = [x for x in arrays_of(tuple(by_place)) if isinstance(x, pellucid.Tensor)]
    assert {x.grad.dtype for x in tensors if x.grad is not None} <= {np.dtype(dtype)}
    assert {p.dtype for p in module.parameters()} <= {np.dtype(dtype)}
    assert {p.grad.dtype for p in module.parameters() if p.grad is not None} <= {np.dtype(dtype)}
    assert {b.dtype.name for b in module.buffers()} <= {np.dtype(dtype).name, "int64"}


@every_loss
@every_dtype
def test_losses_keep_their_dtype(loss: Loss, dtype: Any) -> None:
    first, *others = loss_inputs(loss)
    x = pellucid.tensor(first, dtype=dtype, requires_grad=True)
    more = [in_dtype(v, dtype) for v in others[: len(loss.more)]]
    rest = others[len(loss.more) :]  # float64 targets and weights: the predictions decide
    y = made_loss(loss)(x, *more, *rest)
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == dtype


@every_layer
def test_layers_leave_their_input_unchanged(layer: Layer) -> None:
    by_place, by_name = inputs(layer), keywords(layer)
    made(layer)(*by_place, **by_name)
    for x, before in zip(arrays_of(tuple(by_place)), arrays_of(tuple(inputs(layer))), strict=True):
        np.testing.assert_array_equal(x, before)


# -- torch --


def agree(mine: Any, theirs: Any, dtype: Any) -> None:
    if theirs is None:
        assert mine is None
        return
    np.testing.assert_allclose(np.ravel(np.asarray(mine)), theirs, **NEAR[dtype])


@every_layer
@every_mode
@every_dtype
def test_layers_agree_with_torch(layer: Layer, mode: str, dtype: Any) -> None:
    if f"{mode}: {layer}" not in RECORD:
        assert layer.random or not layer.in_torch
        return
    theirs = RECORD[f"{mode}: {layer}"]
    module = made(layer, dtype).train(mode == "train")
    by_place, by_name = called(layer, dtype)
    outputs = module(*by_place, **by_name)
    result = total(outputs)
    near = np.float32 if layer.rough else dtype
    if getattr(result, "requires_grad", False):
        result.backward()
    again = [x * 2 + 1 if is_float(x) else x for x in inputs(layer) if not isinstance(x, tuple)]
    if len(again) == len(by_place):
        module(*[in_dtype(x, dtype) for x in again], **by_name)
    assert list(module.state_dict()) == theirs["keys"]
    found = arrays_of(outputs)
    assert [list(y.shape) for y in found] == theirs["shapes"]
    for y, expected in zip(found, theirs["outputs"], strict=True):
        agree(y, expected, near)
    tensors = [x for x in arrays_of(tuple(by_place)) if isinstance(x, pellucid.Tensor)]
    for x, expected in zip(tensors, theirs["input gradients"], strict=True):
        agree(x.grad, expected, near)
    gradients = {name: p.grad for name, p in module.named_parameters()}
    assert list(gradients) == list(theirs["gradients"])
    for name, g in gradients.items():
        agree(g, theirs["gradients"][name], near)
    buffers = dict(module.named_buffers())
    assert list(buffers) == list(theirs["buffers"])
    for name, b in buffers.items():
        agree(b, theirs["buffers"][name], near)


@every_loss
@every_dtype
def test_losses_agree_with_torch(loss: Loss, dtype: Any) -> None:
    theirs = RECORD[f"loss: {loss}"]
    values = loss_inputs(loss)
    xs = [pellucid.tensor(x, dtype=dtype, requires_grad=True) for x in values[: 1 + len(loss.more)]]
    y = made_loss(loss, dtype)(*xs, *values[len(xs) :])
    y.backward(numbers(y.shape, 1.0))
    assert list(y.shape) == theirs["shape"]
    agree(y, theirs["output"], dtype)
    for x, expected in zip(xs, theirs["input gradients"], strict=True):
        agree(x.grad, expected, dtype)


# -- architecture as plain data --


def round_trip(module: nn.Module) -> nn.Module:
    return nn.rebuild(json.loads(json.dumps(nn.describe(module))))


@every_layer
def test_layers_are_described_and_rebuilt(layer: Layer) -> None:
    module = made(layer).eval()
    again = round_trip(module).double().eval()
    assert repr(again) == repr(module)
    assert nn.describe(again) == nn.describe(module)
    again.load_state_dict(module.state_dict())
    by_place, by_name = inputs(layer), keywords(layer)
    results = [arrays_of(m(*by_place, **by_name)) for m in (again, module)]
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@every_loss
def test_losses_are_described_and_rebuilt(loss: Loss) -> None:
    module = made_loss(loss)
    again = round_trip(module)
    assert nn.describe(again) == nn.describe(module)
    values = loss_inputs(loss)
    np.testing.assert_array_equal(again(*values).numpy(), module(*values).numpy())


# -- laws --


@every_layer
def test_a_batch_of_n_is_n_batches_of_one(layer: Layer) -> None:
    by_place, by_name = inputs(layer), keywords(layer)
    across = layer.options.get("dim") == 0 or layer.options.get("start_dim") == 0
    no_running = layer.options.get("track_running_stats", True) is False
    if not layer.batched or np.ndim(by_place[0]) < 2 or across or no_running or layer.call:
        return  # one example, or a layer that is meant to look across the batch
    if any(x is None or isinstance(x, tuple) for x in by_place):
        return
    module = made(layer).eval()
    whole = arrays_of(module(*by_place, **by_name))
    ones = [
        arrays_of(module(*[x[i : i + 1] for x in by_place])) for i in range(by_place[0].shape[0])
    ]
    for k, y in enumerate(whole):
        one_by_one = np.concatenate([np.asarray(one[k]) for one in ones])
        np.testing.assert_allclose(np.asarray(y), one_by_one, rtol=1e-12, atol=1e-14)


@every_layer
def test_layers_repeat_themselves_under_a_step_key(layer: Layer) -> None:
    results = []
    for _ in range(2):
        with step_key(3, 1, 4):
            results.append(arrays_of(made(layer)(*inputs(layer), **keywords(layer))))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_does_not_feel_a_shift(dim: int) -> None:
    x = numbers((3, 4), 0.0)
    for layer in (nn.Softmax(dim), nn.LogSoftmax(dim)):
        np.testing.assert_allclose(layer(x).numpy(), layer(x + 7.5).numpy(), rtol=1e-12)
    np.testing.assert_allclose(nn.Softmax(dim)(x).numpy().sum(axis=dim), 1, rtol=1e-14)


def test_cross_entropy_takes_classes_and_their_one_hot_rows_alike() -> None:
    z, y = numbers((5, 4), 0.0), np.array([3, 0, 1, 2, 2])
    for smoothing in (0.0, 0.2):
        loss = nn.CrossEntropyLoss(label_smoothing=smoothing)
        assert np.isclose(loss(z, y).item(), loss(z, np.eye(4)[y]).item(), rtol=1e-14)


def test_the_mean_loss_weighs_examples_equally() -> None:
    z, y = numbers((5, 4), 0.0), np.array([3, 0, 1, 2, 2])
    parts = [nn.CrossEntropyLoss()(z[i : i + 1], y[i : i + 1]).item() for i in range(5)]
    assert np.isclose(nn.CrossEntropyLoss()(z, y).item(), np.mean(parts), rtol=1e-14)


def test_a_network_of_the_list_learns_nothing_by_itself() -> None:
    """Building and running layers leaves NumPy's global generator alone."""
    before = np.random.get_state()  # noqa: NPY002
    for layer in LAYERS:
        made(layer)(*inputs(layer), **keywords(layer))
    after = np.random.get_state()  # noqa: NPY002
    assert before[2] == after[2] and (before[1] == after[1]).all()


def test_generators_decide_dropout() -> None:
    x = np.ones((4, 50))
    first, second = (nn.Dropout(0.5, generator=generator(5))(x).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
