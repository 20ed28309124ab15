"""Loads a data set by its name or path, and lists those that have a name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pellucid.data.base import Data
from pellucid.data.digits import digits
from pellucid.data.fetch import PUBLISHED, Progress, find, load_published
from pellucid.data.folder import load_folder
from pellucid.data.npz import load_npz
from pellucid.data.picture_folder import is_picture_folder, load_pictures
from pellucid.data.table import load_csv
from pellucid.data.toy import TOYS, toy
from pellucid.errors import DataError, OptionError, nearest

__all__ = ["NAMES", "Listed", "available", "info", "load"]

NAMES = ("digits", *PUBLISHED, *TOYS)  # of sets that need no path
TEXTS = ("sentiment", "dates")  # of those that are texts, which `pellucid train` reads


def load(
    name_or_path: str | Path,
    *,
    data_dir: str | Path | None = None,
    target: str | int | None = None,
    task: str | None = None,
    impute: str | None = None,
    noise: float | None = None,
    samples: int | None = None,
    seed: int = 0,
    resize: str | None = None,
    skip_broken: bool | None = None,
    download: bool = True,
    progress: Progress | None = None,
    patience: float | None = None,
) -> Data:
    """Load a set by name (digits, mnist, fashion-mnist, a toy set) or path.

    A path is a CSV or .npz file, a folder of IDX files, or pictures in class folders (or a zip).

    ``target``, ``task`` and ``impute`` ("mean", "median", "most_frequent") are for tables;
    ``noise``, ``samples`` and ``seed`` for toy sets; ``resize`` ("32x32") and ``skip_broken`` for
    pictures; ``data_dir``, ``download``, ``progress(file,
    bytes, total)`` and ``patience`` (seconds a download may take) for sets that are fetched.

    Raises OptionError for an unknown name or an option the set does not have, DataError for data
    that cannot be used, FormatError for a damaged file.

    >>> load("digits").x.shape
    (1797, 8, 8)
    """
    kind, name = _kind(str(name_or_path))
    given = {
        "target": target,
        "task": task,
        "impute": impute,
        "noise": noise,
        "samples": samples,
        "resize": resize,
        "skip_broken": skip_broken,
    }
    _refuse_options(name, kind, [key for key, value in given.items() if value is not None])
    if kind == "toy":
        return toy(name, samples=samples, noise=noise, seed=seed)
    if kind == "embedded":
        return digits()
    if kind == "published":
        return load_published(
            name, data_dir=data_dir, download=download, progress=progress, patience=patience
        )
    path = Path(name).expanduser()
    if kind == "csv":
        return load_csv(path, target=target, task=task, impute=impute)
    if kind == "npz":
        return load_npz(path, task=task)
    if kind == "pictures":
        return load_pictures(path, resize=resize, skip_broken=bool(skip_broken), progress=progress)
    return load_folder(path)


OPTIONS = {
    "toy": ("noise", "samples"),
    "embedded": (),
    "published": (),
    "csv": ("target", "task", "impute"),
    "npz": ("task",),
    "folder": (),
    "pictures": ("resize", "skip_broken"),
}


def _kind(text: str) -> tuple[str, str]:
    name = text.lower().replace("_", "-")
    if name == "digits":
        return "embedded", name
    if name in PUBLISHED:
        return "published", name
    if name in TOYS:
        return "toy", name
    if name in TEXTS:
        raise OptionError(
            "data",
            got=f"{text!r}, which are texts",
            needs="numbers or pictures",
            try_="pellucid.data.sentiment.reviews() or pellucid.data.dates.dates()",
        )
    path = Path(text).expanduser()
    if path.is_dir():
        return ("pictures" if is_picture_folder(path) else "folder"), text
    kinds = {".csv": "csv", ".tsv": "csv", ".npz": "npz", ".zip": "pictures"}
    if path.suffix.lower() in kinds:
        if not path.is_file():
            raise DataError("data", got=f"no file {text}", needs="a file that is there")
        return kinds[path.suffix.lower()], text
    if len(path.parts) > 1 and not path.exists():
        raise DataError("data", got=f"no folder {text}", needs="a folder or file that is there")
    raise OptionError(
        "data",
        got=repr(text),
        needs="one of "
        + ", ".join((*NAMES, *TEXTS))
        + ", or a .csv or .npz file, or a folder of IDX files or of pictures by class (or its zip)",
        try_=nearest(name, (*NAMES, *TEXTS)),
    )


def _refuse_options(name: str, kind: str, given: list[str]) -> None:
    strange = [option for option in given if option not in OPTIONS[kind]]
    if strange:
        allowed = ", ".join(OPTIONS[kind]) or "none of target, task, impute, noise, samples"
        raise OptionError(f"data {name}", got=f"the option {strange[0]!r}", needs=allowed)


class Listed(NamedTuple):
    """A line of the list of named data sets."""

    name: str
    kind: str
    size: str
    where: str


def available(data_dir: str | Path | None = None) -> list[Listed]:
    """The named sets, what they are, how large, and where they are found on this machine.

    >>> available()[0].name
    'digits'
    """
    sets = [Listed("digits", "images, 10 classes", "1,797 of 8x8", "in the package")]
    for known in PUBLISHED.values():
        folder = find(known, data_dir)
        where = str(folder) if folder else "not here; fetched on first use"
        sets.append(Listed(known.name, "images, 10 classes", "70,000 of 28x28", where))
    for name, (_, rows, noise) in TOYS.items():
        kind = "regression, made up" if name == "sine" else "classes, made up"
        sets.append(Listed(name, kind, f"{rows} rows, noise {noise:g}", "in the package"))
    return sets


def info(data: Data) -> dict[str, object]:
    """What there is to know about a loaded set, in plain numbers and texts.

    >>> info(toy("xor"))["rows per class"]
    {'0': 2, '1': 2}
    """
    facts: dict[str, object] = {
        "name": data.name,
        "source": data.source,
        "task": data.task,
        "rows": len(data),
        "test rows": len(data.test) if data.test is not None else 0,
        "shape": list(data.shape),
        "dtype": str(data.x.dtype),
        "target": data.target,
        "notes": list(data.notes),
    }
    if data.classes:
        counts = [int((data.y == i).sum()) for i in range(len(data.classes))]
        facts["rows per class"] = dict(zip(data.classes, counts, strict=True))
    else:
        facts["target range"] = [float(data.y.min()), float(data.y.max())]
    if data.columns:
        facts["columns"] = {
            column.name: f"{len(column.values)} texts" if column.values else "numbers"
            for column in data.columns
        }
    return facts
