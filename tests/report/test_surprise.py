"""How a network's surprise is worked out and shown."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid.data import Arrays
from pellucid.data.text import covered
from pellucid.models import TextRNN
from pellucid.report.surprise import nats_of, surprise
from pellucid.train.task import IGNORED, TokenLoss, as_text

LETTERS = tuple("\n <abc")


@pytest.fixture(scope="module")
def run():
    tokens = np.random.default_rng(0).integers(2, 6, size=200).astype(np.uint8)
    pellucid.manual_seed(0)
    model = TextRNN(len(LETTERS), embedding=4, hidden=6)
    return pellucid.fit(model, covered(tokens, 10), epochs=2, task="tokens", classes=LETTERS)


def test_the_mean_surprise_is_the_loss():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(5, 7, 4)).astype(np.float32), rng.integers(4, size=(5, 7))
    y[2, 3:] = IGNORED
    nats = nats_of(z, y)
    assert not nats[y == IGNORED].any()
    assert nats[y != IGNORED].mean() == pytest.approx(TokenLoss()(z, y).item(), rel=1e-5)


def test_large_logits_do_not_overflow():
    assert nats_of(np.array([[[1e5, 0.0]]]), np.array([[1]])).item() == pytest.approx(1e5)


def test_text_is_escaped_and_every_character_is_there(run):
    held = covered(np.array([2, 3, 4, 5, 2, 2, 0] * 12, np.uint8), 10)
    page = surprise(run, held)
    assert "<abc" not in page and "&lt;" in page
    for title in ("Perplexity", "Most surprising", "Least surprising"):
        assert title in page


def test_lines_are_ranked_whole(run):
    y = np.array([[3, 4, 0], [5, 0, IGNORED], [2, 2, 0]], np.int16)
    x = np.zeros_like(y)
    x[:, 1:] = np.where(y[:, :-1] == IGNORED, 0, y[:, :-1])
    page = surprise(run, Arrays(x, y))
    assert page.count("<pre") == 2


def test_tokens_in_words():
    assert as_text(np.array([3, IGNORED, 9]), LETTERS) == "a··"
