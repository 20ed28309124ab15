"""A text, character by character: read it, train a small GPT on it, let it write on.

    python examples/text_generation.py shakespeare.txt                  # 2,000 steps, two minutes
    python examples/text_generation.py shakespeare.txt --model lstm --prompt "ROMEO:"
    python examples/text_generation.py names.txt --model gru            # one name a line

The same as `pellucid train FILE`, in the words of the library.
"""

from __future__ import annotations

import argparse
import math

import pellucid
from pellucid import models
from pellucid.data.text import read_text
from pellucid.models.sampling import Sampler
from pellucid.random import generator
from pellucid.train import Listener

CONTEXT = 64  # characters that are seen at once


class Writes(Listener):
    """After each epoch: how surprised the network still is, and a line of its own."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def on_epoch(self, trainer, event):
        line = self.sampler.write("\n", 60, temperature=0.8, key=(trainer.epoch,))
        nats = event["validation_loss"]
        print(f"{event['epoch']:>3}  {nats:.3f} nats, {math.exp(nats):5.2f} choices  {line!r}")


def network(model: str, vocabulary: int) -> pellucid.nn.Module:
    """A GPT of four layers, or one recurrent layer."""
    spec = {"model": "text-rnn", "cell": model, "vocabulary": vocabulary}
    if model == "gpt":
        spec = {"model": "gpt", "context": CONTEXT, "vocabulary": vocabulary}
    return models.build(spec, generator(0, "weights"))


def main() -> None:
    """Read the command line, then: text, windows, network, training, writing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--model", default="gpt", choices=["rnn", "lstm", "gru", "gpt"])
    parser.add_argument("--prompt", default="\n")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()

    text = read_text(given.file)
    # the last tenth is kept back; training windows begin anywhere and are views of one array
    train, validation, _ = text.windows(CONTEXT, validation=0.1, test=0.0, seed=0)
    model = network(given.model, len(text.vocabulary))
    sampler = Sampler(model, text.vocabulary)
    pellucid.fit(
        model,
        train,
        validation,
        task="tokens",
        classes=text.vocabulary,
        optimizer="adamw",
        lr=0.002,
        schedule="onecycle",
        clip_norm=1.0,
        batch_size=min(32, len(train)),
        steps=given.steps,
        epochs=given.epochs,
        monitor="validation_loss",
        listeners=[Writes(sampler)],
    )
    print(given.prompt + sampler.write(given.prompt, 500, temperature=0.8))


if __name__ == "__main__":
    main()
