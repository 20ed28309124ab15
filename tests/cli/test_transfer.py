"""`pellucid train --from`: weights taken over, layers that stand still, rates of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as library
from pellucid import data, nn
from pellucid.interop import load_arrays

SMALL = ("--layers", "16,8", "--batch-norm", "--epochs", 2)


def some_digits(path: Path, classes: range) -> Path:
    """A .npz of these digits alone."""
    digits = data.load("digits")
    chosen = np.isin(digits.y, list(classes))
    np.savez(path, x=digits.x[chosen], y=digits.y[chosen])
    return path


def told(answer: Any, label: str) -> str:
    lines = [line for line in answer.out.splitlines() if line.startswith(label)]
    return lines[0].removeprefix(label).strip() if lines else ""


def test_from_a_run_with_other_classes(pellucid: Any, tmp_path: Path) -> None:
    low = some_digits(tmp_path / "low.npz", range(5))
    high = some_digits(tmp_path / "high.npz", range(5, 9))
    assert pellucid("train", low, *SMALL, "--out", "a").code == 0
    answer = pellucid("train", high, "--from", "a", "--freeze", "body", "--epochs", 2, "--out", "b")
    assert answer.code == 0, answer.err
    assert told(answer, "network") == "64-16-8-4, relu, batch norm, dropout 0.1; 1,260 parameters"
    assert told(answer, "from") == "a: 14 arrays taken over; a new head: 8.weight, 8.bias"
    assert told(answer, "frozen") == "0, 1, 4, 5: 1,224 parameters stand still"
    assert told(answer, "norms").startswith("1, 5: frozen, so by the statistics that it has")
    before, after = library.load("a"), library.load("b")
    assert after.problem.preparation.maximum == before.problem.preparation.maximum
    for name, array in before.model.state_dict().items():
        if not name.startswith("8."):
            assert np.array_equal(after.model.state_dict()[name], array), name
    for command in (("evaluate", "b"), ("explain", "b"), ("write", "b"), ("summary", "b")):
        assert pellucid(*command).code == 0, command
    losses = subprocess.run(
        [sys.executable, "step.py"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [float(line.split()[-1]) for line in losses] == [
        e["train_loss"] for e in after.record.epochs()
    ]
    assert pellucid("write", "b", "--inference").code == 0


def test_rates_of_the_layers_reach_step_py(pellucid: Any, tmp_path: Path) -> None:
    low = some_digits(tmp_path / "low.npz", range(3))
    pellucid("train", low, *SMALL, "--out", "a")
    rates = ("--body-lr", 0.2, "--layer-decay", 0.5, "--schedule", "plateau")
    answer = pellucid("train", low, "--from", "a", *rates, "--epochs", 3, "--out", "b")
    assert answer.code == 0, answer.err
    assert told(answer, "from") == "a: 16 arrays taken over"
    shares = "0.2 of the head's before the head, 0.5 of the next layer's in each layer"
    assert told(answer, "rates") == shares
    assert "eagerly" not in answer.err
    assert pellucid("write", "b").code == 0
    done = subprocess.run([sys.executable, "step.py"], capture_output=True, text=True, check=True)
    losses = [float(line.split()[-1]) for line in done.stdout.splitlines()]
    assert losses == [e["train_loss"] for e in library.load("b").record.epochs()]


def test_from_a_file_of_weights(pellucid: Any, tmp_path: Path) -> None:
    """A file as PyTorch writes it: names and arrays, no note of the network."""
    net = nn.MLP([64, 16, 8, 10], generator=np.random.default_rng(5))
    library.save(net, tmp_path / "net.safetensors")
    layers = ("--layers", "16,8", "--epochs", 1, "--lr", 1e-12, "--dropout", 0)
    answer = pellucid(
        "train", "digits", "--from", "net.safetensors", *layers, "--out", "a", "--optimizer", "sgd"
    )
    assert answer.code == 0, answer.err
    assert told(answer, "from") == "net.safetensors: 6 arrays taken over"
    initial, _ = load_arrays(Path("a/initial.safetensors"))
    for name, array in net.state_dict().items():
        assert np.array_equal(initial[name], array)
    again = pellucid("train", "digits", "--from", "net.safetensors", "--new-head", *layers)
    assert told(again, "from").endswith("a new head: 4.weight, 4.bias")


def test_what_does_not_fit(pellucid: Any, tmp_path: Path) -> None:
    library.save(nn.MLP([64, 12, 8, 10]), tmp_path / "net.safetensors")
    pellucid("train", "xor", "--epochs", 1, "--out", "xor")
    (tmp_path / "hello.txt").write_text("hello, hello, is anybody there? " * 40)
    np.savez(tmp_path / "wide.npz", x=np.zeros((40, 9, 9), np.uint8) + 3, y=np.arange(40) % 2)
    pellucid("train", "digits", *SMALL, "--out", "digits-run")
    small = ("--width", 8, "--heads", 1, "--layers", 1, "--context", 8, "--steps", 1)
    pellucid("train", "hello.txt", "--model", "gpt", *small, "--epochs", 1, "--out", "gpt")
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04rest")
    for words, texts in (
        (
            ("digits", "--from", "net.safetensors", "--layers", "16,8"),
            (
                "FormatError in --from net.safetensors",
                "misshapen: 0.weight (12, 64), the network",
                "of this network: 0.weight, 0.bias, 3.weight, 3.bias, 6.weight, 6.bias",
            ),
        ),
        (("digits", "--from", "nowhere"), ("nowhere", "no such file")),
        (("digits", "--from", "model.pt"), ("a zip archive", "safetensors.torch.save_file")),
        (
            ("hello.txt", "--from", "xor"),
            ("a run of the kind 'samples'", "one of the kind 'text'"),
        ),
        (
            ("digits", "--from", "gpt"),
            ("RunError in --from gpt", "a run of the kind 'text'", "one of the kind 'samples'"),
        ),
        (
            ("wide.npz", "--from", "digits-run"),
            ("samples of shape (9, 9)", "samples of shape (8, 8), as the run had"),
        ),
        (("digits", "--new-head"), ("a network that is all new", "--from RUN")),
        (("digits", "--freeze", "body"), ("--freeze", "a network that is all new", "--from RUN")),
        (("digits", "--body-lr", 0.1), ("--body-lr", "a network that is all new")),
        (("digits", "--layer-decay", 0.5), ("--layer-decay", "a network that is all new")),
        (
            ("digits", "--from", "digits-run", "--freeze", "conv*"),
            ("'conv*'", "'body', or the names of layers: 0, 1, 4"),
        ),
        (
            ("digits", "--from", "digits-run", "--freeze", "all"),
            ("a network whose parameters all stand still",),
        ),
        (
            ("digits", "--from", "digits-run", "--body-lr", 0),
            ("body_lr=0.0", "a finite number above 0"),
        ),
    ):
        answer = pellucid("train", *words)
        assert answer.code == 2 or answer.code == 1, words
        for text in texts:
            assert text in " ".join(answer.err.split()), (words, text, answer.err)


def test_a_killed_run_goes_on_from_the_weights_that_it_took_over(tmp_path: Path) -> None:
    """Killed before its first checkpoint and after one: the bits of a run that was not."""
    env = {**os.environ, "NO_COLOR": "1"}

    def command(*words: object) -> list[str]:
        return [sys.executable, "-m", "pellucid", *map(str, words)]

    def run(*words: object) -> None:
        subprocess.run(command(*words), check=True, capture_output=True, cwd=tmp_path, env=env)

    run("train", "digits", *SMALL, "--out", "a")
    more = ("--from", "a", "--new-head", "--freeze", "0", "--body-lr", 0.5, "--epochs", 60)
    run("train", "digits", *more, "--out", "whole")
    cut = command("train", "digits", *more, "--out", "cut", "--checkpoint-seconds", 0.01)
    process = subprocess.Popen(cut, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
    while not (tmp_path / "cut" / "checkpoint.safetensors").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run("resume", "cut")
    early = tmp_path / "early"  # as if it had been killed before its first step
    early.mkdir()
    for name in ("config.json", "initial.safetensors"):
        (early / name).write_bytes((tmp_path / "cut" / name).read_bytes())
    run("resume", "early")
    weights = [
        (tmp_path / n / "weights.safetensors").read_bytes() for n in ("whole", "cut", "early")
    ]
    assert weights[0] == weights[1] == weights[2]
    noted = json.loads((tmp_path / "whole" / "config.json").read_text())["note"]
    assert noted["start"] == {"from": "a"}
