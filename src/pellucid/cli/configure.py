"""Puts together what a run does: the recipe, the user's file, the command line, in this order."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid.cli.choices import Choices, option_names
from pellucid.errors import FormatError, OptionError, nearest

__all__ = [
    "OF_THE_MOMENT",
    "command_line",
    "merge",
    "numbers",
    "option_of",
    "pairs",
    "read_config_file",
    "user_choices",
]

OF_THE_MOMENT = ("out", "force", "json", "quiet")  # they change nothing in the run
# what belongs to one optimizer or schedule makes no sense with another
BELONGS = {
    "optimizer": ("lr", "momentum", "nesterov", "weight_decay", "betas", "alpha", "eps"),
    "schedule": ("schedule_option", "warmup"),
}


def user_choices(choices: Choices) -> dict[str, Any]:
    """What the user said, in the file and on the command line, which wins."""
    given = choices.given()
    path = given.pop("config", None)
    return given if path is None else read_config_file(path) | given


def merge(recipe: Mapping[str, Any], given: Mapping[str, Any]) -> Choices:
    """The recipe with the single entries that the user replaced; all else is None."""
    kept = dict(recipe)
    for name, belongings in BELONGS.items():
        if name in given and given[name] != recipe.get(name):
            kept = {k: v for k, v in kept.items() if k not in belongings}
    return Choices(**{**kept, **given})


def read_config_file(path: Path) -> dict[str, Any]:
    """The options in a TOML file, under their long names.

    Raises FormatError for a file that is no TOML, OptionError for a name that is no option or a
    value of the wrong kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            str(path), got=f"no TOML ({error})", needs="lines such as: lr = 0.01"
        ) from None
    kinds = {name: kind for name, kind in option_names().items() if name != "config"}
    return {_field(path, name, kinds): _value(path, name, v, kinds) for name, v in content.items()}


def _field(path: Path, name: str, kinds: Mapping[str, Any]) -> str:
    if _spelt(name) not in kinds:
        raise OptionError(
            f"config file {path}",
            got=f"{name!r}",
            needs="the long name of an option of pellucid train",
            try_=nearest(_spelt(name), kinds),
        )
    return _spelt(name).replace("-", "_")


def _spelt(name: str) -> str:
    return name.replace("_", "-")


def _value(path: Path, name: str, value: Any, kinds: Mapping[str, Any]) -> Any:
    """A TOML value as the option's own type: 1 is a float's 1.0, [128, 64] is "128,64"."""
    kind = kinds[_spelt(name)]
    if kind in (str, Path) and isinstance(value, list):
        return ",".join(str(item) for item in value)
    if kind == list[str]:
        items = [f"{k}={v}" for k, v in value.items()] if isinstance(value, dict) else value
        if isinstance(items, list):
            return [str(item) for item in items]
    elif isinstance(value, bool) or kind is bool:
        if kind is bool and isinstance(value, bool):
            return value
    elif kind in (str, Path) and isinstance(value, str | int | float):
        return kind(str(value))
    elif kind is float and isinstance(value, int | float):
        return float(value)
    elif kind is int and isinstance(value, int):
        return value
    needs = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    raise OptionError(
        f"config file {path}", got=f"{name} = {value!r}", needs=needs.get(kind, "a list of texts")
    )


def option_of(name: str) -> str:
    """What is typed for a choice.

    >>> option_of("batch_size"), option_of("start_from")
    ('--batch-size', '--from')
    """
    return "--from" if name == "start_from" else "--" + name.replace("_", "-")


def command_line(data: str, given: Mapping[str, Any]) -> str:
    """The command that gives the same run, whatever came from a file.

    >>> command_line("digits", {"epochs": 3, "batch_norm": True})
    'pellucid train digits --epochs 3 --batch-norm'
    """
    words = ["pellucid", "train", data]
    for name, value in given.items():
        if name in OF_THE_MOMENT:
            continue
        option = option_of(name)
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        else:
            for item in value if isinstance(value, list) else [value]:
                words += [option, str(item)]
    return shlex.join(words)


def numbers(option: str, text: str, kind: type, count: int | None = None) -> list[Any]:
    """Numbers with commas between them, such as 128,64.

    >>> numbers("--layers", "128,64", int)
    [128, 64]
    """
    try:
        found = [kind(part) for part in text.replace(" ", "").split(",") if part]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        what = "whole numbers" if kind is int else "numbers"
        how_many = "" if count is None else f"{count} "
        raise OptionError(option, got=repr(text), needs=f"{how_many}{what} with commas between")
    return found


def pairs(option: str, texts: Sequence[str]) -> dict[str, Any]:
    """Texts such as gamma=0.5 as names and values.

    >>> pairs("--schedule-option", ["gamma=0.5", "milestones=3,6"])
    {'gamma': 0.5, 'milestones': [3, 6]}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise OptionError(option, got=repr(text), needs="name=value, such as gamma=0.5")
        found[name.replace("-", "_")] = _plain_value(value)
    return found


def _plain_value(text: str) -> Any:
    if text.startswith("[") or "," in text:
        return [_plain_value(part) for part in text.strip("[]").split(",") if part]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
