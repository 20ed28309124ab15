"""Dates in words become dates in figures: an encoder, a decoder, and attention between them.

    python translate_dates.py                      # an LSTM with attention, about a minute
    python translate_dates.py --transformer        # a Transformer, a few minutes
    python translate_dates.py pairs.tsv            # your own pairs: source, a tab, target

Read it from top to bottom: the pairs and what they are as numbers, the network, the training, the
first translations, a beam, and a look at where the network looked.
"""

from __future__ import annotations

import argparse

import numpy as np

import pellucid
from pellucid.data.dates import dates
from pellucid.data.pairs import read_pairs
from pellucid.models import build
from pellucid.models.translator import Translator
from pellucid.random import generator

SHADES = " ·:+*#"


def network(spelling, transformer, seed=0):
    """Both take source | target in one array: they see the right target up to each place."""
    sizes = {
        "vocabulary": len(spelling.vocabulary),
        "source": spelling.source,
        "target": spelling.target,
    }
    kind = "translation-transformer" if transformer else "translation-lstm"
    return build({"model": kind, **sizes}, generator(seed, "weights"))


def learn(pairs, transformer=False, epochs=8, seed=0):
    """Train on most of the pairs; give what translates, and the part that was held back.

    Targets of the made dates are held back with all their ways of writing: what is asked at the end
    is a date that the network has never seen.
    """
    train, validation, test = pairs.split(validation=0.1, test=0.1, seed=seed)
    run = pellucid.fit(
        network(pairs.spelling, transformer, seed),
        train,
        validation,
        task="translation",
        classes=pairs.spelling.vocabulary,
        epochs=epochs,
        batch_size=min(64, len(train)),
        lr=0.002 if transformer else 0.01,
        schedule="onecycle",
        clip_norm=1.0,
        seed=seed,
        listeners=[Lines()],
    )
    print(f"{run.evaluate(test)['accuracy']:.2%} of {len(test):,} held-out pairs wholly right")
    return Translator(run.model, run.classes), test


class Lines(pellucid.train.Listener):
    """A line an epoch."""

    def on_epoch(self, trainer, event):
        right = event["validation_accuracy"]
        print(f"epoch {event['epoch']:2}  loss {event['train_loss']:.4f}  validation {right:.2%}")


def show(translator, source):
    """A translation, the runners-up of a beam, and the attention as shades of characters."""
    best = translator.translate([source])[0]
    print(f"\n{source}  ->  {best.text}  ({best.probability:.1%})")
    for other in translator.best(source, 4)[1:]:
        print(f"    rather not {other.text}  ({other.probability:.2%})")
    weights = translator.alignment(source, best.text)[-1].mean(axis=0)  # last layer, all heads
    print(f"\n      {source}")
    for character, row in zip(best.text + ".", weights, strict=False):
        shades = np.ceil(row * (len(SHADES) - 1) - 0.1).astype(int)
        print(f"    {character} {''.join(SHADES[i] for i in shades)}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Learn to translate short texts.")
    parser.add_argument("pairs", nargs="?", help="a .tsv or .csv file; else dates are made up")
    parser.add_argument("--transformer", action="store_true", help="else an LSTM with attention")
    parser.add_argument("--samples", type=int, default=20_000, help="dates (%(default)s)")
    parser.add_argument("--epochs", type=int, default=6, help="times through them (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="first weights, order (%(default)s)")
    options = parser.parse_args(arguments)

    pairs = read_pairs(options.pairs) if options.pairs else dates(options.samples, options.seed)
    for source, target in list(zip(pairs.sources, pairs.targets, strict=True))[:3]:
        print(f"{source}  ->  {target}")
    translator, test = learn(pairs, options.transformer, options.epochs, options.seed)
    spelling = translator.spelling
    for row in test.x[:2]:
        show(translator, spelling.text(row[: spelling.source]))


if __name__ == "__main__":
    main()
