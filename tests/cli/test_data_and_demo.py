"""`pellucid data` and `pellucid demo`, and files of data that are damaged."""

from __future__ import annotations

import gzip
import json
import struct

import numpy as np
import pytest

from pellucid.cli.demo import learn_xor
from pellucid.data import toy


def test_list(pellucid):
    answer = pellucid("data", "list")
    names = [line.split()[0] for line in answer.out.splitlines()[1:]]
    assert names[:3] == ["digits", "mnist", "fashion-mnist"]
    assert {"and", "xor", "moons", "sine", "sentiment", "dates"} <= set(names)
    sets = json.loads(pellucid("data", "list", "--json").out)["sets"]
    assert [row["name"] for row in sets] == names


def test_info(pellucid):
    out = pellucid("data", "info", "digits").out
    assert "rows            1,797" in out
    assert "shape           8 x 8" in out
    assert "0: 178, 1: 182" in out
    found = json.loads(pellucid("data", "info", "digits", "--json").out)
    assert found["rows per class"]["0"] == 178


def test_info_of_a_table(pellucid, tmp_path):
    (tmp_path / "t.csv").write_text("size,colour,good\n1,red,yes\n2,blue,no\n3,red,yes\n")
    out = pellucid("data", "info", "t.csv").out
    assert "size: numbers, colour: 2 texts" in out
    assert "yes: 2" in out


def test_info_of_other_kinds_of_data(pellucid, tmp_path):
    """Each as the work that `pellucid train` would make of it."""
    (tmp_path / "t.txt").write_text("to be\nor not\n")
    (tmp_path / "s.csv").write_text("month,sold\n2020-01,1.5\n2020-02,3\n2020-03,2\n")
    for data, told in {
        "dates": ("pairs              20,000", "-> 1959-02-06"),
        "sentiment": ("bad: 2,250, good: 2,250",),
        "t.txt": ("characters            13", "lines                 2"),
        "s.csv": ("dates         2020-01 to 2020-03", "target range  1.5 to 3"),
    }.items():
        out = pellucid("data", "info", data).out
        assert [words for words in told if words not in out] == []
        assert json.loads(pellucid("data", "info", data, "--json").out)["name"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("Digits", "digits: 1,797"), ("Dates", "dates: 20,000 pairs"), ("SENTIMENT", "sentiment: ")],
)
def test_every_named_set_is_found_however_it_is_written(pellucid, name, told):
    assert told in pellucid("data", "get", name).out
    assert json.loads(pellucid("data", "info", name, "--json").out)["name"] == name.lower()


def test_get_an_unknown_set(pellucid):
    assert "did you mean 'mnist'?" in pellucid("data", "get", "mnst").err
    for name in ("sentiment", "dates"):
        answer = pellucid("data", "info", name[:-1])
        assert "sine, sentiment, dates\n" in answer.err
        assert f"did you mean '{name}'?" in answer.err


def test_demo_gates(pellucid):
    out = pellucid("demo", "gates").out
    assert out.count("Separated in") == 2
    assert "Not separated in 100 epochs, and no line can" in out
    last = out.splitlines()[-5:]
    assert [row.split()[2:4] for row in last[:4]] == [
        ["0", "0"],
        ["1", "1"],
        ["1", "1"],
        ["0", "0"],
    ]
    assert last[4].startswith("Solved; ")


@pytest.mark.parametrize("seed", range(3))
def test_the_network_of_the_demo_solves_xor(seed):
    _, loss = learn_xor(toy("xor"), seed)
    assert loss < 0.01


# -- damaged data --


def idx(array) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def folder_of(tmp_path, images: bytes, labels: bytes, suffix: str = ""):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / f"train-images-idx3-ubyte{suffix}").write_bytes(images)
    (folder / f"train-labels-idx1-ubyte{suffix}").write_bytes(labels)
    return folder


IMAGES = np.arange(20 * 9).reshape(20, 3, 3) % 256
LABELS = np.arange(20) % 2


def test_a_folder_of_idx_files_is_learnt(pellucid, tmp_path):
    folder_of(tmp_path, gzip.compress(idx(IMAGES)), gzip.compress(idx(LABELS)), ".gz")
    answer = pellucid("train", "set", "--epochs", "1", "--out", "a", "--quiet")
    assert answer.code == 0, answer.err
    assert json.loads(pellucid("evaluate", "a", "--json").out)["samples"] == 4


@pytest.mark.parametrize(
    ("images", "labels", "suffix", "complaint"),
    [
        (idx(IMAGES)[:-5], idx(LABELS), "", "FormatError in IDX file"),
        (idx(IMAGES) + b"more", idx(LABELS), "", "FormatError in IDX file"),
        (idx(LABELS), idx(IMAGES), "", "FormatError in IDX file"),
        (b"PK\x03\x04" + bytes(50), idx(LABELS), "", "FormatError in IDX file"),
        (idx(IMAGES), idx(LABELS)[:-3], "", "FormatError in IDX file"),
        (idx(IMAGES), idx(LABELS[:12]), "", "12 labels for the 20 images"),
        (idx(IMAGES), idx(LABELS * 0), "", "one class only"),
        (
            gzip.compress(idx(IMAGES), mtime=0)[:-9],
            gzip.compress(idx(LABELS), mtime=0),
            ".gz",
            "FormatError in IDX",
        ),
        (b"\0\0\x08\x03" + struct.pack(">3I", 4_000_000_000, 999, 999), idx(LABELS), "", "bytes"),
    ],
)
def test_idx_files_that_are_damaged(pellucid, tmp_path, images, labels, suffix, complaint):
    folder_of(tmp_path, images, labels, suffix)
    answer = pellucid("train", "set")
    assert (answer.code, complaint in answer.err) == (1, True), answer.err
    assert "  needs:  " in answer.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a,b\n1,0\n2\n", "rows of another length: line 3 with 1"),
        ("a,b\n1,0\n2,0\n3,0\n", "one class only"),
        ("a,b\n1,0\ninf,1\n3,0\n4,1\n", "'inf' on line 3"),
        ("a,b\n1,0\n,1\n3,0\n4,1\n", "missing values in 1 of 4 rows (line 3)"),
        ("a,b\n", "a header alone"),
        ("", "no rows"),
        ('a,b\n"1,0\n', "cannot be read"),
        ("a,b\n" + "1,0\n" * 20 + "4,1\n", "class '1' with 1 row"),
        ("a,b\n1,\n2,x\n3,y\n", "1 missing values, on line 2"),
    ],
)
def test_tables_that_cannot_be_used(pellucid, tmp_path, text, complaint):
    (tmp_path / "t.csv").write_text(text)
    answer = pellucid("train", "t.csv", "--target", "b" if text else "0")
    assert (answer.code, complaint in answer.err) == (1, True), answer.err
    assert not (tmp_path / "runs").exists()


def test_a_table_of_another_encoding(pellucid, tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    assert "that is not UTF-8" in pellucid("train", "t.csv").err


def test_arrays_that_cannot_be_used(pellucid, tmp_path):
    np.savez(tmp_path / "p.npz", x=np.array([{}], dtype=object), y=np.array([1]))
    assert "would be unpickled" in pellucid("train", "p.npz").err
    np.savez(tmp_path / "n.npz", x=np.array([[1.0, np.nan]] * 8), y=np.arange(8) % 2)
    assert "8 values that are not finite, in 8 of 8 rows" in pellucid("train", "n.npz").err
    whole = (tmp_path / "n.npz").read_bytes()
    (tmp_path / "n.npz").write_bytes(whole[: len(whole) // 2])
    answer = pellucid("train", "n.npz")
    assert (answer.code, "needs:  a whole .npz file" in answer.err) == (1, True)


def test_no_such_file(pellucid):
    assert "got:    no file none.csv" in pellucid("train", "none.csv").err
