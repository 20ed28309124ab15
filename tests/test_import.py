"""``import pellucid`` costs what NumPy costs, and every public name is there when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pellucid
from pellucid.errors import PellucidError

ROOMS = pellucid._ROOMS


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_import_pellucid_loads_nothing_that_numpy_does_not():
    extra = _modules_after("import pellucid") - _modules_after("import numpy")
    heavy = {name for name in extra if name.split(".")[0] not in sys.stdlib_module_names}
    assert heavy <= {"pellucid"}, f"import pellucid also loads {sorted(heavy)}"


@pytest.mark.parametrize("name", sorted({*pellucid._HOME, "errors", "nn", "ops", "optim", "data"}))
def test_using_a_name_loads_no_heavy_optional_module(name):
    heavy = {"matplotlib", "PIL", "typer", "click", "rich", "urllib.request", "http.client"}
    loaded = _modules_after(f"import pellucid; pellucid.{name}")
    assert not loaded & heavy, f"pellucid.{name} loads {sorted(loaded & heavy)}"


@pytest.mark.parametrize("name", pellucid.__all__)
def test_every_public_name_is_there(name):
    assert getattr(pellucid, name) is not None
    assert name in dir(pellucid)


@pytest.mark.parametrize("name", ROOMS)
def test_a_rooms_public_names_are_there_and_listed_once(name):
    room = getattr(pellucid, name)
    assert len(room.__all__) == len(set(room.__all__))
    for public in room.__all__:
        assert hasattr(room, public), f"pellucid.{name} lists {public} and has it not"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'pellucid' has no attribute 'banana'"):
        pellucid.banana  # noqa: B018


def test_a_name_is_the_same_object_from_everywhere():
    from pellucid import PellucidError as short

    assert short is PellucidError is pellucid.errors.PellucidError
