"""A text becomes tokens, and tokens windows or lines, without a character in two parts."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.text import IGNORED, Lines, Text, Windows, covered, encode, read_text
from pellucid.errors import DataError, FormatError, OptionError

PLAY = "To be, or not to be: that is the question.\n" * 12
NAMES = "\n".join(f"{a}{b}nn{a}" for a in "abcdefgh" for b in "aeiouyxq") + "\n"


@pytest.fixture
def play(tmp_path):
    path = tmp_path / "play.txt"
    path.write_text(PLAY)
    return read_text(path)


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text(NAMES)
    return read_text(path)


def test_a_text_is_places_in_its_sorted_characters(play):
    assert play.vocabulary == tuple(sorted(set(PLAY)))
    assert play.decode(play.tokens) == PLAY
    assert play.encode("not").tolist() == [play.vocabulary.index(c) for c in "not"]
    assert play.tokens.dtype == np.uint8
    assert not play.lines


def test_many_short_lines_are_found_out(names, tmp_path):
    assert names.lines
    assert not read_text(tmp_path / "names.txt", lines=False).lines


def test_line_ends_of_windows_and_a_mark_at_the_beginning_are_no_characters(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("﻿ab\r\nba".encode())
    text = read_text(path)
    assert text.decode(text.tokens) == "ab\nba"


def test_training_windows_are_views_of_the_text_and_y_is_what_follows(play):
    train, validation, test = play.windows(8, 0.2, 0.1, 0)
    assert isinstance(train, Windows)
    assert np.shares_memory(train.x, play.tokens) and np.shares_memory(train.y, play.tokens)
    assert (train.x[5, 1:] == train.y[5, :-1]).all()
    assert (train.tokens == play.tokens[: len(train.tokens)]).all()
    told = [play.decode(p.x.ravel()[: int((p.y != IGNORED).sum())]) for p in (validation, test)]
    assert PLAY.startswith(play.decode(train.tokens) + told[0])
    assert PLAY.endswith(told[1] + PLAY[-1])


def test_the_other_parts_ask_for_each_character_once(play):
    _, validation, _ = play.windows(8, 0.2, 0.0, 0)
    asked = validation.y[validation.y != IGNORED]
    assert len(asked) == round(0.2 * len(PLAY)) - 1
    assert play.decode(asked) == PLAY[-len(asked) :]


def test_covered_fills_up_the_last_window():
    part = covered(np.arange(8), 3)
    assert part.x.tolist() == [[0, 1, 2], [3, 4, 5], [6, 0, 0]]
    assert part.y.tolist() == [[1, 2, 3], [4, 5, 6], [7, IGNORED, IGNORED]]


def test_windows_are_measured_on_without_overlap(play):
    train, _, _ = play.windows(8, 0.2, 0.0, 0)
    measured = train.measured()
    assert len(measured) == -(-(len(train.tokens) - 1) // 8)
    assert measured.measured() is measured


def test_lines_begin_with_an_end_and_stop_at_one(names):
    train, validation, test = names.windows(32, 0.25, 0.25, 0)
    assert isinstance(train, Lines)
    assert [len(p) for p in (train, validation, test)] == [32, 16, 16]
    end = names.vocabulary.index("\n")
    x, y = train.x[0], train.y[0]
    assert x.tolist() == [end, *y[: len(x) - 1].tolist()]
    assert y[-1] == end
    assert names.decode(y[:-1]) in NAMES.split("\n")


def test_no_line_is_in_two_parts_and_the_seed_deals_them_out(names):
    found = [
        [names.decode(row[row >= 0]) for row in part.y] for part in names.windows(32, 0.2, 0.2, 3)
    ]
    assert sorted(name for part in found for name in part) == sorted(
        f"{name}\n" for name in NAMES.split()
    )
    again = names.windows(32, 0.2, 0.2, 4)[0]
    assert [names.decode(row[row >= 0]) for row in again.y] != found[0]


def test_lines_longer_than_the_context_are_cut(names):
    train, _, _ = names.windows(4, 0.2, 0.0, 0)
    assert train.x.shape[1] == 4
    assert (train.y != IGNORED).all()


def test_a_text_shorter_than_the_context(play):
    with pytest.raises(DataError) as error:
        play.windows(500, 0.1, 0.0, 0)
    assert str(error.value).split("\n") == [
        "DataError in text play",
        "  got:    464 characters in the training part",
        "  needs:  at least 501: a context of 500, and what follows it",
        "  try:    --context 116",
    ]


def test_a_text_too_short_for_any_context():
    short = Text(np.arange(9, dtype=np.uint8), tuple("abcdefghi"), False, "short", "")
    with pytest.raises(DataError, match="try:    a longer text"):
        short.windows(64, 0.1, 0.0, 0)
    with pytest.raises(DataError, match="got:    1 character in the validation part"):
        short.windows(2, 0.1, 0.0, 0)


@pytest.mark.parametrize("text", ["play", "names"])
@pytest.mark.parametrize(
    ("context", "shares", "words"),
    [
        (0, (0.1, 0.0), "needs:  a whole number from 1"),
        (-1, (0.1, 0.1), "got:    -1"),
        (4, (0.9, 0.5), "got:    validation=0.9, test=0.5"),
        (4, (-0.5, 0.0), "got:    validation=-0.5, test=0"),
    ],
)
def test_windows_and_parts_that_cannot_be(request, text, context, shares, words):
    with pytest.raises(OptionError, match=words):
        request.getfixturevalue(text).windows(context, *shares, 0)


def test_an_unknown_character(play):
    with pytest.raises(DataError) as error:
        play.encode("not€")
    assert "got:    the character '€' at place 3" in str(error.value)
    assert "needs:  one of the 18 that the network has seen:  ,.:Tabehinoqrstu" in str(error.value)


def test_a_capital_that_is_not_known_gets_advice():
    with pytest.raises(DataError, match="did you mean 'a'"):
        encode("A", ("a", "b"))


@pytest.mark.parametrize(
    ("content", "got"),
    [("", "an empty text"), ("aaaa", "4 times the same character")],
)
def test_a_text_to_learn_nothing_from(tmp_path, content, got):
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(DataError, match=got):
        read_text(path)


def test_bytes_that_are_no_utf8(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("caf\xe9 noir".encode("latin1"))
    with pytest.raises(FormatError) as error:
        read_text(path)
    assert str(error.value).split("\n")[1:] == [
        "  got:    bytes that are no UTF-8 at place 3",
        "  needs:  a text file in UTF-8",
        "  try:    iconv -f latin1 -t utf8 FILE",
    ]


def test_many_different_characters_need_wider_tokens(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(chr(0x4E00 + i) for i in range(300)))
    assert read_text(path).tokens.dtype == np.uint16


def test_another_text_in_the_same_vocabulary(play, tmp_path):
    path = tmp_path / "b.txt"
    path.write_text("to be is to be")
    other = read_text(path).told_in(play.vocabulary)
    assert other.decode(other.tokens) == "to be is to be"
    assert other.vocabulary == play.vocabulary
