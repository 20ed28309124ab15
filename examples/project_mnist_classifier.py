"""Handwritten digits with the library: load, split, train, test, save, predict.

The same job as neural_network_from_scratch.py, in the words of Pellucid. Run it with

    python examples/project_mnist_classifier.py                 # MNIST, or the embedded digits
    python examples/project_mnist_classifier.py --data digits   # 1,797 small digits, no download
"""

from __future__ import annotations

import argparse

import pellucid
from pellucid import data, nn
from pellucid.errors import DataError
from pellucid.train import Listener


class Progress(Listener):
    """One line an epoch."""

    def on_epoch(self, trainer, event):
        print(
            f"epoch {event['epoch']:2}   loss {event['train_loss']:.4f}"
            f"   validation loss {event['validation_loss']:.4f}"
            f"   validation accuracy {event['validation_accuracy']:.2%}"
        )


def load_digits(name: str) -> data.Data:
    """MNIST where it is found or can be fetched, else the digits that come with Pellucid."""
    try:
        return data.load(name)
    except DataError:
        print(f"{name} is not here and cannot be fetched: the embedded digits will do")
        return data.load("digits")


def main() -> None:
    """Train, test, save, and predict with what was saved."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist", help="mnist, fashion-mnist or digits")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", default="runs/project", help="the run folder")
    options = parser.parse_args()

    # 1. The data. The test part is looked at once, at the end.
    digits = load_digits(options.data)
    parts = data.split(digits, validation=0.1, seed=0)
    pixels = digits.shape[0] * digits.shape[1]
    print(
        f"{len(parts.train):,} to train on, {len(parts.validation):,} to validate, "
        f"{len(parts.test):,} to test; {pixels} pixels each"
    )

    # 2. The network: 784 -> 128 -> 64 -> 10 for MNIST. It gives logits; the loss has the softmax.
    pellucid.manual_seed(0)
    network = nn.MLP([pixels, 128, 64, 10], activation="relu")
    print(network)

    # 3. Training: pixels are scaled to 0..1, the loss is read from the data (cross-entropy).
    run = pellucid.fit(
        network,
        parts.train,
        parts.validation,
        optimizer="sgd",
        optimizer_options={"momentum": 0.9},
        lr=0.05,
        schedule="cosine",
        batch_size=64,
        epochs=options.epochs,
        out=options.out,
        listeners=[Progress()],
    )

    # 4. The test, with the weights of the best epoch.
    result = run.evaluate(parts.test)
    print(f"test accuracy {result['accuracy']:.2%} (best epoch {run.best_epoch})")

    # 5. Anybody can load the folder and predict; nothing in it is code.
    again = pellucid.load(options.out)
    for truth, guess, row in zip(
        parts.test.y[:5],
        again.predict(parts.test.x[:5]),
        again.predict_proba(parts.test.x[:5]),
        strict=True,
    ):
        print(f"a {truth} is read as {guess} ({row.max():.1%} sure)")


if __name__ == "__main__":
    main()
