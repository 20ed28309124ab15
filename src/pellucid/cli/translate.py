"""`pellucid translate`: a network that learnt pairs of texts translates new ones."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid import durable
from pellucid.cli.screen import ERR, OUT, line, percent, print_json, table
from pellucid.data.pairs import read_sources
from pellucid.errors import OptionError, RunError
from pellucid.models.translator import Translation, Translator
from pellucid.train import Run, load

__all__ = ["app", "translate_files"]

EPILOG = """
[bold]Examples[/bold]

\b
pellucid translate runs/dates-1 "3 march 1987" "tuesday the 3rd of march, 1987"
pellucid translate runs/dates-1 "03 mar 87" --beam 5
pellucid translate runs/dates-1 "3.3.1987" --json
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def translate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    texts: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="What to translate.", show_default=False),
    ],
    beam: Annotated[
        int | None,
        typer.Option(help="So many of the likeliest translations, by beam search."),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Draw each character by its probability instead; below 1 more careful."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Translate texts with a network that learnt pairs of them.

    A character at a time, always the likeliest one; with --beam the likeliest whole translations.
    Each comes with the probability that the network gives it.
    """
    translator = _translator(load(run), run)
    if beam is not None and temperature is not None:
        raise OptionError(
            "translate", got="--beam and --temperature", needs="the likeliest, or drawn ones"
        )
    if beam is not None:
        found = [translator.best(text, beam) for text in texts]
    elif temperature is not None:
        key = (seed, "translate")
        found = [[t] for t in translator.sample(texts, temperature, key=key)]
    else:
        found = [[t] for t in translator.translate(texts)]
    if json:
        print_json({"run": run, "translations": [_plain(*p) for p in _pairs(texts, found)]})
        return
    for source, translations in _pairs(texts, found):
        _show(source, translations)


def _translator(run: Run, folder: Path) -> Translator:
    """What translates; raises RunError for a run of another kind."""
    if run.task != "translation":
        raise RunError(
            f"run {folder}",
            got=f"a run of another kind ({run.problem.kind.title})",
            needs="a network that learnt to translate",
            try_="pellucid train dates",
        )
    return Translator(run.model, run.classes)  # type: ignore[arg-type]


def _pairs(texts: list[str], found: list[list[Translation]]) -> list[tuple[str, list[Translation]]]:
    return list(zip(texts, found, strict=True))


def _plain(source: str, translations: list[Translation]) -> dict[str, Any]:
    """A source and its translations as plain data; the characters' probabilities, the end's too."""
    told = [
        {
            "translation": t.text,
            "probability": t.probability,
            "characters": list(t.characters),
            "ended": t.ended,
        }
        for t in translations
    ]
    return {"source": source, **told[0], **({"beam": told} if len(told) > 1 else {})}


def _show(source: str, translations: list[Translation]) -> None:
    if len(translations) == 1:
        t = translations[0]
        line(OUT, f"{source}  ->  {t.text}  ({percent(t.probability, 1)}){_cut(t)}")
        return
    line(OUT, source, "bold")
    table(OUT, ("", ""), [(percent(t.probability), t.text + _cut(t)) for t in translations], (0,))


def _cut(t: Translation) -> str:
    return "" if t.ended else "  cut off: longer than any in training"


# -- a column of sources, for `pellucid predict` --


def translate_files(run: Run, files: list[Path], out: Path | None, json: bool) -> None:
    """The sources in the first column of each file, with their translations in two columns more."""
    assert run.folder is not None
    translator = _translator(run, run.folder)
    rows = []
    for file in files:
        sources = read_sources(file)
        for source, t in zip(sources, translator.translate(sources), strict=True):
            rows.append({"file": file, "source": source, **_answer(t)})
    if json:
        print_json({"run": run.folder, "predictions": rows})
        return
    text = _as_csv(rows)
    if out is None:
        sys.stdout.write(text)
        return
    durable.write_text(out, text)
    line(ERR, f"{len(rows):,} translations in {out}")


def _answer(t: Translation) -> dict[str, Any]:
    return {"prediction": t.text, "probability": t.probability}


def _as_csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["source", "prediction", "probability"])
    for row in rows:
        writer.writerow([row["source"], row["prediction"], f"{row['probability']:.6g}"])
    return stream.getvalue()
