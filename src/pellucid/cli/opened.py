"""A run folder opened again, with the data it was trained on or with other ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.cli.jobs import Job, job_named
from pellucid.cli.progress import downloading
from pellucid.cli.screen import ERR
from pellucid.cli.sentences import new_sentences
from pellucid.cli.source import Source
from pellucid.data import Data, Split
from pellucid.data.csv_file import CsvFile, read_csv
from pellucid.data.prepare import Preparation
from pellucid.data.words import SentencePreparation
from pellucid.errors import DataError, PellucidError, RunError
from pellucid.models import BERT
from pellucid.train import Run
from pellucid.train.run import read_config
from pellucid.train.task import Series, Tokens, Translation

__all__ = [
    "job_of",
    "new_data",
    "no_training",
    "preparation_of",
    "raw_rows",
    "source_of",
    "split_of",
]

TABLES = (".csv", ".tsv")


def source_of(folder: Path, moved: str | None = None) -> Source:
    """Which data the run in ``folder`` was trained on; ``moved`` says where they are now."""
    source = Source.from_config(read_config(folder), folder)
    return source if moved is None else replace(source, name=moved)


def job_of(folder: Path) -> Job:
    """The kind of work that the run in ``folder`` is."""
    return job_named(source_of(folder).job)


def split_of(folder: Path, moved: str | None = None) -> Split:
    """The parts of the data as they were cut for the training."""
    source = source_of(folder, moved)
    with downloading(ERR) as progress:
        job = job_named(source.job)
        data = job.load(source, progress)
    source.recognise(job.fingerprint(data), f"{len(data):,} {job.unit}")
    return job.split(source, data)  # type: ignore[no-any-return]


@contextlib.contextmanager
def no_training() -> Iterator[None]:
    """Inside, data are read for a run that is there: options of `pellucid train` do not help."""
    try:
        yield
    except PellucidError as error:
        if (error.try_ or "").startswith("--"):
            error.try_ = None
        raise


@no_training()
def new_data(run: Run, name: str) -> Data:
    """Another set with known answers, with the classes and columns that the run knows.

    A set that brings its own test part gives that part, every other one all its rows. Raises
    DataError for classes or columns that the run does not have.
    """
    if run.folder is not None and isinstance(run.problem.kind, Tokens | Series):
        job = job_of(run.folder)
        return job.other(replace(source_of(run.folder), name=name), run)  # type: ignore[no-any-return]
    preparation = preparation_of(run)
    if isinstance(preparation, SentencePreparation):
        return new_sentences(preparation, name)  # type: ignore[return-value]
    if Path(name).suffix.lower() in TABLES and preparation.columns:
        return _new_table(run, preparation, Path(name))
    config = read_config(run.folder) if run.folder is not None else {}
    task = None if Path(name).suffix.lower() != ".npz" else run.task
    noted = (config.get("note") or {}).get("data") or {}
    pictures = job_named("images").takes(name, {})  # read as those of the training were
    options = noted.get("options") or {} if pictures else {}
    source = Source(name, data_dir=noted.get("data_dir"), task=task, options=options)
    with downloading(ERR) as progress:
        data = source.load(progress)
    data = data.test if data.test is not None else data
    if data.task != run.task:
        raise DataError(f"data {name}", got=f"a {data.task}", needs=f"a {run.task}")
    if run.task == "classification" and data.classes != run.classes:
        places = preparation.encode(preparation_names(data))
        data = replace(data, y=places, classes=run.classes)
    return data


def preparation_names(data: Data) -> list[str]:
    """The class name of every row."""
    return [data.classes[int(place)] for place in data.y]


def _new_table(run: Run, preparation: Preparation, path: Path) -> Data:
    file = read_csv(path)
    if preparation.target not in file.names:
        raise DataError(
            f"CSV file {path}",
            got="no column " + repr(preparation.target),
            needs="the right answers in that column",
            try_=f"pellucid predict {run.folder} {path}, which needs none",
        )
    place = file.names.index(preparation.target)
    texts = [row[place] for row in file.rows]
    return Data(
        raw_rows(preparation, file),
        _answers(run, preparation, texts),
        run.task,
        run.classes,
        path.stem,
        f"CSV file {path}",
        columns=preparation.columns,
        target=preparation.target,
        impute=None if preparation.fills is None else "mean",  # it was decided in training
    )


def _answers(run: Run, preparation: Preparation, texts: list[str]) -> np.ndarray:
    if run.task == "classification":
        return preparation.encode(texts)
    try:
        return np.array([float(text) for text in texts])
    except ValueError as error:
        raise DataError(
            f"target column {preparation.target!r}", got=str(error), needs="numbers"
        ) from None


def raw_rows(preparation: Preparation, file: CsvFile) -> np.ndarray:
    """The rows of a table as samples: by column name, or in order where it has no header."""
    wanted = {column.name for column in preparation.columns}
    if file.headed or wanted <= set(file.names):
        return preparation.rows([dict(zip(file.names, row, strict=True)) for row in file.rows])
    return preparation.rows(file.rows)


def _command(run: Run) -> str:
    """What a network for texts is there for."""
    if isinstance(run.problem.kind, Translation):
        return "translate"
    return "fill" if isinstance(run.model, BERT) else "sample"


def preparation_of(run: Run) -> Preparation:
    """How raw samples become numbers; raises RunError for a run that was given bare arrays."""
    if run.problem.preparation is None and isinstance(run.problem.kind, Tokens):
        raise RunError(
            f"run {run.folder}",
            got="a network that learnt a text",
            needs="a network that reads pictures or tables",
            try_=f"pellucid {_command(run)} {run.folder}",
        )
    if run.problem.preparation is None:
        raise RunError(
            f"run {run.folder}",
            got="a network trained on bare arrays",
            needs="a run that knows how its inputs were prepared",
            try_="pellucid.load(folder).predict(x) in Python",
        )
    return run.problem.preparation
