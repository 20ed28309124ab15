"""Loading by name or path, and the list of names."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pellucid import data as room
from pellucid.data import available, info, load, toy
from pellucid.errors import DataError, OptionError


def refusal(error, *what, **options) -> str:
    with pytest.raises(error) as caught:
        load(*what, **options)
    return str(caught.value)


def test_names_in_any_case():
    assert load("Digits").name == "digits"
    assert load("XOR").name == "xor"


def test_an_unknown_name_gets_the_nearest():
    assert "did you mean 'spirals'?" in refusal(OptionError, "spiral")
    assert "did you mean 'mnist'?" in refusal(OptionError, "minst")


def test_options_reach_the_toy_sets_and_are_refused_elsewhere():
    made = load("moons", samples=30, noise=0.5, seed=2)
    assert np.array_equal(made.x, toy("moons", samples=30, noise=0.5, seed=2).x)
    text = refusal(OptionError, "digits", noise=0.1)
    assert "OptionError in data digits" in text
    assert "the option 'noise'" in text
    assert "noise, samples" in refusal(OptionError, "moons", target="y")


def test_a_file_that_is_not_there():
    assert "no file nothing.csv" in refusal(DataError, "nothing.csv")
    assert "no folder gone/pictures" in refusal(DataError, "gone/pictures")


def test_the_list_has_every_name_and_each_can_be_loaded(monkeypatch, tmp_path):
    listed = {item.name: item for item in available()}
    assert listed["mnist"].where == "not here; fetched on first use"
    assert listed["digits"].size == "1,797 of 8x8"
    for name in listed.keys() - {"mnist", "fashion-mnist"}:
        assert len(load(name))


def test_information_is_plain():
    assert info(load("xor"))["rows per class"] == {"0": 2, "1": 2}
    sine = info(load("sine"))
    assert sine["columns"] == {"x": "numbers"}
    low, high = sine["target range"]
    assert -1.6 < low < -0.9
    assert 0.9 < high < 1.6


def test_public_names_are_there_and_documented():
    for name in room.__all__:
        assert getattr(room, name).__doc__, name
        assert name == "Listed" or name in room.__doc__, name


def test_the_room_imports_nothing_heavy():
    code = (
        "import sys, pellucid.data; "
        "print([m for m in ('urllib.request', 'http.client', 'PIL', 'matplotlib') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
