"""Pictures in class folders: what is found, what is refused, and the cache that stands for them."""

import io
import json
import multiprocessing
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load, picture_cache
from pellucid.data.picture_folder import load_pictures
from pellucid.errors import DataError, FormatError, OptionError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pellucid" / "pictures"


def png(level=0, size=(6, 4), mode="RGB"):
    stream = io.BytesIO()
    colour = (level, 1, 2) if mode == "RGB" else level
    Image.new(mode, size, colour).save(stream, "PNG")
    return stream.getvalue()


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


PETS = {"cats/1.png": png(10), "cats/2.png": png(20), "dogs/1.png": png(30)}
CUT = {
    f"pets/{part}/{name}": content
    for part, share in (("train", 0), ("test", 1))
    for name, content in PETS.items()
}


@pytest.fixture
def pets(tmp_path):
    return write(tmp_path / "pets", PETS)


def test_class_folders(pets):
    data = load(pets)
    assert (data.classes, data.x.shape, data.x.dtype) == (("cats", "dogs"), (3, 4, 6, 3), np.uint8)
    assert data.y.tolist() == [0, 0, 1]
    assert data.x[:, 0, 0].tolist() == [[10, 1, 2], [20, 1, 2], [30, 1, 2]]
    assert data.test is None


def test_a_zip_with_an_official_test_part_gives_the_same_as_its_folder(tmp_path):
    archive, folder = load(zipped(tmp_path / "a.zip", CUT)), load(write(tmp_path / "b", CUT))
    for data in (archive, folder):
        assert (len(data), len(data.test), data.classes) == (3, 3, ("cats", "dogs"))
    assert np.array_equal(archive.x, folder.x)
    assert np.array_equal(archive.test.y, folder.test.y)


def test_grey_pictures_have_no_channels(tmp_path):
    grey = {name: png(k, mode="L") for k, name in enumerate(PETS)}
    data = load_pictures(write(tmp_path / "grey", grey))
    assert data.x.shape == (3, 4, 6)
    mixed = load_pictures(write(tmp_path / "mixed", {**grey, "dogs/2.png": png(9)}))
    assert mixed.x.shape == (4, 4, 6, 3)
    assert mixed.x[1, 0, 0].tolist() == [1, 1, 1]


def test_numbered_classes_are_in_the_order_of_their_numbers(tmp_path):
    files = {f"{k}/a.png": png(k) for k in (10, 9, 0)}
    assert load_pictures(write(tmp_path / "n", files)).classes == ("0", "9", "10")


def test_transparency_becomes_white_and_wide_levels_become_bytes(tmp_path):
    clear = io.BytesIO()
    Image.new("RGBA", (6, 4), (0, 0, 0, 0)).save(clear, "PNG")
    wide = io.BytesIO()
    Image.fromarray(np.full((4, 6), 65535, np.uint16)).save(wide, "PNG")
    data = load_pictures(
        write(tmp_path / "p", {"a/1.png": clear.getvalue(), "b/1.png": wide.getvalue()})
    )
    assert (data.x == 255).all()


# -- what is refused --

REFUSED = {
    "an empty folder": ({}, "no pictures"),
    "one class": ({"p/cats/1.png": png(), "p/cats/2.png": png()}, "one class folder only, 'cats'"),
    "no class folder": ({"1.png": png(), "2.png": png()}, "pictures that lie in no class folder"),
    "a stray file": ({**PETS, "3.png": png()}, "3.png, in no class folder"),
    "too deep": ({**PETS, "dogs/small/3.png": png()}, "dogs/small/3.png, in folders within"),
    "no picture": ({**PETS, "dogs/notes.txt": b"hello"}, "picture dogs/notes.txt"),
    "an empty file": ({**PETS, "dogs/2.png": b""}, "got:    an empty file"),
    "half a file": ({**PETS, "dogs/2.png": png()[:40]}, "picture dogs/2.png"),
    "two sizes": ({**PETS, "dogs/2.png": png(size=(9, 9))}, "cats/1.png is 6x4, dogs/2.png is 9x9"),
    "a test part alone": ({"test/a/1.png": png(), "testing/b/1.png": png()}, "a test part only"),
    "a new test class": ({**CUT, "pets/test/cows/1.png": png()}, "has the class 'cows'"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_refused(tmp_path, case, form, cache):
    files, words = REFUSED[case]
    (tmp_path / "p").mkdir()
    path = zipped(tmp_path / "p.zip", files) if form == "zip" else write(tmp_path / "p", files)
    with pytest.raises((DataError, FormatError)) as caught:
        load_pictures(path)
    assert words in str(caught.value)
    assert not cache.exists() or not list(cache.iterdir())  # nothing is left half done


def test_broken_files_are_skipped_only_when_asked(pets):
    write(pets, {"cats/bad.png": b"", "dogs/notes.txt": b"hello"})
    with pytest.raises(FormatError, match="--skip-broken"):
        load(pets)
    with pytest.raises(FormatError, match=r"can be read \(of no known format\)"):
        load(write(pets, {"cats/bad.png": b"hello"}))
    data = load(pets, skip_broken=True)
    assert (len(data), data.y.tolist()) == (3, [0, 0, 1])
    assert data.notes == (
        "2 files that are no pictures were skipped: cats/bad.png, dogs/notes.txt",
    )


def test_a_folder_without_a_picture_is_told(pets):
    (pets / "birds").mkdir()
    assert load(pets).classes == ("cats", "dogs")
    assert load(pets).notes == ("no class, since there is no picture in it: birds",)


def test_resized_only_when_asked(pets):
    write(pets, {"dogs/2.png": png(size=(9, 9))})
    with pytest.raises(DataError, match="--resize 6x4"):
        load(pets)
    assert load(pets, resize="5x3").x.shape == (4, 3, 5, 3)
    with pytest.raises(OptionError, match="width x height"):
        load(pets, resize="5")


@pytest.mark.parametrize(
    "name", ["../cats/1.png", "/cats/1.png", "cats/../../1.png", "C:/cats/1.png"]
)
def test_a_zip_may_not_lead_out_of_itself(tmp_path, name):
    path = zipped(tmp_path / "p.zip", {**PETS, name: png()})
    with pytest.raises(FormatError, match="leads out of the archive"):
        load_pictures(path)


def test_a_zip_with_a_file_of_an_absurd_size(tmp_path, monkeypatch):
    path = zipped(tmp_path / "p.zip", {**PETS, "dogs/2.png": bytes(5000)})
    monkeypatch.setattr("pellucid.data.picture_folder.LARGEST_FILE", 4000)
    with pytest.raises(FormatError, match="of at most 4,000 bytes"):
        load_pictures(path)


def test_a_picture_that_would_unpack_to_too_much(pets, monkeypatch):
    monkeypatch.setattr(picture_cache, "MOST_PIXELS", 23)
    with pytest.raises(FormatError, match="6x4 pixels; at most 23"):
        load(pets)


def test_a_zip_that_unpacks_to_too_much_in_all(tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.data.picture_folder.MOST_BYTES", 100)
    with pytest.raises(FormatError, match="bytes in all"):
        load_pictures(zipped(tmp_path / "p.zip", PETS))


def test_links_are_followed_but_not_in_circles_and_pipes_are_refused(pets, tmp_path):
    elsewhere = write(tmp_path / "elsewhere", {"1.png": png(40)})
    (pets / "cows").symlink_to(elsewhere)
    (elsewhere / "again").symlink_to(pets)
    assert load(pets).classes == ("cats", "cows", "dogs")
    (pets / "cats" / "3.png").symlink_to(tmp_path / "nothing")
    with pytest.raises(FormatError, match=r"cats/3.png\n.*No such file"):
        load(pets)
    (pets / "cats" / "3.png").unlink()
    os.mkfifo(pets / "cats" / "pipe")
    with pytest.raises(FormatError, match="no plain file"):
        load(pets)


def test_a_damaged_zip(tmp_path):
    (tmp_path / "p.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(FormatError, match="no whole zip file"):
        load(tmp_path / "p.zip")


# -- the cache --


def test_once_read_no_picture_is_opened_again(pets, monkeypatch):
    first = load(pets)
    monkeypatch.setattr(picture_cache, "_unpacked", lambda content: pytest.fail("opened"))
    again = load(pets)
    assert np.array_equal(first.x, again.x)
    assert not again.x.flags.owndata  # mapped, not read


def test_a_changed_picture_is_read_anew_and_the_old_cache_goes(pets, cache):
    load(pets)
    write(pets, {"dogs/1.png": png(99)})
    os.utime(pets / "dogs" / "1.png", (1, 1))
    assert load(pets).x[2, 0, 0, 0] == 99
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("harm", ["cut", "flipped", "no index", "bad index"])
def test_a_damaged_cache_is_made_again(pets, cache, harm):
    whole = load(pets).x.copy()
    folder = next(cache.iterdir())
    pixels, index = folder / "pixels.npy", folder / "index.json"
    if harm == "cut":
        pixels.write_bytes(pixels.read_bytes()[:-9])
    elif harm == "flipped":
        content = bytearray(pixels.read_bytes())
        content[-1] ^= 1
        pixels.write_bytes(content)
    elif harm == "no index":
        index.unlink()
    else:
        index.write_text(json.dumps({"format": picture_cache.FORMAT}))
    assert np.array_equal(load(pets).x, whole)
    assert np.array_equal(load(pets).x, whole)


def _sum(path):
    return int(load_pictures(path).x.sum())


def test_two_processes_may_build_it_at_once(pets, cache):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        sums = pool.map(_sum, [pets, pets, pets])
    assert len(set(sums)) == 1
    assert len(list(cache.iterdir())) == 1


def test_progress_is_told(pets):
    told = []
    load(pets, progress=lambda *news: told.append(news))
    assert told[0][0] == "reading 3 pictures of pets"
    assert told[0][2] == sum(Path(f).stat().st_size for f in pets.rglob("*.png"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_picture_listed_twice_in_a_zip_is_one(tmp_path):
    path = zipped(tmp_path / "p.zip", PETS)
    before = len(load(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(next(iter(PETS)), next(iter(PETS.values())))
    assert len(load(path)) == before
