"""scikit-learn: the MLPClassifier of the same network."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.inputs import LEARNING_RATE, batches, mnist
from benchmarks.rows import CLASSES, SIZES, Row

__all__ = ["epoch", "predict"]

Run = Callable[[int], None]
warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is all that is wanted


def _network(epochs: int, batch: int) -> MLPClassifier:
    rate = LEARNING_RATE["Adam"]
    sizes = {"hidden_layer_sizes": SIZES[1:-1], "batch_size": batch}
    return MLPClassifier(**sizes, learning_rate_init=rate, max_iter=epochs, alpha=0)


def epoch(form: str, row: Row) -> Run:
    """Epochs over shuffled images; it wants all of them as numbers at once."""
    images, y = mnist(row.data)

    def run(epochs: int) -> None:
        x = images.reshape(len(images), -1).astype(np.float32) / 255
        _network(epochs, row.batch).fit(x, y)

    return run


def predict(form: str, row: Row) -> Run:
    """Probabilities of one sample (1, 784)."""
    x = batches(1)[0][0]
    model = _network(1, 10)
    model.fit(np.repeat(x, CLASSES, axis=0), np.arange(CLASSES))

    def run(steps: int) -> None:
        for _ in range(steps):
            model.predict_proba(x)

    return run
