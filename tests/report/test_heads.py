"""The maps of attention in the reports of GPT, BERT and the Vision Transformer."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid import data
from pellucid.data.prepare import Preparation
from pellucid.data.text import covered
from pellucid.models import BERT, GPT, TextRNN, ViT
from pellucid.report.heads import PLACES, heads_over_a_text, patches_looked_at
from pellucid.train.task import IGNORED

LETTERS = tuple("\n <abc")
HELD = covered(np.tile(np.array([2, 3, 4, 5, 1, 0], np.uint8), 20), 40)


def learnt(model):
    return pellucid.fit(model, HELD, epochs=1, task="tokens", classes=LETTERS)


@pytest.mark.parametrize("kind", [GPT, BERT])
def test_every_head_of_a_text_has_a_map_and_every_layer_one_with_letters(kind):
    run = learnt(kind(len(LETTERS), context=40, width=8, layers=3, heads=2))
    page = heads_over_a_text(run, HELD)
    assert page.count("<img") == 6
    assert [f"Layer {k}: head" in page for k in (1, 2, 3, 4)] == [True, True, True, False]
    first = page.split("<svg")[1]
    assert first.count(">a</text>") == 2 * sum(LETTERS[t] == "a" for t in HELD.x[0, :PLACES])
    assert "&lt;" in first and ">↵</text>" in first


def test_a_line_is_shown_up_to_its_end():
    run = learnt(GPT(len(LETTERS), context=40, width=8, layers=1, heads=2))
    y = HELD.y.astype(np.int32)
    y[0, 5:] = IGNORED
    page = heads_over_a_text(run, data.Arrays(HELD.x, y, "lines"))
    assert page.split("<svg")[1].count("<text") == 2 * 5


def test_a_network_without_heads_has_no_such_section():
    assert heads_over_a_text(learnt(TextRNN(len(LETTERS), embedding=4, hidden=6)), HELD) == ""


def test_each_image_is_shown_with_what_each_layer_looks_at():
    digits = data.split(data.load("digits"), seed=0)
    model = ViT(1, 8, patch=2, width=8, heads=2, layers=2)
    run = pellucid.fit(
        model,
        digits.train,
        epochs=1,
        preparation=Preparation.fit(digits.train, channels_first=True),
    )
    page = patches_looked_at(run, digits.test)
    assert page.count("<img") == 6 * 3 and "layer 2, 5" in page
