"""Transfer learning: a network that knows the digits 0 to 4 learns 5 to 9 from three of each.

A small convolutional network is trained on MNIST's digits 0 to 4. Then it meets 5 to 9, of which it
is shown three examples a class, drawn ten times anew. Four ways to learn them, each for the same
number of steps:

- from scratch: the same network with fresh weights;
- head only: the layers stand still, a new last layer learns;
- fine-tuned: a new last layer, and everything learns;
- fine-tuned slowly: the same, each layer slower than the one above it.

Each way has its own learning rate, chosen on training images that are no examples and before
the first look at the test part (--choose does it again). Run it with

    python examples/transfer_new_digits.py --data-dir FOLDER     # the folder that holds mnist/
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import pellucid
from pellucid import data, models, nn

SHOTS, STEPS, DRAWS = 3, 100, 10
# what each way does with the network, and its learning rate
WAYS: dict[str, dict[str, Any]] = {
    "from scratch": {"lr": 0.001},
    "head only": {"lr": 0.003, "freeze": "body"},
    "fine-tuned": {"lr": 0.003},
    "fine-tuned slowly": {"lr": 0.01, "body_lr": 0.3, "layer_decay": 0.5},
}
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)


def network(seed: int) -> nn.Module:
    """Two convolutions and two Linear layers; 5 classes."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, generator=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, generator=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 64, generator=rng),
        nn.ReLU(),
        nn.Linear(64, 5, generator=rng),
    )


def halves(part: data.Data) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """The digits 0 to 4, and 5 to 9 as classes 0 to 4: images (N, 1, 28, 28) from 0 to 1."""
    x = part.x[:, np.newaxis].astype(np.float32) / 255
    low = part.y < 5
    return (x[low], part.y[low]), (x[~low], part.y[~low] - 5)


def draw(y: Any, seed: int) -> Any:
    """The places of three examples of each class."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(y == c), SHOTS, False) for c in range(5)])


def learn(way: str, known: dict[str, Any], x: Any, y: Any, seed: int, **other: Any) -> nn.Module:
    """The network after STEPS steps on the few examples."""
    model = network(seed)
    if way != "from scratch":
        model.load_state_dict(known)
        models.replace_head(model, 5, np.random.default_rng(seed))
    settings = {**WAYS[way], **other, "batch_size": "all", "epochs": STEPS, "seed": seed}
    return pellucid.fit(model, (x, y), **settings).model


def accuracy(model: nn.Module, x: Any, y: Any) -> float:
    """The share of right answers, in eval mode."""
    with pellucid.no_grad():
        parts = np.array_split(np.arange(len(x)), max(1, len(x) // 500))
        right = sum(int((model(x[p]).argmax(axis=1) == y[p]).sum()) for p in parts)
    return right / len(x)


def choose(known: dict[str, Any], x: Any, y: Any) -> None:
    """Print, for each way and learning rate, the accuracy on training images not learnt from."""
    rest = np.random.default_rng(99).choice(len(x), 2000, False)
    for way in WAYS:
        for lr in RATES:
            found = []
            for seed in range(100, 104):  # other draws than those of the table
                few = draw(y, seed)
                unseen = np.setdiff1d(rest, few)
                model = learn(way, known, x[few], y[few], seed, lr=lr)
                found.append(accuracy(model, x[unseen], y[unseen]))
            print(f"{way:<18} lr {lr:<6g} {np.mean(found):.2%}", flush=True)


def compare(
    known: dict[str, Any], new: tuple[Any, Any], test: tuple[Any, Any], draws: int = DRAWS
) -> dict[str, list[float]]:
    """For each way its test accuracies, one a draw."""
    x, y = new
    examples = [draw(y, seed) for seed in range(draws)]
    return {
        way: [
            accuracy(learn(way, known, x[few], y[few], seed), *test)
            for seed, few in enumerate(examples)
        ]
        for way in WAYS
    }


def main() -> None:
    """Train on 0 to 4, then compare the four ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="the folder that holds mnist/")
    parser.add_argument("--epochs", type=int, default=3, help="over the digits 0 to 4")
    parser.add_argument("--choose", action="store_true", help="show how the rates were chosen")
    options = parser.parse_args()

    mnist = data.load("mnist", data_dir=options.data_dir)
    old, new = halves(mnist)
    old_test, new_test = halves(mnist.test)
    model = network(0)
    pellucid.fit(model, old, epochs=options.epochs, batch_size=64, lr=0.001, schedule="cosine")
    known = model.eval().state_dict()
    print(f"digits 0 to 4: {accuracy(model, *old_test):.2%} of {len(old_test[0]):,} test images")
    if options.choose:
        choose(known, *new)
        return

    print(f"\ndigits 5 to 9, {SHOTS} examples a class, {STEPS} steps, {DRAWS} draws:\n")
    print(f"{'':<18} {'mean':>8} {'worst':>8} {'best':>8}")
    for way, found in compare(known, new, new_test).items():
        print(f"{way:<18} {np.mean(found):>8.2%} {min(found):>8.2%} {max(found):>8.2%}")


if __name__ == "__main__":
    main()
