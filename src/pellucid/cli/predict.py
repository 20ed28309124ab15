"""`pellucid predict`: what is on this picture, what comes out for these rows or sentences."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.text import Text

from pellucid import durable
from pellucid.cli.opened import preparation_of, raw_rows
from pellucid.cli.picture import bars, half_blocks, save_picture, show_beside
from pellucid.cli.screen import ERR, OUT, line, percent, print_json
from pellucid.cli.sentences import predict_sentences
from pellucid.cli.translate import translate_files
from pellucid.data.csv_file import read_csv
from pellucid.data.digit_image import prepare_digit
from pellucid.data.prepare import Preparation
from pellucid.data.words import SentencePreparation
from pellucid.errors import DataError, FormatError, OptionError, PellucidError, RunError
from pellucid.train import Run, load

__all__ = ["app"]

Array = NDArray[Any]
DIGITS = tuple("0123456789")
TABLES = (".csv", ".tsv")
MOST_BARS = 10

EPILOG = """
[bold]Examples[/bold]

\b
pellucid predict runs/mnist-1 photo.jpg drawing.png
pellucid predict runs/mnist-1 photo.jpg --save-picture seen.png
pellucid predict runs/flowers-1 rows.csv --out predictions.csv
pellucid predict runs/sentiment-1 "the plot was not bad at all"
"""

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


@app.command(epilog=EPILOG)
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Pictures, a CSV file, or sentences.", show_default=False
        ),
    ],
    save: Annotated[
        Path | None,
        typer.Option("--save-picture", help="Write what the network sees as a PNG file."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the predictions of a table to this CSV file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Read pictures, predict the rows of a CSV file, or judge sentences.

    A picture of a digit may have any size, dark on light or light on dark: it is cropped, fitted
    and centred as the digits of MNIST were. What the network then sees is shown beside the
    probabilities. Sentences stand in quotes; of a CSV file the column of sentences is read.
    """
    loaded, files = load(run), [Path(text) for text in inputs]
    if loaded.task == "series":
        raise RunError(
            f"run {run}",
            got="a network that forecasts a series",
            needs="a network for pictures, rows or texts",
            try_=f"pellucid forecast {run}",
        )
    if loaded.task == "translation":
        _refuse(save, "--save-picture", "a network that reads texts")
        translate_files(loaded, files, out, json)
    elif isinstance(preparation_of(loaded), SentencePreparation):
        _refuse(save, "--save-picture", "a network that reads sentences")
        predict_sentences(loaded, inputs, out, json)
    elif preparation_of(loaded).columns:
        _refuse(save, "--save-picture", "a network that reads tables")
        _predict_tables(loaded, files, out, json)
    else:
        _refuse(out, "--out", "a network that reads pictures")
        _predict_pictures(loaded, files, save, json)


def _refuse(value: Path | None, option: str, got: str) -> None:
    if value is not None:
        raise OptionError(option, got=got, needs="a run of the other kind, or no such option")


# -- pictures --


def _predict_pictures(run: Run, files: list[Path], save: Path | None, json: bool) -> None:
    """Each picture by itself: one that cannot be read is reported, and the others go on."""
    if save is not None and len(files) > 1:
        raise OptionError("--save-picture", got=f"{len(files)} pictures", needs="a single picture")
    found, failed = [], 0
    for k, file in enumerate(files):
        try:
            seen, note = see(run, file)
        except PellucidError as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        answer = _answer(run, file, seen, note)
        found.append(answer)
        if save is not None:
            save_picture(_bright(run, seen), save)
        if not json:
            _show(run, seen, answer, first=k == 0)
    if json:
        print_json({"run": run.folder, "predictions": found})
    if failed:
        raise typer.Exit(1)


COARSE = "8x8 pixels are coarse: a network trained on mnist reads other handwriting far better"


def see(run: Run, file: Path) -> tuple[Array, str | None]:
    """The picture as the network takes it, and what had to be done to it if it is no digit."""
    preparation = preparation_of(run)
    if file.suffix.lower() in TABLES:
        raise DataError(
            f"{file}", got="a table", needs=f"pictures: the network reads {_size(preparation)}"
        )
    side = preparation.shape[0]
    if run.classes == DIGITS and preparation.shape == (side, side):
        return _as_digit(file, side, preparation.maximum), COARSE if side == 8 else None
    seen, fits = _resized(file, preparation)
    return seen, None if fits else f"resized to {_size(preparation)}, otherwise as it is"


def _as_digit(file: Path, side: int, maximum: float) -> Array:
    """As MNIST's digits are, which leave four pixels of 28 free on each side, or as UCI's."""
    digit = prepare_digit(file, side, max(1, round(side * 20 / 28)))
    brightest = 16 if side == 8 else 255
    return np.rint(digit * (maximum / brightest)).astype(np.uint8)


def _size(preparation: Preparation) -> str:
    return "x".join(str(n) for n in preparation.shape)


def _resized(file: Path, preparation: Preparation) -> tuple[Array, bool]:
    """A picture in the network's size, grey or RGB as in training; and whether it had that size."""
    shape = preparation.shape
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        raise DataError(f"{file}", got="a picture", needs=f"samples of shape {shape}")
    try:
        with Image.open(file) as picture:
            mode = "RGB" if len(shape) == 3 and shape[2] == 3 else "L"
            fits = picture.size == (shape[1], shape[0])
            small = picture.convert(mode).resize((shape[1], shape[0]))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise FormatError(
            f"picture {file}", got=str(error), needs="a picture that can be read"
        ) from error
    levels = np.asarray(small, np.float64) * (preparation.maximum / 255)
    return np.rint(levels).astype(np.uint8).reshape(shape), fits


def _bright(run: Run, seen: Array) -> Array:
    """Pixels from 0 to 255, a single channel as (H, W)."""
    levels = np.rint(seen * (255 / preparation_of(run).maximum)).astype(np.uint8)
    return levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels


def _answer(run: Run, file: Path, seen: Array, note: str | None) -> dict[str, Any]:
    batch = seen[None]
    if run.task == "regression":
        return {"file": file, "prediction": float(run.predict(batch)[0]), "note": note}
    shares = run.predict_proba(batch)[0].tolist()
    best = int(np.argmax(shares))
    return {
        "file": file,
        "prediction": run.classes[best],
        "probability": shares[best],
        "probabilities": dict(zip(run.classes, shares, strict=True)),
        "note": note,
    }


def _show(run: Run, seen: Array, answer: dict[str, Any], *, first: bool) -> None:
    if not first:
        line(OUT)
    if "probabilities" not in answer:
        line(OUT, f"{answer['file']}: {answer['prediction']:g}")
        return
    sure = percent(answer["probability"], 1)
    line(OUT, f"{answer['file']}: {answer['prediction']}  ({sure})", "bold")
    if answer["note"]:
        line(OUT, answer["note"], "dim")
    line(OUT)
    show_beside(OUT, half_blocks(_bright(run, seen), OUT), _most_likely(answer["probabilities"]))


def _most_likely(shares: dict[str, float]) -> list[Text]:
    """Bars for the classes in their order; for the likeliest where there are many."""
    names = list(shares)
    if len(names) > MOST_BARS:
        names = sorted(names, key=lambda n: -shares[n])[:MOST_BARS]
    return bars(names, [shares[n] for n in names], OUT)


# -- tables --


def _predict_tables(run: Run, files: list[Path], out: Path | None, json: bool) -> None:
    tables = [_predict_table(run, file) for file in files]
    if json:
        rows = [
            {"file": file, **row}
            for file, (_, rows) in zip(files, tables, strict=True)
            for row in rows
        ]
        print_json({"run": run.folder, "predictions": rows})
        return
    text = "".join(text for text, _ in tables)
    if out is None:
        sys.stdout.write(text)
        return
    durable.write_text(out, text)
    line(ERR, f"{sum(len(rows) for _, rows in tables):,} predictions in {out}")


def _predict_table(run: Run, file: Path) -> tuple[str, list[dict[str, Any]]]:
    """The rows as CSV with the prediction in a column more, and the predictions by themselves."""
    if file.suffix.lower() not in TABLES:
        raise DataError(f"{file}", got="no .csv file", needs="a table: the network reads columns")
    cells = read_csv(file)
    x = raw_rows(preparation_of(run), cells)
    predictions = run.predict(x).tolist()
    added = [{"prediction": p} for p in predictions]
    if run.task == "classification":
        top = run.predict_proba(x).max(axis=1).tolist()
        added = [{**row, "probability": p} for row, p in zip(added, top, strict=True)]
    return _as_csv(cells.names, cells.rows, added), added


def _as_csv(names: list[str], rows: list[list[str]], added: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*names, *(_new_name(name, names) for name in added[0])])
    for row, more in zip(rows, added, strict=True):
        values = (f"{v:.6g}" if isinstance(v, float) else str(v) for v in more.values())
        writer.writerow([*row, *values])
    return stream.getvalue()


def _new_name(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
