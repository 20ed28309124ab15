"""The written program and the eager network, as engines of the same training: the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import Kill, Killed, network, same, train

import pellucid
from pellucid import nn, optim
from pellucid.errors import OptionError
from pellucid.train import Listener, Trainer

SETTINGS: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"schedule": "step"},
    "multistep": {"schedule": "multistep", "schedule_options": {"milestones": [1, 2]}},
    "exponential": {"schedule": "exponential"},
    "cosine and warm-up": {"schedule": "cosine", "warmup": 0.5},
    "one cycle, Adam": {"schedule": "onecycle"},
    "one cycle, momentum": {
        "schedule": "onecycle",
        "optimizer": "sgd",
        "optimizer_options": {"momentum": 0.9},
    },
    "plateau": {"schedule": "plateau", "schedule_options": {"patience": 0}},
    "linear, Adamax": {"schedule": "linear", "optimizer": "adamax"},
    "polynomial, NAdam": {"schedule": "polynomial", "optimizer": "nadam"},
    "restarts, RAdam": {
        "schedule": "restarts",
        "schedule_options": {"every": 0.5, "T_mult": 2, "eta_min": 1e-4},
        "optimizer": "radam",
    },
    "cyclic, NAdam": {
        "schedule": "cyclic",
        "schedule_options": {"every": 1, "mode": "triangular2", "div_factor": 4},
        "optimizer": "nadam",
    },
    "cyclic, momentum": {
        "schedule": "cyclic",
        "warmup": 0.5,
        "optimizer": "sgd",
        "optimizer_options": {"momentum": 0.9},
    },
    "one cycle, ASGD": {"schedule": "onecycle", "optimizer": "asgd"},
    "Adadelta": {"optimizer": "adadelta", "optimizer_options": {"weight_decay": 1e-3}},
    "Rprop": {"optimizer": "rprop"},
    "penalties and clips": {"l1": 1e-3, "l2": 1e-3, "clip_norm": 0.5, "clip_value": 0.1},
    "smoothing and weights": {"label_smoothing": 0.1, "class_weights": "balanced"},
}


def rich() -> nn.MLP:
    return network(dropout=0.2, batch_norm=True)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_two_engines_give_the_same_bits_and_record(name: str) -> None:
    runs = [train(model=rich(), engine=e, **SETTINGS[name]) for e in ("program", "eager")]
    assert same(runs[0].model, runs[1].model)
    for one, two in zip(runs[0].record.epochs(), runs[1].record.epochs(), strict=True):
        timed = ("time", "seconds", "samples_per_second")
        assert {k: v for k, v in one.items() if k not in timed} == {
            k: v for k, v in two.items() if k not in timed
        }
    one, two = (run.record.histograms("gradient") for run in runs)
    assert [e["counts"] for e in one["0.weight"]] == [e["counts"] for e in two["0.weight"]]


def test_a_run_may_go_on_with_the_other_engine(tmp_path: Path) -> None:
    whole = train(model=rich())
    settings: dict[str, Any] = {"checkpoint_seconds": 0.0, "engine": "eager"}
    with pytest.raises(Killed):
        train(tmp_path, rich(), listeners=[Kill(8)], **settings)
    run = train(tmp_path, rich(), resume=True, engine="program")
    assert same(run.model, whole.model)


def test_what_cannot_be_written_runs_eagerly_and_says_so_once() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(2, 2, generator=np.random.default_rng(0))

        def forward(self, x: Any) -> Any:
            z = self.a(x)
            return z if float(z.data.sum()) > 0 else z * 2

    with pytest.warns(UserWarning, match="runs eagerly") as warned:
        run = train(model=Branching())
    assert len([w for w in warned if w.category is UserWarning]) == 1
    assert same(run.model, train(model=Branching(), engine="eager").model)


def test_a_network_that_a_listener_changes_is_written_again() -> None:
    class Freeze(Listener):
        def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
            trainer.model.get_submodule("0").requires_grad_(False)

    runs = [train(engine=e, listeners=[Freeze()]) for e in ("program", "eager")]
    assert same(runs[0].model, runs[1].model)


def test_own_optimizers_with_groups_are_written() -> None:
    def run(engine: str) -> pellucid.Run:
        model = network()
        groups = [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}]
        return train(model=model, optimizer=optim.SGD(groups, lr=0.1), engine=engine)

    assert same(run("program").model, run("eager").model)


def test_groups_that_remember_other_things_run_eagerly() -> None:
    def run(engine: str) -> pellucid.Run:
        model = network()
        first = {"params": model[0].parameters(), "momentum": 0.9}
        groups = [first, {"params": model[2].parameters()}]
        return train(model=model, optimizer=optim.SGD(groups, lr=0.1), engine=engine)

    with pytest.warns(UserWarning, match="not all updated alike"):
        one = run("program")
    assert same(one.model, run("eager").model)


def test_lbfgs_runs_eagerly_says_so_once_and_may_be_resumed(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"optimizer": "lbfgs", "batch_size": "all", "epochs": 4}
    with pytest.warns(UserWarning, match="looks at the loss several times in one step") as warned:
        run = train(**settings)
    assert len(warned) == 1
    losses = [epoch["train_loss"] for epoch in run.record.epochs()]
    assert losses[-1] < 0.1 * losses[0]
    again = train(**settings, engine="eager")
    assert same(run.model, again.model)
    with pytest.raises(Killed):
        train(tmp_path, **settings, engine="eager", checkpoint_seconds=0.0, listeners=[Kill(2)])
    resumed = train(tmp_path, **settings, engine="eager", resume=True)
    assert same(run.model, resumed.model)


def test_lbfgs_draws_the_same_dropout_in_all_looks_of_a_step() -> None:
    run = train(model=rich(), optimizer="lbfgs", batch_size="all", engine="eager", epochs=2)
    losses = [epoch["train_loss"] for epoch in run.record.epochs()]
    assert losses[1] < losses[0]


@pytest.mark.parametrize(("kind", "steps"), [("CyclicLR", 18), ("LambdaLR", 3)])
def test_own_schedules_move_once_a_step_or_once_an_epoch(kind: str, steps: int) -> None:
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    arguments: dict[str, Any] = {
        "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4},
        "LambdaLR": {"lr_lambda": lambda t: 1 / (1 + t)},
    }
    schedule = getattr(optim, kind)(optimizer, **arguments[kind])
    train(model=model, optimizer=optimizer, schedule=schedule)
    assert schedule.last_epoch == steps


def test_an_engine_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match="did you mean 'program'"):
        train(engine="programme")
