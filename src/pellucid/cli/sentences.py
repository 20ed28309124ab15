"""New sentences for a network that reads them: with known answers, or to be judged."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.text import Text

from pellucid import durable
from pellucid.cli.picture import bars
from pellucid.cli.screen import ERR, OUT, line, percent, print_json
from pellucid.data.csv_file import read_csv
from pellucid.data.labelled_text import Sentences, made_reviews, read_labelled
from pellucid.data.words import SentencePreparation, words_of
from pellucid.errors import DataError, OptionError, nearest
from pellucid.models.influence import influence
from pellucid.train import Run

__all__ = ["new_sentences", "predict_sentences"]

MOST_BARS = 8
DECIDING = 4  # words that are named
TABLES = (".csv", ".tsv")


def new_sentences(known: SentencePreparation, name: str) -> Sentences:
    """Another set with known answers, as tokens of the run's vocabulary.

    A set that brings its own test part gives that part. Raises DataError for a class that the run
    does not have.
    """
    if name.lower() == "sentiment":
        made = made_reviews()
        assert made.test is not None
        return Sentences.of(made.test, known)
    path = Path(name).expanduser()
    if path.suffix.lower() not in TABLES or not path.is_file():
        raise DataError(f"data {name}", got="no such .csv file", needs="a table of sentences")
    there = read_csv(path).names
    text = known.column if known.column in there else None
    target = known.target if known.target in there else None
    return Sentences.of(read_labelled(path, text=text, target=target, classes=known.classes), known)


def predict_sentences(run: Run, inputs: Sequence[str], out: Path | None, json: bool) -> None:
    """The class of each sentence and how sure the network is; words that it never saw are told."""
    tables = [Path(text) for text in inputs if Path(text).suffix.lower() in TABLES]
    if tables:
        if len(inputs) > 1:
            raise OptionError("predict", got=f"{len(inputs)} inputs", needs="one CSV file alone")
        _table(run, tables[0], out, json)
        return
    # Path.is_file raises where a sentence is too long for a name
    files = [t for t in inputs if Path(t).suffix and os.path.isfile(t)]  # noqa: PTH113
    if files:
        raise DataError(
            files[0], got="a file that is no table", needs="sentences in quotes, or a CSV file"
        )
    if out is not None:
        raise OptionError("--out", got="sentences", needs="a CSV file of sentences")
    answers = _answers(run, inputs)
    if json:
        print_json({"run": run.folder, "predictions": answers})
        return
    for k, answer in enumerate(answers):
        if k:
            line(OUT)
        _show(run, answer)


def _answers(run: Run, texts: Sequence[str]) -> list[dict[str, Any]]:
    known = run.problem.preparation
    assert isinstance(known, SentencePreparation)
    tokens = known.transform(np.array(texts, dtype=object))
    found = []
    for text, row, shares in zip(texts, tokens, run.predict_proba(tokens).tolist(), strict=True):
        best = int(np.argmax(shares))
        found.append(
            {
                "text": text,
                "prediction": run.classes[best],
                "probability": shares[best],
                "probabilities": dict(zip(run.classes, shares, strict=True)),
                "unknown": known.unknown(text),
                "left_out": max(0, len(words_of(text)) - known.context),
                "words": _words(run, known, row, text, best),
            }
        )
    return found


def _words(
    run: Run, known: SentencePreparation, tokens: Any, text: str, answer: int
) -> list[list[Any]]:
    """Each word with how far it decides the answer."""
    added = influence(run.model, tokens, answer).tolist()
    return [list(pair) for pair in zip(words_of(text)[: known.context], added, strict=False)]


def _show(run: Run, answer: dict[str, Any]) -> None:
    sure = percent(answer["probability"], 1)
    line(OUT, f"{answer['prediction']}  ({sure})", "bold")
    OUT.print(coloured(answer["words"]), soft_wrap=True)
    if answer["unknown"]:
        line(OUT, f"unknown words, read as <unknown>: {', '.join(answer['unknown'])}", "dim")
    if answer["left_out"]:
        read = len(answer["words"])
        line(
            OUT, f"too long: {answer['left_out']} words after the first {read} are not read", "dim"
        )
    decisive = sorted(answer["words"], key=lambda pair: -abs(pair[1]))[:DECIDING]
    told = ", ".join(f"{word} {value:+.1f}" for word, value in decisive)
    line(OUT, f"what decides, for (+) and against (-): {told}", "dim")
    shares = answer["probabilities"]
    names = sorted(shares, key=lambda name: -shares[name])[:MOST_BARS]
    for text in bars(names, [shares[name] for name in names], OUT):
        OUT.print(text, soft_wrap=True)


def coloured(words: Sequence[Sequence[Any]]) -> Text:
    """The sentence, what speaks for the answer in blue and what speaks against it in orange."""
    largest = max((abs(value) for _, value in words), default=0.0) or 1.0
    told = Text()
    for word, value in words:
        strong = abs(value) > 0.25 * largest
        style = ("bold blue" if value > 0 else "bold dark_orange") if strong else ""
        told.append(word, style).append(" ")
    told.rstrip()
    return told


# -- the rows of a table --


def _table(run: Run, path: Path, out: Path | None, json: bool) -> None:
    known = run.problem.preparation
    assert isinstance(known, SentencePreparation)
    file = read_csv(path)
    if known.column not in file.names:
        raise DataError(
            f"CSV file {path}",
            got=f"no column {known.column!r}; the columns are " + ", ".join(file.names),
            needs="the sentences in that column, as in training",
            try_=nearest(known.column, file.names),
        )
    place = file.names.index(known.column)
    texts = [row[place] for row in file.rows]
    empty = [n for text, n in zip(texts, file.lines, strict=True) if not words_of(text)]
    if empty:
        raise DataError(
            f"CSV file {path}",
            got=f"column {known.column!r} is empty on line {empty[0]}"
            + (f" and {len(empty) - 1:,} more" if len(empty) > 1 else ""),
            needs="a sentence in every row",
        )
    shares = run.predict_proba(known.transform(np.array(texts, dtype=object)))
    best = shares.argmax(axis=1).tolist()
    added = [
        {"prediction": run.classes[k], "probability": float(row[k]), "unknown": known.unknown(text)}
        for k, row, text in zip(best, shares, texts, strict=True)
    ]
    strange = {word: 1 for row in added for word in row["unknown"]}
    if strange:
        named = ", ".join(list(strange)[:8]) + (" ..." if len(strange) > 8 else "")
        line(ERR, f"{len(strange):,} words were never seen in training: {named}")
    if json:
        print_json({"run": run.folder, "predictions": [{"file": path, **row} for row in added]})
        return
    text = _as_csv(file.names, file.rows, added)
    if out is None:
        sys.stdout.write(text)
        return
    durable.write_text(out, text)
    line(ERR, f"{len(added):,} predictions in {out}")


def _as_csv(names: list[str], rows: list[list[str]], added: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*names, *(_new_name(name, names) for name in added[0])])
    for row, more in zip(rows, added, strict=True):
        shares = f"{more['probability']:.6g}"
        writer.writerow([*row, more["prediction"], shares, " ".join(more["unknown"])])
    return stream.getvalue()


def _new_name(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
