"""What an independent classifier says of pictures that networks made: MNIST, minutes a network.

Run it with `make hours`, or alone:

    PELLUCID_DATA=folder python -m pytest tests_long/test_pictures.py -s
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import data
from pellucid.data.pictures import pictures_of
from pellucid.models.latent import decoded, drawn
from pellucid.report.pictures import as_bytes
from pellucid.train import Run

pytestmark = [
    pytest.mark.hours,
    pytest.mark.skipif(
        not (Path(os.environ.get("PELLUCID_DATA", "")) / "mnist").is_dir(),
        reason="MNIST is not in PELLUCID_DATA",
    ),
]
COUNT, SURE = 5000, 0.8


def train(folder: Path, *words: str) -> Run:
    """`pellucid train mnist`, loaded again."""
    command = [sys.executable, "-m", "pellucid", "train", "mnist", *words, "--out", str(folder)]
    subprocess.run([*command, "--quiet"], check=True)
    return pellucid.load(folder)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A classifier that has seen no made picture: 98 % of the test part or better."""
    run = train(tmp_path_factory.mktemp("judge") / "run")
    right = run.evaluate(data.load("mnist").test)["accuracy"]  # type: ignore[arg-type]
    print(f"\nthe judge reads {right:.2%} of the test part")
    assert right >= 0.98
    return run


def judged(judge: Run, pictures: Any) -> tuple[float, Any]:
    """The share of pictures read with confidence over 0.8, and how many of each class they are."""
    shares = judge.predict_proba(pictures)
    sure = shares.max(axis=1) > SURE
    return float(sure.mean()), np.bincount(shares.argmax(axis=1)[sure], minlength=10)


def drawn_pictures(run: Run) -> Any:
    """uint8 pictures, nothing chosen among them."""
    return as_bytes(decoded(run.model, drawn(run.model, COUNT, 0, "generate")))


def test_pictures_of_the_gan_are_recognised(tmp_path: Path, judge: Run) -> None:
    share, classes = judged(judge, drawn_pictures(train(tmp_path / "gan", "--model", "gan")))
    print(f"\nGAN: {share:.1%} of {COUNT:,} read with confidence over {SURE}; {classes.tolist()}")
    assert share >= 0.8
    assert classes.min() >= 0.01 * COUNT


def test_pictures_of_the_vae_are_recognised(tmp_path: Path, judge: Run) -> None:
    share, classes = judged(judge, drawn_pictures(train(tmp_path / "vae", "--model", "vae")))
    print(f"\nVAE: {share:.1%} of {COUNT:,} read with confidence over {SURE}; {classes.tolist()}")
    assert share >= 0.7
    assert classes.min() > 0


def test_cleaned_pictures_are_read_as_well_as_clean_ones(tmp_path: Path, judge: Run) -> None:
    run = train(tmp_path / "run", "--model", "denoising")
    parts = data.split(data.load("mnist"), seed=0)
    noisy = pictures_of(parts, 0.5, 0).test
    assert noisy is not None and parts.test is not None
    read = {
        name: float((judge.predict(x) == judge.labels[parts.test.y]).mean())
        for name, x in (("noisy", noisy.x), ("cleaned", as_bytes(run.predict(noisy.x))))
    }
    print(f"\nread rightly: {read['noisy']:.2%} noisy, {read['cleaned']:.2%} cleaned")
    assert read["cleaned"] >= 0.95 and read["cleaned"] > read["noisy"]
