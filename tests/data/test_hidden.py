"""Tokens are hidden by draws that depend on seed, epoch and step alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pellucid.data import DataLoader
from pellucid.data.hidden import Hidden, hidden_parts, hide
from pellucid.data.text import IGNORED, read_text

V = 30


@pytest.fixture
def play(tmp_path):
    path = tmp_path / "play.txt"
    path.write_text("To be, or not to be: that is the question.\n" * 30)
    return read_text(path)


def test_the_shares_are_those_of_the_paper():
    x = np.random.default_rng(0).integers(V, size=(400, 500)).astype(np.uint8)
    hidden, asked = hide(x, x, np.random.default_rng(1), V)
    chosen = asked != IGNORED
    assert chosen.mean() == pytest.approx(0.15, abs=0.002)
    assert (hidden[chosen] == V).mean() == pytest.approx(0.8, abs=0.01)
    kept = (hidden == x) & chosen
    assert kept.sum() / chosen.sum() == pytest.approx(0.1 + 0.1 / V, abs=0.005)
    assert (hidden[~chosen] == x[~chosen]).all()
    assert (asked[chosen] == x[chosen]).all()


def test_at_least_one_token_is_asked_for_and_none_where_there_is_none():
    x = np.zeros((1, 3), np.uint8)
    y = np.array([[IGNORED, 2, IGNORED]], np.int16)
    for seed in range(20):
        hidden, asked = hide(x, y, np.random.default_rng(seed), V)
        assert asked.tolist() == [[IGNORED, 2, IGNORED]]
        assert hidden[0, 0] == hidden[0, 2] == 0


def test_the_loader_hides_anew_each_step_and_the_same_after_a_pause(play):
    train, *_ = hidden_parts(play, play.windows(16, 0.2, 0.0, 0), 0)
    loader = DataLoader(train.x, train.y, 8, steps=4, seed=3, change=train.change)
    whole = [list(loader.batches(epoch)) for epoch in (0, 1)]
    later = list(loader.batches(1, start=2))
    for (x, y), (x2, y2) in zip(whole[1][2:], later, strict=True):
        assert (x == x2).all() and (y == y2).all()
    masks = [(y != IGNORED) for epoch in whole for _, y in epoch]
    assert not any((a == b).all() for a, b in pairwise(masks))


def test_validation_is_hidden_once(play):
    parts = [hidden_parts(play, play.windows(16, 0.2, 0.1, 0), 7) for _ in range(2)]
    for k in (1, 2):
        assert (parts[0][k].x == parts[1][k].x).all()
        assert (parts[0][k].y == parts[1][k].y).all()
        assert not isinstance(parts[0][k], Hidden)
    assert not (parts[0][1].y == IGNORED).all()


def test_the_training_windows_are_views_of_one_text(play):
    train, *_ = hidden_parts(play, play.windows(16, 0.2, 0.0, 0), 0)
    assert np.shares_memory(train.x, train.y)
    assert play.decode(train.tokens) == play.decode(play.tokens[: len(train.tokens)])
    measured = train.measured()
    assert len(measured) < len(train) / 15
    assert (measured.y != IGNORED).mean() == pytest.approx(0.15, abs=0.05)


def test_an_example_is_hidden_the_same_each_time(play):
    train, *_ = hidden_parts(play, play.windows(16, 0.2, 0.0, 0), 0)
    (x, y), (x2, y2) = train.example(5), train.example(5)
    assert (x == x2).all() and (y == y2).all() and (y != IGNORED).any()


def test_the_ends_of_lines_that_fill_up_are_never_asked_for(tmp_path):
    path = tmp_path / "names.txt"
    names = [a + b * k for a in "abcdefgh" for b in "aeiouy" for k in (1, 2, 5)]
    path.write_text("\n".join(names))
    text = read_text(path, lines=True)
    train, validation, _ = hidden_parts(text, text.windows(16, 0.2, 0.0, 0), 0)
    assert train.tokens is None
    assert text.decode(train.x[0]).strip() in names
    lengths = (train.y != IGNORED).sum(axis=1)
    assert lengths.min() == 3 and lengths.max() == 7
    assert (validation.y[:, -1] != IGNORED).sum() < len(validation) / 2


def test_the_mask_fits_into_the_tokens(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(chr(0x4E00 + i) for i in range(256)) * 3)
    text = read_text(path, lines=False)
    assert text.tokens.dtype == np.uint8
    train, validation, _ = hidden_parts(text, text.windows(16, 0.1, 0.0, 0), 0)
    x, _ = train.change(train.x, train.y, np.random.default_rng(0))
    assert x.max() == validation.x.max() == 256
