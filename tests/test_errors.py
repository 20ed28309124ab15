"""Errors say who, what they got, what is needed, and what to try."""

from __future__ import annotations

import inspect

import pytest

from pellucid import errors
from pellucid.errors import OptionError, PellucidError, ShapeError, choose, nearest

KINDS = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]


def _example(kind=ShapeError, **changes):
    parts = {"got": "(64, 28, 28)", "needs": "a last axis of 784", "try_": "nn.Flatten()"}
    return kind("Linear 784 -> 128", **{**parts, **changes})


def test_the_four_lines():
    assert str(_example()) == (
        "ShapeError in Linear 784 -> 128\n"
        "  got:    (64, 28, 28)\n"
        "  needs:  a last axis of 784\n"
        "  try:    nn.Flatten()"
    )


def test_no_advice_no_fourth_line():
    assert str(_example(try_=None)).count("\n") == 2


def test_longer_texts_keep_their_column():
    lines = str(_example(got="first\nsecond")).splitlines()
    assert lines[1] == "  got:    first"
    assert lines[2] == "          second"


def test_the_path_is_collected_from_the_inside_out():
    error = _example()
    error.pass_through("hidden")
    error.pass_through("encoder")
    assert str(error).splitlines()[0] == "ShapeError in net.encoder.hidden (Linear 784 -> 128)"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_one_that_python_knows_too(kind):
    assert issubclass(kind, PellucidError)
    if kind is not PellucidError:
        assert issubclass(kind, ValueError | TypeError)
    error = _example(kind)
    assert (error.who, error.got, error.needs) == (
        "Linear 784 -> 128",
        "(64, 28, 28)",
        "a last axis of 784",
    )
    assert str(error).startswith(f"{kind.__name__} in ")


def test_every_public_kind_has_a_docstring():
    assert len(KINDS) > 5
    for kind in KINDS:
        assert inspect.getdoc(kind)


@pytest.mark.parametrize(
    ("name", "found"),
    [("rleu", "relu"), ("RELU", "relu"), ("tahn", "tanh"), ("sigmod", "sigmoid")],
)
def test_the_nearest_name(name, found):
    assert nearest(name, ["relu", "tanh", "sigmoid"]) == f"did you mean {found!r}?"


def test_nothing_near_is_no_advice():
    assert nearest("banana", ["relu", "tanh"]) is None
    assert nearest("relu", []) is None


def test_choose_gives_back_a_known_name():
    assert choose("activation", "tanh", iter(["relu", "tanh"])) == "tanh"


def test_choose_refuses_an_unknown_name():
    with pytest.raises(OptionError) as caught:
        choose("activation", "rleu", ("relu", "tanh"))
    assert str(caught.value) == (
        "OptionError in activation\n"
        "  got:    'rleu'\n"
        "  needs:  one of relu, tanh\n"
        "  try:    did you mean 'relu'?"
    )


def test_choose_refuses_what_is_no_name():
    with pytest.raises(OptionError, match="got:    None"):
        choose("activation", None, ("relu", "tanh"))
