"""A GAN: one network forges digits, another tells them from real ones; a third one judges both.

    python examples/forger_and_critic.py                         # the embedded digits, seconds
    python examples/forger_and_critic.py --data mnist --epochs 8 # some minutes

The judge is a classifier that has seen real digits alone: how many of the forged ones does it read,
more than 80 % sure, and is every digit among them? Without the judge it is one line:
pellucid train mnist --model gan, and then pellucid generate RUN.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import pellucid
from pellucid import data, models, nn
from pellucid.data import Arrays
from pellucid.data.pictures import bring_to_unit
from pellucid.models.latent import decoded, drawn
from pellucid.report.pictures import as_bytes, png, sheet
from pellucid.train import Listener

COUNT, SURE = 2000, 0.8


class Players(Listener):
    """After each epoch: what the critic took for real."""

    def on_epoch(self, trainer, event):
        real, made = event["train_recognised"], event["train_deceived"]
        print(f"{event['epoch']:>3}  called real: {real:.1%} of the real, {made:.1%} of the forged")


def main() -> None:
    """Let the two play, let the third one judge, and put a sheet of forged digits into a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("forged_digits.png"))
    chosen = parser.parse_args()

    digits = data.load(chosen.data)
    train, validation, test = data.split(digits, seed=0)

    pellucid.manual_seed(0)
    judge = nn.MLP([digits.x[0].size, 256, 128, len(digits.classes)])
    judge = pellucid.fit(judge, train, validation, schedule="onecycle", epochs=15)
    print(f"the judge reads {judge.evaluate(test)['accuracy']:.1%} of the real test digits")

    gan = models.GAN(digits.shape)
    forged = pellucid.fit(
        gan,
        Arrays(train.x, train.x),
        task="adversarial",
        preparation=bring_to_unit(digits),
        lr=0.001,
        optimizer_options={"betas": (0.5, 0.999)},
        batch_size=64,
        epochs=chosen.epochs,
        listeners=[Players()],
    )
    pictures = as_bytes(decoded(forged.model, drawn(forged.model, COUNT, "forged")))

    levels = np.rint(pictures * (digits.maximum / 255)).astype(train.x.dtype)  # as the judge knows
    shares = judge.predict_proba(levels)
    sure = shares.max(axis=1) > SURE
    counts = np.bincount(shares.argmax(axis=1)[sure], minlength=len(digits.classes))
    print(f"and {sure.mean():.1%} of the forged ones, more than {SURE:.0%} sure: {counts.tolist()}")
    chosen.out.write_bytes(png(sheet(pictures[:96], 16), zoom=3))
    print(f"{chosen.out}: the first 96, nothing chosen")


if __name__ == "__main__":
    main()
