"""New handwritten digits: a variational autoencoder learns them, then draws some of its own.

    python examples/new_digits.py                          # the embedded digits, half a minute
    python examples/new_digits.py --data mnist --epochs 30

The same job in one line: pellucid train mnist --model vae, and then pellucid generate RUN.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import pellucid
from pellucid import data, models
from pellucid.data import Arrays
from pellucid.data.pictures import bring_to_unit
from pellucid.models.latent import decoded, drawn
from pellucid.report.pictures import as_bytes, png, sheet


def main() -> None:
    """Learn, look at how good the copies are, draw new pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("new_digits.png"))
    chosen = parser.parse_args()

    digits = data.load(chosen.data)
    parts = data.split(digits, seed=0)
    pellucid.manual_seed(0)
    model = models.VAE(digits.shape, latent=8, hidden=[256])
    run = pellucid.fit(
        model,
        Arrays(parts.train.x, parts.train.x),  # each picture is its own target
        task="variational",
        preparation=bring_to_unit(digits),  # uint8 in memory, numbers from 0 to 1 in a batch
        epochs=chosen.epochs,
        lr=0.002,
    )

    figures = run.evaluate(Arrays(parts.test.x, parts.test.x))
    print(f"a new digit costs {figures['loss']:.1f} nats: {figures['reconstruction']:.1f} for its")
    print(f"pixels and {figures['kl']:.1f} for its {model.latent} numbers in between")
    given = as_bytes(parts.test.x[:12], digits.maximum)
    back = as_bytes(run.predict(parts.test.x[:12]))
    made = as_bytes(decoded(run.model, drawn(run.model, 36, "example")))
    chosen.out.write_bytes(png(sheet(np.concatenate([given, back, made]), 12), zoom=4))
    print(f"{chosen.out}: digits, what came back of them, and three rows that nobody wrote")


if __name__ == "__main__":
    main()
