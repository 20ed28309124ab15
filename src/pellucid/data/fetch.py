"""Finds the files of a published data set: given folder, PELLUCID_DATA, user cache, download."""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from pellucid import durable
from pellucid.data.base import Array, Data, read_labels
from pellucid.data.idx import read_idx
from pellucid.errors import DataError, FormatError, PellucidError

__all__ = ["PUBLISHED", "Published", "cache_folder", "fetch", "find", "load_published"]

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes in all

ANSWER_SECONDS = 4.0  # for the first mirror to answer; an offline machine waits no longer
READ_SECONDS = 10.0  # without a byte from a mirror that had answered
CHUNK = 1 << 16
SPARE = 1 << 16  # a gzip file may be this much larger than what is in it

FILES = {
    "train images": "train-images-idx3-ubyte",
    "train labels": "train-labels-idx1-ubyte",
    "test images": "t10k-images-idx3-ubyte",
    "test labels": "t10k-labels-idx1-ubyte",
}
SHAPES = {
    "train images": (60_000, 28, 28),
    "train labels": (60_000,),
    "test images": (10_000, 28, 28),
    "test labels": (10_000,),
}


@dataclass(frozen=True)
class Published:
    """A data set of four IDX files that the web knows: where it is, and what its bytes are."""

    name: str
    folders: tuple[str, ...]  # where people keep it, below a data folder
    mirrors: tuple[str, ...]  # each followed by FILES' names and .gz
    source: str
    classes: tuple[str, ...]
    sha256: dict[str, str | None]  # of the uncompressed bytes; None: shapes and counts must do
    target: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=lambda: dict(SHAPES))


PUBLISHED = {
    "mnist": Published(
        "mnist",
        ("mnist", "MNIST/raw", "MNIST"),
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        "Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits, CC BY-SA 3.0",
        tuple("0123456789"),
        {
            "train images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "test images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "test labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
        "digit",
    ),
    "fashion-mnist": Published(
        "fashion-mnist",
        ("fashion-mnist", "fashion_mnist", "FashionMNIST/raw", "FashionMNIST"),
        (
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, Zalando SE, MIT licence",
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        # Only the gzip layer's checksums are published, and a mirror may have packed it anew:
        # shapes and the number of rows of every class are checked instead.
        dict.fromkeys(FILES),
        "garment",
    ),
}


def load_published(
    name: str,
    *,
    data_dir: str | Path | None = None,
    download: bool = True,
    progress: Progress | None = None,
    patience: float | None = None,
) -> Data:
    """Find or fetch the set ``name``, check it and read it, with its official test part.

    ``patience`` is how many seconds a download may take. Raises DataError when the set is nowhere,
    FormatError for a file that is damaged or not what it should be.
    """
    known = PUBLISHED[name]
    folder = find(known, data_dir)
    if folder is None:
        folder = fetch(known, data_dir, download, progress, patience)
    arrays = {role: _verified(known, role, path) for role, path in _files(folder).items()}
    test = _pack(known, folder, arrays["test images"], arrays["test labels"], None)
    return _pack(known, folder, arrays["train images"], arrays["train labels"], test)


def _pack(known: Published, folder: Path, x: Array, y: Array, test: Data | None) -> Data:
    places, classes = read_labels(y, known.classes, known.name)
    source = f"{known.source}; read from {folder}"
    return Data(
        x, places, "classification", classes, known.name, source, target=known.target, test=test
    )


def cache_folder() -> Path:
    """The folder in which this user's downloads are kept."""
    if "XDG_CACHE_HOME" in os.environ:
        base = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "pellucid"


def find(known: Published, data_dir: str | Path | None = None) -> Path | None:
    """The first folder that holds all four files, or None."""
    return next((folder for folder in _places(known, data_dir) if len(_files(folder)) == 4), None)


def _places(known: Published, data_dir: str | Path | None) -> Iterator[Path]:
    given = [data_dir, os.environ.get("PELLUCID_DATA")]
    for base in [Path(g).expanduser() for g in given if g]:
        yield from (base / folder for folder in known.folders)
        if ("fashion" in base.name.lower()) == ("fashion" in known.name):
            yield base  # the files have the same names in both sets
    yield cache_folder() / known.name


def _files(folder: Path) -> dict[str, Path]:
    """The files there, by role: gzipped or not, with - or . before idx."""
    found = {}
    for role, name in FILES.items():
        spellings = [name, name.replace("-idx", ".idx")]
        paths = [folder / (spelling + end) for spelling in spellings for end in ("", ".gz")]
        there = [path for path in paths if path.is_file()]
        if there:
            found[role] = there[0]
    return found


def _verified(known: Published, role: str, path: Path) -> Array:
    array = read_idx(path, axes=len(known.shapes[role]))
    if array.shape != known.shapes[role]:
        raise FormatError(
            f"IDX file {path}",
            got=f"{role} of shape {array.shape}",
            needs=f"{known.shapes[role]} for {known.name}",
        )
    if "labels" in role and known.sha256[role] is None:
        _check_balance(known, path, array)
    expected = known.sha256[role]
    if expected is not None and _sha256(array) != expected:
        raise FormatError(
            f"IDX file {path}",
            got=f"{role} with another SHA-256 than those of {known.name}",
            needs=f"uncompressed bytes with SHA-256 {expected}",
            try_="delete the file to fetch it anew, or load its folder by its path as your own set",
        )
    return array


def _check_balance(known: Published, path: Path, labels: Array) -> None:
    counts = np.bincount(labels, minlength=len(known.classes))
    if len(counts) != len(known.classes) or len(set(counts.tolist())) > 1:
        raise FormatError(
            f"IDX file {path}",
            got=f"labels in numbers {counts.tolist()}",
            needs=f"{len(labels) // len(known.classes):,} of every class of {known.name}",
            try_="is it another set's file?",
        )


def _sha256(array: Array) -> str:
    """Of the uncompressed file, header included, which the array determines."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def fetch(
    known: Published,
    data_dir: str | Path | None = None,
    download: bool = True,
    progress: Progress | None = None,
    patience: float | None = None,
) -> Path:
    """Download the four files into the user cache, from whichever mirror answers first.

    Each file is checked before it is renamed into place, so the cache never holds a bad one.
    """
    tried = [f"{place}: not there" for place in _places(known, data_dir)]
    if not download:
        raise _nowhere(known, [*tried, "download: not allowed"])
    folder = cache_folder() / known.name
    deadline = time.monotonic() + (patience if patience is not None else float("inf"))
    for mirror in _answering(known.mirrors, tried):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for role in [r for r in FILES if r not in _files(folder)]:
                _fetch_file(known, role, mirror, folder, progress, deadline)
            return folder
        except PellucidError as error:
            tried.append(f"{mirror}: {error.got}")
        except OSError as error:
            tried.append(f"{mirror}: {error}")
    raise _nowhere(known, tried)


def _nowhere(known: Published, tried: Sequence[str]) -> DataError:
    return DataError(
        f"data set {known.name}",
        got="no copy of its four IDX files; tried\n" + "\n".join(tried),
        needs="a folder with " + ", ".join(f"{name}.gz" for name in FILES.values()),
        try_="--data-dir FOLDER or PELLUCID_DATA=FOLDER, or 'digits', which needs no download",
    )


def _answering(mirrors: Sequence[str], tried: list[str]) -> Iterator[str]:
    """The mirrors in the order in which they answer; none after ANSWER_SECONDS.

    All are asked at once, in threads that nobody waits for: looking up a name can hang for much
    longer than any time limit of a socket.
    """
    answers: queue.Queue[tuple[str, str | None]] = queue.Queue()
    for mirror in mirrors:
        threading.Thread(target=_ask, args=(mirror, answers), daemon=True).start()
    waiting = list(mirrors)
    end = time.monotonic() + ANSWER_SECONDS
    while waiting:
        try:
            mirror, problem = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            tried += [f"{mirror}: no answer in {ANSWER_SECONDS:g} s" for mirror in waiting]
            return
        waiting.remove(mirror)
        if problem is None:
            yield mirror
        else:
            tried.append(f"{mirror}: {problem}")


def _ask(mirror: str, answers: queue.Queue[tuple[str, str | None]]) -> None:
    try:
        # a little longer than anybody waits for it, so that a silent mirror is always told as one
        with _open(mirror + FILES["test labels"] + ".gz", ANSWER_SECONDS + 1):
            answers.put((mirror, None))
    except Exception as error:  # whatever it was, this mirror is no use
        answers.put((mirror, str(error) or type(error).__name__))


def _open(url: str, seconds: float) -> IO[bytes]:
    from urllib.request import Request, urlopen  # here, since it is slow to import

    request = Request(url, headers={"User-Agent": "pellucid"})
    return urlopen(request, timeout=seconds)  # type: ignore[no-any-return]


def _fetch_file(
    known: Published,
    role: str,
    mirror: str,
    folder: Path,
    progress: Progress | None,
    deadline: float,
) -> None:
    name = FILES[role] + ".gz"
    limit = math.prod(known.shapes[role]) + SPARE
    content = _download(mirror + name, limit, progress, deadline)
    part = folder / f".{name}.part"
    try:
        durable.write_bytes(part, content)
        _verified(known, role, part)
        part.replace(folder / name)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _download(url: str, limit: int, progress: Progress | None, deadline: float) -> bytes:
    """All that the address answers; raises OSError when it is cut off, too large or too slow."""
    from http.client import HTTPException

    name = url.rpartition("/")[2]
    with _open(url, READ_SECONDS) as response:
        length = response.headers.get("Content-Length")  # type: ignore[attr-defined]
        total = int(length) if length and length.isdigit() else None
        try:
            return _read_all(response, name, total, limit, progress, deadline)
        except HTTPException as error:
            raise OSError(f"{name}: {error}") from error


def _read_all(
    response: IO[bytes],
    name: str,
    total: int | None,
    limit: int,
    progress: Progress | None,
    deadline: float,
) -> bytes:
    got = io.BytesIO()
    while chunk := response.read(CHUNK):
        got.write(chunk)
        if got.tell() > limit:
            raise OSError(f"{name} is larger than {limit:,} bytes")
        if time.monotonic() > deadline:
            raise OSError(f"{name} took too long")
        if progress is not None:
            progress(name, got.tell(), total)
    if total is not None and got.tell() < total:
        raise OSError(f"{name} was cut off after {got.tell():,} of {total:,} bytes")
    return got.getvalue()
