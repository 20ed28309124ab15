"""Decodes pictures once, into one array of pixels that later runs map into memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import shutil
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import durable
from pellucid.data.base import Array
from pellucid.data.fetch import Progress, cache_folder
from pellucid.errors import DataError, FormatError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Listing", "Named", "Pictures", "open_or_build"]

FORMAT = "pellucid pictures 1"
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MOST_PIXELS = 64_000_000  # of one picture
LARGEST_CACHE = 1 << 38  # bytes
OLD = 24 * 3600.0  # seconds after which a half-built cache was left behind by a killed process
EMPTY = "an empty file"
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")


@dataclass(frozen=True)
class Named:
    """A file by its path within the folder or archive, and what tells that it has changed."""

    path: PurePosixPath
    bytes: int
    changed: int
    entry: str = ""  # its name in the archive, as it stands there
    label: int = 0

    def of(self, label: int) -> Named:
        """The same file, of a class."""
        return replace(self, label=label)


@dataclass(frozen=True)
class Listing:
    """Everything that a folder or a zip file holds."""

    root: Path
    files: tuple[Named, ...]
    who: str  # in messages


@dataclass(frozen=True)
class Pictures:
    """Pixels (N, H, W) or (N, H, W, 3), mapped; the places in the order that was asked for."""

    pixels: Array
    kept: Array
    skipped: tuple[str, ...]


def open_or_build(
    listing: Listing,
    order: Sequence[Named],
    size: tuple[int, int] | None,
    skip_broken: bool,
    progress: Progress | None = None,
) -> Pictures:
    """The pictures in this order, from the cache; decoded into it where it has none or a bad one.

    Two processes may build at once: each in a folder of its own, which is renamed when it is whole.
    """
    home = cache_folder() / "pictures"
    place, content = _keys(listing, order, size, skip_broken)
    folder = home / f"{place}-{content}"
    found = _opened(folder, len(order))
    if found is not None:
        return found
    home.mkdir(parents=True, exist_ok=True)
    _tidy(home, place, folder)
    building = Path(tempfile.mkdtemp(prefix=f".{place}-", dir=home))
    try:
        _Builder(listing, order, size, skip_broken, progress, building).build()
        _move(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    found = _opened(folder, len(order))
    if found is None:
        raise FormatError(
            f"cache {folder}", got="pixels that do not read back", needs="a disk that keeps them"
        )
    return found


def _keys(listing: Listing, order: Sequence[Named], *how: Any) -> tuple[str, str]:
    """What stands for the path and the options, and for the files as they are now."""
    place = hashlib.blake2b(repr((str(listing.root), how)).encode(), digest_size=6)
    content = hashlib.blake2b(FORMAT.encode(), digest_size=8)
    for file in order:
        content.update(f"{file.path}\0{file.bytes}\0{file.changed}\n".encode())
    if listing.root.is_file():
        content.update(str(listing.root.stat().st_size).encode())
    return place.hexdigest(), content.hexdigest()


def _tidy(home: Path, place: str, folder: Path) -> None:
    """Remove what an earlier state of the same files left, and what a killed process began."""
    for other in [*home.glob(f"{place}-*"), *home.glob(f".{place}-*")]:
        with contextlib.suppress(OSError):
            begun = other.name.startswith(".")
            if not begun or time.time() - other.stat().st_mtime > OLD:
                shutil.rmtree(other)


def _move(building: Path, folder: Path) -> None:
    try:
        building.rename(folder)
    except OSError:
        if not (folder / "index.json").exists():  # else another process was quicker
            raise


def _opened(folder: Path, count: int) -> Pictures | None:
    """The pictures of a whole cache; None for one that is not there or is damaged."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        if index["format"] != FORMAT:
            return None
        pixels = np.load(folder / "pixels.npy", mmap_mode="r", allow_pickle=False)
        kept = np.asarray(index["kept"], np.int64)
        fits = pixels.dtype == np.uint8 and list(pixels.shape) == index["shape"]
        if not fits or len(kept) != len(pixels) or (len(kept) and kept[-1] >= count):
            return None
        if _checksum(pixels) != index["checksum"]:
            return None
        return Pictures(np.asarray(pixels), kept, tuple(map(str, index["skipped"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checksum(pixels: Array) -> int:
    value = 0
    for start in range(0, len(pixels), 4096):
        value = zlib.crc32(np.ascontiguousarray(pixels[start : start + 4096]).data, value)
    return value


class _ColourFound(Exception):
    """A picture with colours stands behind grey ones."""


class _Builder:
    """One pass over all files."""

    def __init__(
        self,
        listing: Listing,
        order: Sequence[Named],
        size: tuple[int, int] | None,
        skip_broken: bool,
        progress: Progress | None,
        folder: Path,
    ) -> None:
        self.listing, self.order, self.size = listing, order, size
        self.skip_broken, self.progress, self.folder = skip_broken, progress, folder
        self.first: Named | None = None  # the picture whose size the others must have

    def build(self) -> None:
        """Write pixels.npy and index.json."""
        try:
            pixels, kept, skipped = self.decode(colour=False)
        except _ColourFound:
            pixels, kept, skipped = self.decode(colour=True)
        index = {
            "format": FORMAT,
            "path": str(self.listing.root),
            "shape": list(pixels.shape),
            "kept": kept,
            "skipped": skipped,
            "checksum": _checksum(pixels),
        }
        durable.write_text(self.folder / "index.json", json.dumps(index))

    def decode(self, colour: bool) -> tuple[Array, list[int], list[str]]:
        """All pictures, one after the other."""
        kept: list[int] = []
        skipped: list[str] = []
        pixels: Array | None = None
        done, total = 0, sum(file.bytes for file in self.order)
        said = f"reading {len(self.order):,} pictures of {self.listing.root.name}"
        with self.reader() as read:
            for place, file in enumerate(self.order):
                done += file.bytes
                if self.progress is not None and place % 64 == 0:
                    self.progress(said, done, total)
                picture = self.picture(file, read, skipped, colour)
                if picture is None:
                    continue
                levels = np.asarray(self.fitted(file, picture))
                if pixels is None:
                    pixels = self.room(levels.shape)
                pixels[len(kept)] = levels
                kept.append(place)
        if pixels is None:
            raise DataError(
                self.listing.who, got="no file that is a picture", needs="PNG, JPEG or the like"
            )
        return self.shortened(pixels, len(kept)), kept, skipped

    def room(self, shape: tuple[int, ...]) -> Array:
        """A file for all pictures, mapped."""
        if len(self.order) * math.prod(shape) > LARGEST_CACHE:
            raise DataError(
                self.listing.who,
                got=f"{len(self.order):,} pictures of {shape[1]}x{shape[0]}",
                needs=f"at most {LARGEST_CACHE:,} bytes of pixels",
                try_="--resize 64x64",
            )
        return self.mapped("pixels.npy", (len(self.order), *shape))

    def mapped(self, name: str, shape: tuple[int, ...]) -> Array:
        return np.lib.format.open_memmap(self.folder / name, "w+", np.uint8, shape)

    def shortened(self, pixels: Array, count: int) -> Array:
        """Without the room of what was skipped."""
        if count == len(pixels):
            return pixels
        short = self.mapped("kept.npy", (count, *pixels.shape[1:]))
        short[...] = pixels[:count]
        del pixels
        (self.folder / "kept.npy").replace(self.folder / "pixels.npy")
        return short

    @contextlib.contextmanager
    def reader(self) -> Iterator[Callable[[Named], bytes]]:
        """Gives the function that reads a file, of no more bytes than it said it has."""
        if self.listing.root.is_dir():
            yield lambda file: (self.listing.root / file.path).read_bytes()
            return
        with zipfile.ZipFile(self.listing.root) as archive:

            def unpacked(file: Named) -> bytes:
                with archive.open(file.entry) as stream:
                    content = stream.read(file.bytes + 1)
                if len(content) > file.bytes:
                    raise ValueError("more bytes than the archive says")
                return content

            yield unpacked

    def picture(
        self, file: Named, read: Callable[[Named], bytes], skipped: list[str], colour: bool
    ) -> Any:
        """The picture in a file, grey or in RGB; None where it was skipped."""
        try:
            found = _unpacked(read(file))
            if not colour and found.mode not in GREY:
                raise _ColourFound
            return _plain(found, colour)
        except _ColourFound:
            raise
        except (FileNotFoundError, PermissionError) as error:
            why = error.strerror
        except OSError as error:
            if error.errno is not None:
                raise  # the disk, not the picture
            why = str(error)
        except Exception as error:  # a damaged picture can fail in any way its format allows
            why = str(error) or type(error).__name__
        if not self.skip_broken:
            raise FormatError(
                f"picture {file.path}",
                got=why if why == EMPTY else f"no picture that can be read ({why})",
                needs="a PNG, JPEG or another picture that Pillow reads",
                try_="--skip-broken to leave such files out",
            )
        skipped.append(str(file.path))
        return None

    def fitted(self, file: Named, picture: Image) -> Image:
        """The picture in the size of all others."""
        from PIL import Image

        if self.size is not None:
            return picture.resize(self.size, Image.Resampling.BILINEAR)
        if self.first is None:
            self.first, self.sides = file, picture.size
        if picture.size != self.sides:
            raise DataError(
                self.listing.who,
                got=f"pictures of different sizes: {self.first.path} is {_sides(self.sides)}, "
                f"{file.path} is {_sides(picture.size)}",
                needs="one size for all",
                try_=f"--resize {_sides(self.sides)}",
            )
        return picture


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _unpacked(content: bytes) -> Image:
    """The picture in these bytes, once its header says that it is not too large for that."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not content:
        raise ValueError(EMPTY)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:  # whose own words name an object in memory, not the file
        raise ValueError("of no known format") from None
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError(f"{_sides(picture.size)} pixels; at most {MOST_PIXELS:,}")
    picture.load()
    return ImageOps.exif_transpose(picture)


def _plain(picture: Image, colour: bool) -> Image:
    """Grey levels or RGB, what is transparent on white."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        levels = np.asarray(picture, np.float64)
        top = 65535.0 if levels.max() > 255 else 255.0
        picture = Image.fromarray(np.uint8(np.clip(levels, 0, top) * (255 / top)))
    if "A" in picture.getbands() or "transparency" in picture.info:
        layers = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, layers).convert("RGB")
    return picture.convert("RGB" if colour else "L")
