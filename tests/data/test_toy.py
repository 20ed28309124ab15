"""The toy sets."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import digits, toy
from pellucid.data.toy import TOYS
from pellucid.errors import DataError, OptionError


@pytest.mark.parametrize(
    ("name", "y"), [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])]
)
def test_a_gate_is_its_truth_table(name, y):
    gate = toy(name)
    assert gate.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert gate.y.tolist() == y
    assert "whole truth table" in gate.notes[0]


def test_a_gate_with_more_samples_repeats_its_rows_with_noise():
    gate = toy("xor", samples=40, noise=0.1)
    assert np.abs(gate.x - np.tile(toy("xor").x, (10, 1))).max() < 0.6
    assert len(np.unique(gate.x, axis=0)) == 40


@pytest.mark.parametrize("name", TOYS)
def test_seed_samples_and_noise(name):
    first, again = (toy(name, samples=60, noise=0.1, seed=4) for _ in range(2))
    assert len(first) == 60
    assert np.array_equal(first.x, again.x)
    assert np.array_equal(first.y, again.y)
    other, calm = toy(name, samples=60, noise=0.1, seed=5), toy(name, samples=60, noise=0, seed=4)
    assert not (np.array_equal(first.x, other.x) and np.array_equal(first.y, other.y))
    assert not (np.array_equal(first.x, calm.x) and np.array_equal(first.y, calm.y))


def test_without_noise_the_shapes_are_exact():
    circles, sine = toy("circles", noise=0), toy("sine", noise=0)
    radius = np.hypot(*circles.x.T)
    assert np.allclose(radius, np.where(circles.y == 0, 1.0, 0.5))
    assert np.allclose(sine.y, np.sin(sine.x[:, 0]))
    moons = toy("moons", noise=0)
    upper = moons.x[moons.y == 0]
    assert np.allclose(np.hypot(*upper.T), 1)
    assert upper[:, 1].min() >= 0
    lower = moons.x[moons.y == 1] - [1, 0.5]
    assert np.allclose(np.hypot(*lower.T), 1)
    assert lower[:, 1].max() <= 0


def test_two_spirals_are_each_others_mirror_image():
    spirals = toy("spirals", noise=0)
    radius = np.hypot(*spirals.x.T)
    turned = np.arctan2(spirals.x[:, 1], spirals.x[:, 0]) - 3 * np.pi * radius
    assert np.allclose(np.cos(turned), np.where(spirals.y == 0, 1, -1))


def test_what_is_refused():
    for options, text in [({"samples": 1}, "samples=1"), ({"samples": 10**9}, "10,000,000")]:
        with pytest.raises(DataError, match=text):
            toy("moons", **options)
    with pytest.raises(OptionError, match="noise=-1"):
        toy("moons", noise=-1)
    with pytest.raises(OptionError, match="did you mean 'moons'"):
        toy("moon")


def test_the_embedded_digits():
    data = digits()
    assert data.x.shape == (1797, 8, 8)
    assert data.x.dtype == np.uint8
    assert (data.x.min(), data.x.max(), data.maximum) == (0, 16, 16.0)
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert data.y[:10].tolist() == list(range(10))
    assert "CC BY 4.0" in data.source
    assert "Alpaydin" in data.source


def test_the_digits_file_is_small():
    from importlib import resources

    file = resources.files("pellucid.data") / "digits.npz"
    assert len(file.read_bytes()) < 100_000
