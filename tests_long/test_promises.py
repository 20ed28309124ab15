"""The figures that Pellucid promises on real data: minutes, not seconds, so they stand apart.

Run them with `make long`; PELLUCID_DATA is the folder that holds mnist/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import data, nn, optim

needs_mnist = pytest.mark.skipif(
    not (Path(os.environ.get("PELLUCID_DATA", "")) / "mnist").is_dir(),
    reason="MNIST is not in PELLUCID_DATA",
)


def command(*arguments: str) -> dict[str, Any]:
    """The JSON that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def train(out: Path, *arguments: str) -> float:
    """Test accuracy of `pellucid train`, as `pellucid evaluate` says it; prints the time too."""
    began = time.perf_counter()
    command("train", *arguments, "--out", str(out))
    seconds = time.perf_counter() - began
    accuracy = float(command("evaluate", str(out))["accuracy"])
    print(f"\npellucid train {' '.join(arguments)}: {accuracy:.2%} in {seconds:.1f} s")
    return accuracy


def test_embedded_digits(tmp_path: Path) -> None:
    found = [train(tmp_path / str(s), "digits", "--seed", str(s)) for s in range(5)]
    print(f"mean of 5 seeds: {np.mean(found):.2%}")
    assert np.mean(found) >= 0.975


@needs_mnist
def test_mnist_with_its_defaults(tmp_path: Path) -> None:
    assert train(tmp_path / "run", "mnist") >= 0.985


PLAIN = ("--dropout", "0", "--augment-shift", "0", "--schedule", "constant", "--optimizer", "sgd")


@needs_mnist
def test_mnist_plain_sgd_30_epochs(tmp_path: Path) -> None:
    accuracy = train(
        tmp_path / "run", "mnist", *PLAIN,
        "--layers", "128,64", "--lr", "0.1", "--batch-size", "64", "--epochs", "30",
    )  # fmt: skip
    assert accuracy >= 0.975


@needs_mnist
def test_mnist_one_hidden_layer_with_momentum_10_epochs(tmp_path: Path) -> None:
    accuracy = train(
        tmp_path / "run", "mnist", *PLAIN, "--momentum", "0.9",
        "--layers", "64", "--lr", "0.03", "--batch-size", "64", "--epochs", "10",
    )  # fmt: skip
    assert accuracy >= 0.970


@needs_mnist
def test_an_eager_epoch_of_mnist() -> None:
    parts = data.split(data.load("mnist"), validation=0.1, seed=0)
    run = pellucid.fit(nn.MLP([784, 128, 64, 10]), parts.train, epochs=4, optimizer="adam")
    seconds = [e["seconds"] * 60_000 / 54_000 for e in run.record.epochs()]
    print(f"\n60,000 images, 784-128-64-10, batch 64, Adam: {np.median(seconds):.2f} s an epoch")
    assert np.isfinite(seconds).all()


def test_xor_is_solved_for_100_of_100_seeds() -> None:
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([[0.0], [1], [1], [0]], np.float32)
    assert sum(solves_xor(seed, x, y) for seed in range(100)) == 100


def solves_xor(seed: int, x: Any, y: Any) -> bool:
    """One hidden layer of 4 tanh units, full batch, SGD 0.1 with momentum 0.9, 1,500 steps."""
    pellucid.manual_seed(seed)
    net = nn.MLP([2, 4, 1], "tanh")
    sgd, loss = optim.SGD(net.parameters(), lr=0.1, momentum=0.9), nn.BCEWithLogitsLoss()
    for _ in range(1500):
        sgd.zero_grad()
        loss(net(x), y).backward()
        sgd.step()
    return bool(((net(x).numpy() > 0) == (y > 0.5)).all())
