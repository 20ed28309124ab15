"""Loads pictures that lie in class folders, in a folder or in a zip file read in place."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from pellucid.data import picture_cache
from pellucid.data.base import Data
from pellucid.data.fetch import Progress
from pellucid.data.picture_cache import Listing, Named
from pellucid.errors import DataError, FormatError, OptionError

__all__ = ["is_picture_folder", "load_pictures", "parse_size"]

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TRAIN, TEST = ("train", "training"), ("test", "testing")
VALIDATION = ("val", "valid", "validation")
IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
MOST_FILES = 5_000_000
LARGEST_FILE = 1 << 28  # bytes of one picture
MOST_BYTES = 1 << 38  # of all of them, unpacked from an archive
LARGEST_SIDE = 1024


def load_pictures(
    path: str | Path,
    *,
    resize: str | None = None,
    skip_broken: bool = False,
    progress: Progress | None = None,
) -> Data:
    """Images by class: CLASS/picture, or train/CLASS/picture and test/CLASS/picture; or a zip.

    Everything is decoded once, into a cache that is mapped into memory: afterwards no picture is
    opened until one changes. ``resize``: "32x32", width x height, for pictures of different sizes.
    ``skip_broken``: leave out what is no picture, and count it in a note. x is uint8, (N, H, W)
    where all are grey, else (N, H, W, 3).

    Raises DataError for a folder without pictures, with one class, or with sizes that differ;
    FormatError for a file that is no picture, and a zip with paths or sizes that no honest one has.
    """
    path = Path(path).expanduser()
    size = None if resize is None else parse_size(resize)
    who = f"{'zip file' if path.is_file() else 'folder'} {path}"
    listing = _from_zip(path, who) if path.is_file() else _from_folder(path, who)
    parts = _arranged(listing.files, who)
    order = [*parts.train, *parts.test]
    made = picture_cache.open_or_build(listing, order, size, skip_broken, progress)
    return _as_data(path, parts, made)


def parse_size(text: str) -> tuple[int, int]:
    """ "32x24", width x height, as numbers; raises OptionError for anything else.

    >>> parse_size("32x24")
    (32, 24)
    """
    sides = text.lower().split("x")
    if len(sides) == 2 and all(s.isdigit() and 1 <= int(s) <= LARGEST_SIDE for s in sides):
        return int(sides[0]), int(sides[1])
    raise OptionError(
        "--resize",
        got=repr(text),
        needs=f"width x height, each 1 to {LARGEST_SIDE}",
        try_="--resize 32x32",
    )


def is_picture_folder(path: Path) -> bool:
    """Whether a folder holds pictures, or folders, rather than IDX files."""
    names = [item for item in path.iterdir() if not item.name.startswith(".")]
    if any(item.is_file() and item.suffix.lower() in PICTURES for item in names):
        return True
    idx = any("labels" in item.name.lower() for item in names if item.is_file())
    return any(item.is_dir() for item in names) and not idx


# -- what is there --


def _from_folder(path: Path, who: str) -> Listing:
    files, seen = [], set()
    for folder, names, found in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        names[:] = [] if real in seen else sorted(n for n in names if not _ignored(n))
        if real in seen:  # a link back into the folder
            continue
        seen.add(real)
        for name in sorted(n for n in found if not _ignored(n)):
            files.append(_named(Path(folder) / name, path, who))
    _bounded(files, who)
    return Listing(path.resolve(), tuple(files), who)


def _named(file: Path, root: Path, who: str) -> Named:
    relative = PurePosixPath(file.relative_to(root).as_posix())
    if not file.exists():  # a link to nothing: read, it will be told as what it is
        return Named(relative, 0, 0)
    facts = file.stat()
    if not stat.S_ISREG(facts.st_mode):  # reading a pipe would wait for ever
        raise FormatError(who, got=f"{relative}, which is no plain file", needs="pictures")
    return Named(relative, facts.st_size, facts.st_mtime_ns)


def _from_zip(path: Path, who: str) -> Listing:
    """The files of an archive, none of them read yet."""
    facts = path.stat()
    try:
        with zipfile.ZipFile(path) as archive:
            items = [item for item in archive.infolist() if not item.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FormatError(who, got=f"no whole zip file ({error})", needs="a zip file") from error
    files: dict[PurePosixPath, Named] = {}  # listed twice, the later one counts, as in unpacking
    for item in items:
        name = PurePosixPath(item.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise FormatError(
                who,
                got=f"the path {item.filename!r}, which leads out of the archive",
                needs="paths within it",
            )
        if item.flag_bits & 1:
            raise FormatError(
                who, got=f"{item.filename}, which is encrypted", needs="files without a password"
            )
        if not any(_ignored(part) for part in name.parts):
            files[name] = Named(name, item.file_size, facts.st_mtime_ns, item.filename)
    found = sorted(files.values(), key=lambda file: str(file.path))
    _bounded(found, who)
    return Listing(path.resolve(), tuple(found), who)


def _ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED


def _bounded(files: Sequence[Named], who: str) -> None:
    """Refuse what no folder of pictures has, before anything is unpacked."""
    if len(files) > MOST_FILES:
        raise FormatError(who, got=f"{len(files):,} files", needs=f"at most {MOST_FILES:,}")
    for file in files:
        if file.bytes > LARGEST_FILE:
            raise FormatError(
                who,
                got=f"{file.path} of {file.bytes:,} bytes",
                needs=f"pictures of at most {LARGEST_FILE:,} bytes",
            )
    total = sum(file.bytes for file in files)
    if total > MOST_BYTES:
        raise FormatError(who, got=f"{total:,} bytes in all", needs=f"at most {MOST_BYTES:,}")


# -- which class, which part --


@dataclass(frozen=True)
class _Parts:
    train: tuple[Named, ...]
    test: tuple[Named, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def _arranged(files: Sequence[Named], who: str) -> _Parts:
    """The files by part and class, each in the order of its names."""
    if not files:
        raise DataError(who, got="no pictures", needs="class folders: cats/1.png, dogs/1.png ...")
    paths = _without_common_folders([file.path.parts for file in files])
    tops = {parts[0].lower() for parts in paths if len(parts) > 1}
    by_part = bool(tops) and tops <= {*TRAIN, *TEST, *VALIDATION}
    test_names = TEST if tops & {*TEST} else VALIDATION
    train: list[tuple[Named, str]] = []
    test: list[tuple[Named, str]] = []
    for file, parts in zip(files, paths, strict=True):
        rest = parts[1:] if by_part else parts
        if len(rest) != 2:
            raise _misplaced(file, rest, paths, who)
        placed = (file, rest[0])
        (test if by_part and parts[0].lower() in test_names else train).append(placed)
    if not train:
        raise DataError(who, got="a test part only", needs="pictures to train on")
    classes = _in_order({name for _, name in train})
    if len(classes) < 2:
        raise DataError(
            who, got=f"one class folder only, {classes[0]!r}", needs="at least two to tell apart"
        )
    for file, name in test:
        if name not in classes:
            raise DataError(
                who,
                got=f"{file.path}: no training picture has the class {name!r}",
                needs="test classes that are trained: " + ", ".join(classes[:10]),
            )
    notes: tuple[str, ...] = ()
    if test and test_names is VALIDATION:
        notes = ("the validation folder is kept for the test, since there is no test folder",)
    place = {name: label for label, name in enumerate(classes)}
    labelled = [tuple(file.of(place[name]) for file, name in part) for part in (train, test)]
    return _Parts(labelled[0], labelled[1], classes, notes)


def _without_common_folders(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the folders that stand before everything; CLASS/picture is always left."""
    while all(len(p) > 2 for p in paths) and len({p[0] for p in paths}) == 1:
        paths = [p[1:] for p in paths]
    return paths


def _misplaced(
    file: Named, rest: tuple[str, ...], paths: list[tuple[str, ...]], who: str
) -> DataError:
    if all(len(p) == 1 for p in paths):
        return DataError(
            who,
            got="pictures that lie in no class folder",
            needs="a folder for each class: cats/1.png, dogs/1.png ...",
        )
    where = "in no class folder" if len(rest) < 2 else "in folders within a class folder"
    return DataError(
        who, got=f"{file.path}, {where}", needs="CLASS/picture, or train/CLASS/picture"
    )


def _empty_folders(path: Path) -> list[str]:
    """The folders in which nothing lies; a zip file has none."""
    walk = os.walk(path, followlinks=False)
    return sorted(
        Path(folder).relative_to(path).as_posix()
        for folder, names, found in walk
        if not names and all(map(_ignored, found)) and not _ignored(Path(folder).name)
    )


def _in_order(names: set[str]) -> tuple[str, ...]:
    """Class names in order, whole numbers by their size."""
    if all(name.isdigit() for name in names):
        return tuple(sorted(names, key=int))
    return tuple(sorted(names))


# -- as a data set --


def _as_data(path: Path, parts: _Parts, made: picture_cache.Pictures) -> Data:
    notes = list(parts.notes)
    if made.skipped:
        named = ", ".join(made.skipped[:3]) + (" ..." if len(made.skipped) > 3 else "")
        files = "1 file that is no picture was"
        if len(made.skipped) > 1:
            files = f"{len(made.skipped):,} files that are no pictures were"
        notes.append(f"{files} skipped: {named}")
    empty = _empty_folders(path)
    if empty:
        notes.append(f"no class, since there is no picture in it: {', '.join(empty[:3])}")
    labels = np.array([file.label for file in [*parts.train, *parts.test]], np.int64)[made.kept]
    n = int((made.kept < len(parts.train)).sum())

    def part(rows: slice, name: str) -> Data:
        x, y = made.pixels[rows], labels[rows]
        source = f"pictures by class, {path}"
        return Data(x, y, "classification", parts.classes, name, source, target="class")

    test = part(slice(n, None), f"{path.stem} (test)") if n < len(labels) else None
    return replace(part(slice(0, n), path.stem), notes=tuple(notes), test=test)
