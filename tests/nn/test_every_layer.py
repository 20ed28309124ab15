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
from .cases import LAYERS, LOSSES, Layer, Loss, numbers, predictions, targets

RECORD = json.loads((Path(__file__).parent / "torch_nn.json").read_text())
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
    containers = {"Module", "Sequential", "ModuleList", "MLP", "Parameter"}
    classes = {n for n in nn.__all__ if isinstance(getattr(nn, n), type)} - containers
    assert classes == {c.kind for c in [*LAYERS, *LOSSES]} - containers


def test_the_record_holds_every_case_that_torch_has() -> None:
    layers = {f"{m}: {c}" for c in LAYERS for m in MODES if c.in_torch}
    layers -= {f"train: {c}" for c in LAYERS if c.random}
    assert set(RECORD) == {"torch", *layers, *(f"loss: {c}" for c in LOSSES)}


# -- gradients --


def layer_error(layer: Layer, mode: str) -> float:
    module = made(layer, np.float32).train(mode == "train")
    return pellucid.check_gradients(module, numbers(layer.shape, 3.0)).error


def loss_error(loss: Loss) -> float:
    module, target = made_loss(loss, np.float32), targets(loss)
    if loss.target == "classes":
        return pellucid.check_gradients(lambda x: module(x, target), predictions(loss)).error
    return pellucid.check_gradients(module, predictions(loss), target).error


@every_layer
@every_mode
def test_layer_gradients(layer: Layer, mode: str) -> None:
    assert layer_error(layer, mode) < 1e-6


@every_loss
def test_loss_gradients(loss: Loss) -> None:
    assert loss_error(loss) < 1e-6


def test_worst_gradient_error_of_all() -> None:
    found = [(layer_error(c, mode), f"{c} ({mode})") for c in LAYERS for mode in MODES]
    error, where = max(found + [(loss_error(c), str(c)) for c in LOSSES])
    print(f"\nworst relative gradient error of {len(found) + len(LOSSES)}: {error:.2g} in {where}")
    assert error < 1e-6


# -- dtypes --


@every_layer
@every_mode
@every_dtype
def test_layers_keep_their_dtype(layer: Layer, mode: str, dtype: Any) -> None:
    module = made(layer, dtype).train(mode == "train")
    x = pellucid.tensor(numbers(layer.shape, 3.0), dtype=dtype, requires_grad=True)
    y = module(x)
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == dtype
    assert {p.dtype for p in module.parameters()} <= {np.dtype(dtype)}
    assert {p.grad.dtype for p in module.parameters()} <= {np.dtype(dtype)}
    assert {b.dtype.name for b in module.buffers()} <= {np.dtype(dtype).name, "int64"}


@every_loss
@every_dtype
def test_losses_keep_their_dtype(loss: Loss, dtype: Any) -> None:
    x = pellucid.tensor(predictions(loss), dtype=dtype, requires_grad=True)
    y = made_loss(loss)(x, targets(loss))  # float64 targets and weights: the predictions decide
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == dtype


@every_layer
def test_layers_leave_their_input_unchanged(layer: Layer) -> None:
    x = numbers(layer.shape, 3.0)
    made(layer)(x)
    np.testing.assert_array_equal(x, numbers(layer.shape, 3.0))


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
    x = pellucid.tensor(numbers(layer.shape, 3.0), dtype=dtype, requires_grad=True)
    y = module(x)
    y.backward(numbers(y.shape, 1.0))
    module(x.detach() * 2 + 1)
    assert list(module.state_dict()) == theirs["keys"]
    assert list(y.shape) == theirs["shape"]
    agree(y, theirs["output"], dtype)
    agree(x.grad, theirs["input gradient"], dtype)
    gradients = {name: p.grad for name, p in module.named_parameters()}
    assert list(gradients) == list(theirs["gradients"])
    for name, g in gradients.items():
        agree(g, theirs["gradients"][name], dtype)
    buffers = dict(module.named_buffers())
    assert list(buffers) == list(theirs["buffers"])
    for name, b in buffers.items():
        agree(b, theirs["buffers"][name], dtype)


@every_loss
@every_dtype
def test_losses_agree_with_torch(loss: Loss, dtype: Any) -> None:
    theirs = RECORD[f"loss: {loss}"]
    x = pellucid.tensor(predictions(loss), dtype=dtype, requires_grad=True)
    y = made_loss(loss, dtype)(x, targets(loss))
    y.backward(numbers(y.shape, 1.0))
    assert list(y.shape) == theirs["shape"]
    agree(y, theirs["output"], dtype)
    agree(x.grad, theirs["input gradient"], dtype)


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
    x = numbers(layer.shape, 3.0)
    np.testing.assert_array_equal(again(x).numpy(), module(x).numpy())


@every_loss
def test_losses_are_described_and_rebuilt(loss: Loss) -> None:
    module = made_loss(loss)
    again = round_trip(module)
    assert nn.describe(again) == nn.describe(module)
    x = predictions(loss)
    y = targets(loss)
    np.testing.assert_array_equal(again(x, y).numpy(), module(x, y).numpy())


# -- laws --


@every_layer
def test_a_batch_of_n_is_n_batches_of_one(layer: Layer) -> None:
    across = layer.options.get("dim") == 0 or layer.options.get("start_dim") == 0
    no_running = layer.options.get("track_running_stats", True) is False
    if len(layer.shape) < 2 or across or no_running:
        return  # one example, or a layer that is meant to look across the batch
    module, x = made(layer).eval(), numbers(layer.shape, 3.0)
    one_by_one = np.concatenate([module(x[i : i + 1]).numpy() for i in range(len(x))])
    np.testing.assert_allclose(module(x).numpy(), one_by_one, rtol=1e-12, atol=1e-14)


@every_layer
def test_layers_repeat_themselves_under_a_step_key(layer: Layer) -> None:
    x, results = numbers(layer.shape, 3.0), []
    for _ in range(2):
        with step_key(3, 1, 4):
            results.append(made(layer)(x).numpy())
    np.testing.assert_array_equal(*results)


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
        made(layer)(numbers(layer.shape, 1.0))
    after = np.random.get_state()  # noqa: NPY002
    assert before[2] == after[2] and (before[1] == after[1]).all()


def test_generators_decide_dropout() -> None:
    x = np.ones((4, 50))
    first, second = (nn.Dropout(0.5, generator=generator(5))(x).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
