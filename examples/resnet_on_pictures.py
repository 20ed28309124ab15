"""A small ResNet that tells pictures in class folders apart: load, split, train, test, predict.

    python examples/resnet_on_pictures.py FOLDER            # FOLDER/cats/1.jpg, FOLDER/dogs/1.jpg
    python examples/resnet_on_pictures.py pictures.zip      # read in place
    python examples/resnet_on_pictures.py digits --epochs 5 # 1,797 small digits, no download

The pictures are decoded once, into a cache that later runs map into memory. The same from the
command line, with a report: pellucid train FOLDER --model resnet
"""

from __future__ import annotations

import argparse

import numpy as np

import pellucid
from pellucid import data, models
from pellucid.train import Listener


class Progress(Listener):
    """One line an epoch."""

    def on_epoch(self, trainer, event):
        print(
            f"epoch {event['epoch']:2}   loss {event['train_loss']:.4f}"
            f"   validation accuracy {event['validation_accuracy']:.2%}"
            f"   {event['samples_per_second']:,.0f} images/s"
        )


def main() -> None:
    """Train, test once, and look at the first pictures of the test part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--resize", help="such as 32x32, for pictures of different sizes")
    parser.add_argument("--epochs", type=int, default=10)
    chosen = parser.parse_args()

    pictures = data.load(chosen.data, resize=chosen.resize)
    train, validation, test = data.split(pictures, seed=0)
    colours = train.x.ndim == 4
    prepare = data.Preparation.fit(train, "standard", channels_first=True)
    model = models.build(
        {
            "model": "resnet",
            "channels": train.shape[2] if colours else 1,
            "classes": len(train.classes),
        },
        np.random.default_rng(0),
    )
    run = pellucid.fit(
        model,
        train,
        validation,
        preparation=prepare,
        optimizer="sgd",
        optimizer_options={"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
        lr=0.2,
        schedule="onecycle",
        epochs=chosen.epochs,
        batch_size=min(128, len(train)),
        augment={"flip": 1.0, "crop": 4.0} if colours else {"shift": 1.0},
        listeners=[Progress()],
    )
    print(f"test accuracy {run.evaluate(test)['accuracy']:.2%}")
    for label, answer in zip(test.y[:5], run.predict(test.x[:5]), strict=True):
        print(f"it is {test.classes[label]}, read as {answer}")


if __name__ == "__main__":
    main()
