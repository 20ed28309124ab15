"""A small BERT: characters of a text are hidden, and a network that looks both ways finds them.

    python examples/fill_the_gaps.py shakespeare.txt                     # 3,000 steps, some minutes
    python examples/fill_the_gaps.py shakespeare.txt --gapped "To b_ or n_t to be"

The same as `pellucid train FILE --model bert` and `pellucid fill RUN TEXT`, in the words of the
library.
"""

from __future__ import annotations

import argparse

import pellucid
from pellucid import models
from pellucid.data.hidden import hidden_parts
from pellucid.data.text import read_text
from pellucid.models.filling import Filler
from pellucid.random import generator
from pellucid.train import Listener

CONTEXT = 64  # characters that are seen at once


class Fills(Listener):
    """After each epoch: how many of the hidden characters are found, and a text without gaps."""

    def __init__(self, filler: Filler, gapped: str) -> None:
        self.filler, self.gapped = filler, gapped

    def on_epoch(self, trainer, event):
        found = event["validation_accuracy"]
        text = self.filler.fill(self.gapped).text
        print(f"{event['epoch']:>3}  {event['validation_loss']:.3f} nats  {found:.1%}  {text!r}")


def main() -> None:
    """Read the command line, then: text, hidden parts, network, training, filling."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--gapped", default="To b_ or n_t to be", help="a text with _ for gaps")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()

    text = read_text(given.file)
    parts = text.windows(CONTEXT, validation=0.1, test=0.0, seed=0)
    train, validation, _ = hidden_parts(text, parts, seed=0)  # 15 % hidden, anew in every step
    spec = {"model": "bert", "vocabulary": len(text.vocabulary), "context": CONTEXT}
    model = models.build(spec, generator(0, "weights"))
    filler = Filler(model, text.vocabulary)
    pellucid.fit(
        model,
        train,
        validation,
        task="tokens",
        classes=text.vocabulary,
        optimizer="adamw",
        optimizer_options={"betas": (0.9, 0.99), "weight_decay": 0.1},
        lr=0.003,
        schedule="onecycle",
        clip_norm=1.0,
        batch_size=min(32, len(train)),
        steps=given.steps,
        epochs=given.epochs,
        monitor="validation_loss",
        listeners=[Fills(filler, given.gapped)],
    )
    filled = filler.fill(given.gapped)
    print(filled.text)
    for place, likeliest in filled.gaps:
        print(f"gap at {place}: " + ", ".join(f"{c!r} {share:.0%}" for c, share in likeliest))


if __name__ == "__main__":
    main()
