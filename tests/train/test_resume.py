"""A run that was cut off goes on to the bits of the run that was not."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import SPLIT, Kill, Killed, network, same, train

import pellucid
from pellucid import data, durable, nn, optim
from pellucid.errors import FormatError, RunError
from pellucid.record import Record
from pellucid.train import Interrupted, Listener, Trainer, checkpoint

# everything that has a state of its own
RICH: dict[str, Any] = {
    "optimizer": "adam",
    "optimizer_options": {"amsgrad": True},
    "schedule": "onecycle",
    "l1": 1e-4,
    "clip_norm": 1.0,
    "label_smoothing": 0.1,
    "checkpoint_seconds": 0.0,
}


def rich_network() -> nn.MLP:
    return network(dropout=0.2, batch_norm=True)


@pytest.mark.parametrize("steps", [1, 4, 6, 7, 11, 17])
def test_killed_at_any_step_and_resumed_gives_the_same_bits(tmp_path: Path, steps: int) -> None:
    whole = train(tmp_path / "whole", rich_network(), **RICH)
    with pytest.raises(Killed):
        train(tmp_path / "cut", rich_network(), listeners=[Kill(steps)], **RICH)
    run = pellucid.resume(tmp_path / "cut", SPLIT.train, SPLIT.validation)
    assert same(run.model, whole.model)
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "optimizer_options": {"momentum": 0.9}, "schedule": "plateau"},
        {"optimizer": "rmsprop", "schedule": "cosine", "warmup": 0.5},
        {"optimizer": "adagrad", "schedule": "step"},
        {"optimizer": "adamw", "schedule": "exponential", "patience": 1},
    ],
)
def test_every_kind_of_state_is_saved(tmp_path: Path, settings: dict[str, Any]) -> None:
    settings = {**settings, "checkpoint_seconds": 0.0, "epochs": 4}
    whole = train(**settings)
    with pytest.raises(Killed):
        train(tmp_path, listeners=[Kill(9)], **settings)
    run = pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    assert same(run.model, whole.model)
    for one, two in zip(whole.record.epochs(), run.record.epochs(), strict=True):
        assert one["validation_loss"] == two["validation_loss"]
        assert one["train_loss"] == two["train_loss"]
        assert one["lr"] == two["lr"]


def test_images_are_augmented_the_same_after_a_resume(tmp_path: Path) -> None:
    parts = data.split(data.digits().subset(range(200)), seed=0)
    settings: dict[str, Any] = {
        "epochs": 2,
        "augment": {"shift": 0.5, "rotate": 5.0},
        "checkpoint_seconds": 0.0,
    }

    def net() -> nn.MLP:
        return nn.MLP([64, 16, 10], generator=np.random.default_rng(0))

    whole = pellucid.fit(net(), parts.train, parts.validation, **settings)
    with pytest.raises(Killed):
        out = {"out": tmp_path, "listeners": [Kill(2)]}
        pellucid.fit(net(), parts.train, parts.validation, **settings, **out)
    assert same(pellucid.resume(tmp_path, parts.train, parts.validation).model, whole.model)


def test_a_finished_run_resumed_stays_as_it_is(tmp_path: Path) -> None:
    run = train(tmp_path)
    again = pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    assert same(run.model, again.model)
    assert len(again.record.epochs()) == 3


def test_the_same_seed_twice_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(tmp_path / name, network(dropout=0.3))
    one, two = ((tmp_path / n / "weights.safetensors").read_bytes() for n in ("a", "b"))
    assert one == two
    train(tmp_path / "c", network(dropout=0.3), seed=6)
    assert (tmp_path / "c" / "weights.safetensors").read_bytes() != one


class _Press(Listener):
    def on_step(self, trainer: Trainer) -> None:
        if trainer.total_steps == 8:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_saves_the_state_and_names_the_way_on(tmp_path: Path) -> None:
    whole = train()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted, match=f"pellucid resume {tmp_path}") as caught:
        train(tmp_path, listeners=[_Press()])
    assert signal.getsignal(signal.SIGINT) is before
    assert isinstance(caught.value, KeyboardInterrupt)
    assert checkpoint.read(tmp_path / "checkpoint.safetensors")["total_steps"] == 8
    assert same(pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation).model, whole.model)


def test_a_full_disk_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train()
    real, calls = durable.write_bytes, []

    def full(path: Path, content: bytes) -> None:
        calls.append(path)
        if Path(path).name == "checkpoint.safetensors" and len(calls) > 4:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(durable, "write_bytes", full)
    with pytest.raises(RunError) as caught:
        train(tmp_path)
    assert str(caught.value) == (
        f"RunError in checkpoint {tmp_path / 'checkpoint.safetensors'}\n"
        "  got:    No space left on device\n"
        "  needs:  room and permission to write; the previous checkpoint is untouched\n"
        f"  try:    make room, then: pellucid resume {tmp_path}"
    )
    monkeypatch.undo()
    assert same(pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation).model, whole.model)


def test_objects_of_ones_own_go_on_through_fit(tmp_path: Path) -> None:
    def session(**more: Any) -> pellucid.Run:
        model = network()
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        schedule = optim.StepLR(optimizer, 1, gamma=0.5)
        return train(model=model, optimizer=optimizer, schedule=schedule, **more)

    whole = session()
    assert [e["lr"] for e in whole.record.epochs()] == [0.1, 0.05, 0.025]
    with pytest.raises(Killed):
        session(out=tmp_path, listeners=[Kill(9)], checkpoint_seconds=0.0)
    with pytest.raises(RunError, match="with its own optimizer, schedule"):
        pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    assert same(session(out=tmp_path, resume=True).model, whole.model)


def test_the_recorded_number_of_threads_is_used_again(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(tmp_path, listeners=[Kill(7)], threads=1)
    config = json.loads((tmp_path / "config.json").read_text())
    config["settings"]["threads"] = None
    (tmp_path / "config.json").write_text(json.dumps(config))
    text = (tmp_path / "record.jsonl").read_text().replace('"threads": 1', '"threads": 2', 1)
    (tmp_path / "record.jsonl").write_text(text)
    from pellucid.train import fitting

    seen: list[int] = []
    real = fitting.threads.limit
    fitting.threads.limit = lambda n: (seen.append(n), real(n))[1]  # type: ignore[assignment]
    try:
        pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    finally:
        fitting.threads.limit = real
    assert seen == [2]
    assert Record.read(tmp_path / "record.jsonl").of("resume")


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(tmp_path, listeners=[Kill(9)])
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    path.write_bytes((tmp_path / "config.json").read_bytes())
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
    pellucid.save(network(), path)
    with pytest.raises(FormatError, match="needs:  format 'pellucid checkpoint 1'"):
        pellucid.resume(tmp_path, SPLIT.train, SPLIT.validation)
