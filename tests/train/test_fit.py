"""fit: what it learns, measures, restores and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import SPLIT, Kill, Killed, network, same, train

import pellucid
from pellucid import data, nn, optim
from pellucid.errors import (
    DataError,
    DtypeError,
    FormatError,
    OptionError,
    RunError,
    ShapeError,
)
from pellucid.train import Listener, Trainer


def test_it_learns_and_restores_the_best_weights() -> None:
    seen: list[tuple[float, float, dict[str, Any]]] = []

    class Note(Listener):
        def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
            key = 1 - event["validation_accuracy"], event["validation_loss"]
            seen.append((*key, trainer.model.state_dict()))

    run = train(epochs=12, lr=0.05, listeners=[Note()])
    best = min(range(12), key=lambda i: seen[i][:2])
    assert run.best_epoch == run.record.best_epoch == best + 1
    for name, array in run.model.state_dict().items():
        assert np.array_equal(array, seen[best][2][name])
    assert not run.model.training
    assert run.evaluate(SPLIT.test)["accuracy"] > 0.8


def test_early_stopping_stops_and_restores() -> None:
    run = train(epochs=200, lr=0.2, patience=3)
    epochs = len(run.record.epochs())
    assert run.best_epoch is not None
    assert epochs == run.best_epoch + 3 < 200
    assert run.record.of("stop")[0]["reason"] == "no better validation result for 3 epochs"


def test_without_validation_the_last_weights_stay() -> None:
    run = pellucid.fit(network(), SPLIT.train, epochs=2)
    assert run.best_epoch is None
    assert "validation_loss" not in run.record.epochs()[0]


def test_weights_a_few_bits_apart_have_a_histogram(tmp_path: Path) -> None:
    """As those of a batch norm after a step of next to nothing: 40 bins do not fit between them."""
    model = network()
    model[0].bias.data[...] = 1 + np.arange(8, dtype=np.float32) * 1e-7
    run = train(tmp_path / "run", model, optimizer=optim.SGD(model.parameters(), lr=0.0), epochs=1)
    told = next(e for e in run.record.of("histogram") if e["name"] == "0.bias")
    assert sum(told["counts"]) == 8
    assert told["edges"][0] < 1 < told["edges"][-1]


def test_the_training_loss_weighs_samples_not_batches() -> None:
    """180 rows in batches of 100 and 80, the network frozen: the mean over all rows."""
    model = network()
    frozen = optim.SGD(model.parameters(), lr=0.0)
    run = train(model=model, optimizer=frozen, batch_size=100, epochs=1)
    preparation = run.problem.preparation
    assert preparation is not None
    x = preparation.transform(SPLIT.train.x)
    whole = nn.CrossEntropyLoss()(model(x), SPLIT.train.y).item()
    assert run.record.epochs()[0]["train_loss"] == pytest.approx(whole, rel=1e-6)


def test_the_validation_part_is_measured_and_never_trained_on() -> None:
    poisoned = data.Data(
        SPLIT.validation.x * 1e6 + 7, SPLIT.validation.y, "classification", SPLIT.train.classes
    )
    clean, other = (
        train(),
        pellucid.fit(
            network(),
            SPLIT.train,
            poisoned,
            epochs=3,
            batch_size=32,
            seed=5,
            monitor="validation_loss",
        ),
    )
    one, two = clean.record.epochs(), other.record.epochs()
    assert [e["train_loss"] for e in one] == [e["train_loss"] for e in two]
    assert one[0]["validation_loss"] != two[0]["validation_loss"]


def test_measured_losses_are_plain_though_training_is_smoothed() -> None:
    run = train(label_smoothing=0.3, epochs=1)
    part = SPLIT.validation
    x = run.problem.preparation.transform(part.x)
    plain = nn.CrossEntropyLoss()(run.model(x), part.y).item()
    assert run.record.epochs()[0]["validation_loss"] == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adagrad", "adam", "adamw"])
def test_every_optimizer_lowers_the_loss(name: str) -> None:
    losses = [e["train_loss"] for e in train(optimizer=name, epochs=6).record.epochs()]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("schedule", "options", "expected"),
    [
        ("constant", {}, [1.0, 1.0, 1.0, 1.0]),
        ("step", {"every": 2, "gamma": 0.5}, [1.0, 1.0, 0.5, 0.5]),
        ("multistep", {"milestones": [1, 3], "gamma": 0.1}, [1.0, 0.1, 0.1, 0.01]),
        ("exponential", {"gamma": 0.5}, [1.0, 0.5, 0.25, 0.125]),
    ],
)
def test_schedules_by_epochs(schedule: str, options: Any, expected: list[float]) -> None:
    run = train(optimizer="sgd", lr=1.0, schedule=schedule, schedule_options=options, epochs=4)
    assert [e["lr"] for e in run.record.epochs()] == pytest.approx(expected)


def test_warm_up_rises_from_small_to_the_base() -> None:
    rates: list[float] = []

    class Note(Listener):
        def on_step(self, trainer: Trainer) -> None:
            rates.append(trainer.lr)

    train(lr=1e-2, warmup=1.0, epochs=2, listeners=[Note()])
    assert rates[:6] == pytest.approx([1e-2 * (i + 1) / 7 for i in range(6)])
    assert rates[6:] == pytest.approx([1e-2] * 6)


def test_plateau_lowers_the_rate_when_nothing_improves() -> None:
    run = train(
        optimizer="sgd",
        lr=1e-9,
        schedule="plateau",
        schedule_options={"patience": 0, "factor": 0.5, "threshold": 0.1},
        epochs=4,
    )
    assert [e["lr"] for e in run.record.epochs()] == pytest.approx(
        [1e-9, 1e-9, 1e-9, 1e-9]
    )  # changes below 1e-8 are left alone
    run = train(
        optimizer="sgd",
        lr=1e-6,
        schedule="plateau",
        schedule_options={"patience": 0, "factor": 0.5, "threshold": 0.1},
        epochs=4,
    )
    assert [e["lr"] for e in run.record.epochs()] == pytest.approx([1e-6, 1e-6, 5e-7, 2.5e-7][:4])


def test_clipping_and_penalties_change_the_course() -> None:
    plain = train()
    for settings in ({"clip_norm": 0.1}, {"clip_value": 0.001}, {"l1": 0.1}, {"l2": 0.1}):
        assert not same(train(**settings).model, plain.model)
    large = sum(float(abs(p.data).sum()) for p in plain.model.parameters())
    small = sum(float(abs(p.data).sum()) for p in train(l1=0.1, epochs=20).model.parameters())
    assert small < large


def test_regression_is_scaled_and_measured_in_the_targets_units() -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    raw = data.from_arrays(x, 1000 + 500 * x[:, 0], task="regression")
    parts = data.split(raw, seed=0)
    run = pellucid.fit(nn.MLP([1, 16, 1]), parts.train, parts.validation, epochs=60, lr=0.01)
    result = run.evaluate(parts.test)
    assert result["r2"] > 0.99
    assert run.predict(np.array([[0.5]])) == pytest.approx([1250], abs=30)
    truth = parts.validation.y
    rmse = np.sqrt(np.mean((run.predict(parts.validation.x) - truth) ** 2))
    best = run.record.epochs()[run.best_epoch - 1]
    assert best["validation_rmse"] == pytest.approx(rmse, rel=1e-4)


def test_one_output_is_a_binary_classifier() -> None:
    run = pellucid.fit(nn.MLP([2, 8, 1]), SPLIT.train, SPLIT.validation, epochs=20, lr=0.02)
    assert run.evaluate(SPLIT.test)["accuracy"] > 0.8
    p = run.predict_proba(SPLIT.test.x)
    assert p.shape == (len(SPLIT.test), 2)
    assert np.array_equal(run.predict(SPLIT.test.x), run.labels[(p[:, 1] > 0.5).astype(int)])


def test_arrays_are_used_as_they_are_in_the_modules_dtype() -> None:
    x, y = SPLIT.train.x.astype(np.float64), SPLIT.train.y
    run = pellucid.fit(network(), (x, y), epochs=1)
    assert run.model(x).dtype == np.float32
    model = network(dtype=np.float64)
    pellucid.fit(model, (x, y), epochs=1)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}


def test_a_last_batch_of_one_joins_its_neighbour_under_batch_norm() -> None:
    part = SPLIT.train.subset(range(65))
    pellucid.fit(network(batch_norm=True), part, epochs=1, batch_size=32)
    sizes: list[int] = []
    model = network(batch_norm=True)
    model.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    pellucid.fit(model, part, epochs=1, batch_size=32, engine="eager")
    assert sizes == [32, 33]


def test_batch_size_from_one_to_all() -> None:
    for size, steps in ((1, 180), ("all", 1)):
        assert train(batch_size=size, epochs=1).record.epochs()[0]["step"] == steps


def test_class_weights_and_their_refusals() -> None:
    assert not same(train(class_weights=[1.0, 5.0]).model, train().model)
    train(class_weights="balanced")
    with pytest.raises(OptionError, match="needs:  'balanced' or 2 numbers, one a class"):
        train(class_weights=[1.0, 2.0, 3.0])


def test_a_loss_and_an_optimizer_of_ones_own() -> None:
    def squared(prediction: Any, target: Any) -> Any:
        onehot = np.eye(2, dtype=np.float32)[target.data]
        return ((prediction.softmax(axis=1) - onehot) ** 2).mean()

    with pytest.warns(UserWarning, match="the step runs eagerly, since it cannot be written"):
        run = train(loss=squared, optimizer=lambda params: optim.SGD(params, lr=0.5), epochs=10)
    losses = [e["train_loss"] for e in run.record.epochs()]
    assert losses[-1] < losses[0]


def test_frozen_parameters_stay() -> None:
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.data.copy()
    train(model=model)
    assert np.array_equal(model[0].weight.data, before)


def test_numpys_global_generator_is_left_alone() -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the one that must not be touched
    train(model=network(dropout=0.5))
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"epoch": 3}, FormatError, "did you mean 'epochs'?"),
        ({"optimizer": "adm"}, OptionError, "did you mean 'adam'?"),
        ({"loss": "cross-entropy"}, OptionError, "did you mean 'cross_entropy'?"),
        ({"schedule": "cosin"}, OptionError, "did you mean 'cosine'?"),
        ({"schedule": "step", "schedule_options": {"gama": 1}}, OptionError, "mean 'gamma'?"),
        ({"loss": "mse"}, OptionError, "got:    a classification"),
        ({"loss": "bce", "label_smoothing": 0.1}, OptionError, "needs:  the loss cross_entropy"),
        ({"optimizer_options": {"momentum": 0.9}}, OptionError, "options that Adam has"),
        ({"epochs": 0}, OptionError, "epochs=0"),
        ({"lr": -1.0}, OptionError, "lr=-1.0"),
        ({"batch_size": 1000}, DataError, "a batch of 1,000 from 180 rows"),
        ({"augment": {"shift": 1}}, OptionError, "needs:  images"),
        ({"monitor": "accuracy"}, OptionError, "one of auto, validation_accuracy"),
    ],
)
def test_bad_settings(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        train(**settings)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("x", "y", "error", "text"),
    [
        (np.zeros((4, 2)), np.array([0, 1, 0]), DataError, "4 inputs and 3 targets"),
        (np.zeros((0, 2)), np.zeros(0, int), DataError, "one class only, none"),
        (np.zeros((4, 2)), np.zeros(4, int), DataError, "one class only, 0"),
        (
            np.array([[0, 1], [np.nan, 1]]),
            np.array([0, 1]),
            DataError,
            "infinite values, at (1, 0)",
        ),
        (np.zeros((4, 2)), np.array([0, 1, 2, 1]), DataError, "label 2"),
        (np.zeros((4, 2)), np.array(list("abab")), DtypeError, "labels of dtype <U1"),
        (np.zeros((4, 2)), np.eye(4, dtype=int), ShapeError, "y.argmax(axis=1)"),
        (np.zeros((4, 3)), np.array([0, 1, 0, 1]), ShapeError, "net.0 (Linear 2 -> 8)"),
    ],
)
def test_bad_arrays(x: Any, y: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        pellucid.fit(network(), (x, y), epochs=1, batch_size="all")
    assert text in str(caught.value)


def test_columns_of_predictions_are_not_broadcast_against_rows_of_targets() -> None:
    x = np.zeros((4, 2))
    with pytest.raises(ShapeError) as caught:
        pellucid.fit(nn.MLP([2, 4, 1]), (x, np.zeros(4)), epochs=1, batch_size="all")
    assert str(caught.value) == (
        "ShapeError in mse_loss\n"
        "  got:    predictions of shape (4, 1) and targets of shape (4,)\n"
        "  needs:  equal shapes: broadcasting would compare each prediction with every target\n"
        "  try:    targets.reshape(-1, 1), or predictions.reshape(4)"
    )


def test_a_listener_that_fails_is_not_hidden() -> None:
    with pytest.raises(Killed):
        train(listeners=[Kill(2)])


def test_one_hot_and_probability_targets_are_classes() -> None:
    x, y = SPLIT.train.x.astype(np.float32), SPLIT.train.y
    onehot = np.eye(2, dtype=np.float32)[y]
    run = pellucid.fit(network(), (x, onehot), (x, onehot), epochs=20, lr=0.02, batch_size=32)
    assert run.task == "classification"
    accuracy = run.evaluate((x, onehot))["accuracy"]
    assert accuracy == pytest.approx(np.mean(run.predict(x) == y))
    assert accuracy == pytest.approx(run.record.epochs()[run.best_epoch - 1]["validation_accuracy"])
    numbers = pellucid.fit(network(), (x, onehot), loss="mse", epochs=1)
    assert numbers.task == "regression"


def test_a_run_is_not_overwritten_by_mistake(tmp_path: Path) -> None:
    train(tmp_path)
    before = (tmp_path / "weights.safetensors").read_bytes()
    with pytest.raises(RunError, match=r"a folder that holds a run\n.*\n.*overwrite=True"):
        train(tmp_path, seed=9)
    assert (tmp_path / "weights.safetensors").read_bytes() == before
    train(tmp_path, seed=9, overwrite=True)
    assert (tmp_path / "weights.safetensors").read_bytes() != before


def test_an_optimizer_of_another_network_is_refused() -> None:
    with pytest.raises(OptionError, match="parameters that are not of this MLP"):
        train(optimizer=optim.SGD(network().parameters(), lr=0.1))
