"""Loads a folder of IDX files: images and labels, and a test part if there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pellucid.data.base import Array, Data, from_arrays
from pellucid.data.idx import read_idx
from pellucid.errors import DataError, FormatError

__all__ = ["load_folder"]

TEST_WORDS = ("t10k", "test")


def load_folder(folder: str | Path) -> Data:
    """The files whose names hold "images" and "labels"; those with "t10k" or "test" are the test.

    Raises DataError for files that are missing or more than one of a kind, FormatError for a file
    that is not IDX, holds images where labels are expected, or another count than its partner.
    """
    folder = Path(folder).expanduser()
    train, test = _pair(folder, False), _pair(folder, True)
    if train is None and test is None:
        raise DataError(
            f"folder {folder}",
            got="no pair of IDX files",
            needs="files named ...images... and ...labels..., .gz or not",
        )
    first = _read(*(train or test))  # type: ignore[misc]
    data = from_arrays(*first, task="classification", name=folder.name, source=f"IDX, {folder}")
    if train is None or test is None:
        return data
    x, y = _read(*test)
    known = [str(label) for label in data.classes]
    part = from_arrays(
        x, y.astype(str), task="classification", classes=known, name=f"{folder.name} (test)"
    )
    if part.shape != data.shape:
        raise FormatError(
            f"folder {folder}",
            got=f"training images of shape {data.shape} and test images of {part.shape}",
            needs="one shape",
        )
    return replace(data, test=part)


def _pair(folder: Path, test: bool) -> tuple[Path, Path] | None:
    images, labels = _only(folder, "images", test), _only(folder, "labels", test)
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        part = "test" if test else "training"
        there, lacks = ("labels", "images") if images is None else ("images", "labels")
        raise DataError(f"folder {folder}", got=f"{part} {there} only", needs=f"{part} {lacks}")
    return images, labels


def _only(folder: Path, word: str, test: bool) -> Path | None:
    found = [
        path
        for path in sorted(folder.iterdir())
        if word in path.name.lower()
        and not path.name.startswith(".")
        and any(t in path.name.lower() for t in TEST_WORDS) == test
        and path.is_file()
    ]
    if len(found) > 1:
        raise DataError(
            f"folder {folder}",
            got=", ".join(path.name for path in found),
            needs=f"one file of {'test' if test else 'training'} {word}",
        )
    return found[0] if found else None


def _read(images: Path, labels: Path) -> tuple[Array, Array]:
    y = read_idx(labels, axes=1)
    x = read_idx(images)
    if x.ndim < 2:
        raise FormatError(
            f"IDX file {images}",
            got=f"an array of shape {x.shape}",
            needs="images, three axes or more",
            try_="is it the labels' file?",
        )
    if len(x) != len(y):
        raise FormatError(
            f"IDX file {labels}",
            got=f"{len(y):,} labels for the {len(x):,} images of {images.name}",
            needs="as many labels as images",
        )
    return x, y
