"""Recipe, file and command line: who wins, and what a file may hold."""

from __future__ import annotations

import pytest

from pellucid.cli.choices import Choices
from pellucid.cli.configure import merge, read_config_file, user_choices
from pellucid.cli.recipes import COMMON, RECIPES, recipe_for
from pellucid.data import digits, toy
from pellucid.errors import FormatError, OptionError


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "my.toml"
        path.write_text(text)
        return path

    return write


def test_the_command_line_wins_over_the_file_and_the_file_over_the_recipe(written):
    path = written("epochs = 7\nlr = 1\n")
    given = user_choices(Choices(config=path, epochs=3))
    merged = merge({"epochs": 60, "lr": 0.1, "layers": "8"}, given)
    assert (merged.epochs, merged.lr, merged.layers) == (3, 1.0, "8")


def test_a_file_speaks_toml(written):
    path = written(
        'layers = [128, 64]\nbetas = [0.9, 0.99]\nbatch-size = 32\n"batch_norm" = true\n'
        'warmup = 2\ndata-dir = "here"\n\n[schedule-option]\ngamma = 0.5\nmilestones = "3,6"\n'
    )
    found = read_config_file(path)
    assert found["layers"] == "128,64"
    assert found["betas"] == "0.9,0.99"
    assert found["batch_size"] == "32"
    assert found["batch_norm"] is True
    assert (found["warmup"], type(found["warmup"])) == (2.0, float)
    assert str(found["data_dir"]) == "here"
    assert found["schedule_option"] == ["gamma=0.5", "milestones=3,6"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("epoch = 3", "did you mean 'epochs'?"),
        ('epochs = "3"', "needs:  a whole number"),
        ("epochs = true", "needs:  a whole number"),
        ("epochs = 2.5", "needs:  a whole number"),
        ('lr = "fast"', "needs:  a number"),
        ("batch-norm = 1", "needs:  true or false"),
        ("schedule-option = 3", "needs:  a list of texts"),
        ('config = "other.toml"', "the long name of an option"),
    ],
)
def test_what_a_file_may_not_hold(written, text, complaint):
    with pytest.raises(OptionError, match="config file") as caught:
        read_config_file(written(text))
    assert complaint in str(caught.value)


def test_a_file_that_is_no_toml(written):
    with pytest.raises(FormatError, match="no TOML"):
        read_config_file(written("epochs: 3"))


def test_another_optimizer_takes_nothing_from_the_recipes_one():
    recipe = {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "schedule": "onecycle"}
    merged = merge(recipe, {"optimizer": "adam"})
    assert (merged.lr, merged.momentum, merged.schedule) == (None, None, "onecycle")
    assert merge(recipe, {"optimizer": "sgd"}).momentum == 0.9


def test_every_recipe_holds_options_only():
    names = set(Choices.__dataclass_fields__)
    for recipe in (COMMON, *RECIPES.values()):
        assert set(recipe) <= names


def test_which_recipe():
    assert recipe_for(digits())[0] == "digits"
    assert recipe_for(toy("and"))[0] == "gates"
    assert recipe_for(toy("moons"))[0] == "other"
