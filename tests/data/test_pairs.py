"""Pairs of texts: read from files, cut without overlap, and as arrays; and the made dates."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from pellucid.data.dates import FIRST_YEAR, LAST_YEAR, WAYS, dates
from pellucid.data.pairs import BEGIN, END, PAD, Pairs, encoded, looks_like_pairs, read_pairs
from pellucid.data.text import IGNORED
from pellucid.errors import DataError, FormatError, OptionError

ONE = datetime.date(1987, 3, 3)


def written(tmp_path, text, name="p.tsv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# -- arrays --


def test_a_pair_as_tokens():
    pairs = Pairs(("ab", "c"), ("c", "ba"), "p", "here")
    assert pairs.spelling.vocabulary == ("<pad>", "<begin>", "<end>", "a", "b", "c")
    x, y = pairs.arrays(np.arange(2))
    a, b, c = 3, 4, 5
    assert x.tolist() == [[a, b, BEGIN, c, PAD], [c, PAD, BEGIN, b, a]]
    assert y.tolist() == [[c, END, IGNORED], [b, a, END]]
    assert pairs.spelling.text(y[1]) == "ba"


def test_other_pairs_in_the_spelling_of_these():
    spelling = Pairs(("ab", "c"), ("c", "ba"), "p", "here").spelling
    assert encoded(spelling, ["ca"], ["b"], "q", "there").x.tolist() == [[5, 3, BEGIN, 4, PAD]]
    with pytest.raises(
        DataError, match=r"target 'abc'\n  got:    3 characters\n  needs:  at most 2"
    ):
        encoded(spelling, ["ca"], ["abc"], "q", "there")
    with pytest.raises(DataError, match=r"target 'ad'\n  got:    the character 'd' at place 1"):
        encoded(spelling, ["ca"], ["ad"], "q", "there")


# -- the split --


def texts_of(pairs, part):
    S = pairs.spelling.source
    return {pairs.spelling.text(row[:S]) for row in part.x}, {
        pairs.spelling.text(row) for row in part.y
    }


def test_no_source_of_a_file_is_in_two_parts():
    sources = [f"s{i % 40}" for i in range(120)]  # each of 40 sources with three translations
    pairs = Pairs(tuple(sources), tuple(f"t{i}" for i in range(120)), "p", "here")
    parts = pairs.split(0.1, 0.2, seed=1)
    assert [len(part) for part in parts] == [84, 12, 24]
    found = [texts_of(pairs, part)[0] for part in parts]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])
    again = pairs.split(0.1, 0.2, seed=1)
    assert all(np.array_equal(a.x, b.x) for a, b in zip(parts, again, strict=True))


def test_no_date_is_in_two_parts():
    pairs = dates(40_000, seed=2)  # more than there are dates: some are written twice
    parts = pairs.split(0.1, 0.1, seed=2)
    found = [{row.tobytes() for row in part.y} for part in parts]
    assert sum(map(len, found)) == len(set(pairs.targets)) == 36_525
    assert len(set.union(*found)) == 36_525


@pytest.mark.parametrize(
    ("shares", "error", "words"),
    [
        ((0.5, 0.5), OptionError, "got:    validation=0.5, test=0.5"),
        ((0.01, 0.1), DataError, "10 different sources\n  needs:  at least one for the validation"),
        ((0.49, 0.5), DataError, "at least one for the training part\n  try:    more pairs"),
    ],
)
def test_shares_that_leave_a_part_empty(shares, error, words):
    pairs = Pairs(tuple("abcdefghij"), tuple("ABCDEFGHIJ"), "p", "here")
    with pytest.raises(error, match=words):
        pairs.split(*shares, seed=0)


# -- files --


def test_a_file_of_pairs(tmp_path):
    path = written(tmp_path, "Source\tTarget\nein haus\ta house\n\n zwei \t two \r\n")
    pairs = read_pairs(path)
    assert pairs.sources == ("ein haus", "zwei")
    assert pairs.targets == ("a house", "two")
    assert pairs.notes == ("the first line is a heading",)
    csv = written(tmp_path, '"3 march, 1987",1987-03-03\nb,c\n', "p.csv")
    assert read_pairs(csv).sources == ("3 march, 1987", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tb\nc\n", r"line 2\n  got:    a pair without a target: 'c'\n  needs:  a source, a tab"),
        ("a\tb\nc\t \n", r"line 2\n  got:    a pair without a target: 'c'"),
        ("a\tb\n\tc\n", r"line 2\n  got:    an empty source for 'c'"),
        ("a\tb\nc\td\te\n", r"line 2\n  got:    3 cells: 'c', 'd', 'e'"),
        ("a\tb\n", r"p.tsv'?\n  got:    one pair only\n  needs:  many pairs"),
        ("", r"got:    no pair"),
        ("source\ttarget\n", r"got:    no pair"),
    ],
)
def test_files_that_are_no_pairs(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        read_pairs(written(tmp_path, text))


def test_a_comma_in_a_text_wants_quotes(tmp_path):
    path = written(tmp_path, "a,b\n3 march, 1987,1987-03-03\n", "p.csv")
    with pytest.raises(
        DataError, match=r"line 2\n  got:    3 cells.*\n.*\n  try:    quotes around"
    ):
        read_pairs(path)


def test_bytes_that_are_no_utf8(tmp_path):
    path = tmp_path / "p.tsv"
    path.write_bytes(b"a\tb\nM\xe4rz\t3\n")
    with pytest.raises(FormatError, match=r"bytes that are no UTF-8 at place 5"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a,x one\nb,y two\nc,z three\n", True),
        ("great,good\nfine,good\nawful,bad\npoor,bad\nok,good\nnice,good\n", False),  # classes
        ("x,y\n1,2\n3,4\n5,7\n", False),  # numbers
        ("a,b,c\nd,e,f\n", False),
        ("a\n", False),
    ],
)
def test_what_looks_like_pairs(tmp_path, text, pairs):
    assert looks_like_pairs(written(tmp_path, text, "p.csv")) is pairs


# -- dates --


def test_every_way_of_writing_a_date():
    assert [way(ONE) for way in WAYS] == [
        "tuesday the 3rd of march, 1987",
        "tuesday, march 3, 1987",
        "tue 3 mar 1987",
        "tue, mar 3rd 1987",
        "the third of march 1987",
        "march the third, 1987",
        "the 3rd of march '87",
        "3rd march 1987",
        "3 march 1987",
        "03 mar 87",
        "3-mar-1987",
        "march 3 1987",
        "march 3rd, 1987",
        "mar 3, 1987",
        "mar 3 '87",
        "1987 march 3",
        "3.3.1987",
        "03.03.1987",
        "3.3.87",
        "03 03 1987",
        "3/3/1987",
        "03/03/87",
        "1987/3/3",
        "19870303",
    ]


def test_no_text_means_two_dates():
    meaning: dict[str, datetime.date] = {}
    day = datetime.date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR:
        for way in WAYS:
            assert meaning.setdefault(way(day), day) == day
        day += datetime.timedelta(days=7)


def test_ordinals_in_words():
    said = [WAYS[4](datetime.date(2001, 1, d)).split()[1] for d in (1, 10, 12, 20, 21, 30, 31)]
    assert said == "first tenth twelfth twentieth twenty-first thirtieth thirty-first".split()  # noqa: SIM905
    assert [WAYS[7](datetime.date(2001, 1, d))[:4] for d in (1, 2, 11, 12, 13, 21, 22, 23)] == [
        "1st ", "2nd ", "11th", "12th", "13th", "21st", "22nd", "23rd",
    ]  # fmt: skip


def test_dates_depend_on_the_seed_alone():
    one, two, other = dates(50, 1), dates(50, 1), dates(50, 2)
    assert one.sources == two.sources != other.sources
    for source, target in zip(one.sources, one.targets, strict=True):
        day = datetime.date.fromisoformat(target)
        assert source.lower() in [way(day) for way in WAYS]
    with pytest.raises(OptionError, match=r"got:    5 samples\n  needs:  at least 10"):
        dates(5)
