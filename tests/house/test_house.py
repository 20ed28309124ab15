"""The house stands as it was drawn: who may import whom, and what no file may do."""

from __future__ import annotations

import ast
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "pellucid"

# The house: a room may import from lower levels and from itself.
LEVEL = {
    "errors": 0,
    "durable": 0,
    "random": 1,
    "ops": 1,
    "record": 1,
    "metrics": 1,
    "autograd": 2,
    "data": 2,
    "check": 3,
    "nn": 3,
    "optim": 3,
    "perceptron": 3,
    "program": 4,
    "interop": 4,
    "models": 4,
    "train": 5,
    "report": 6,
    "explain": 6,
    "standalone": 6,
    "cli": 7,
}

FILES = sorted(SRC.rglob("*.py"))
ENTRANCE = {SRC / "__init__.py", SRC / "__main__.py"}  # they open every room
ROOM_FILES = [path for path in FILES if path not in ENTRANCE]
NAMES = [str(path.relative_to(SRC)) for path in FILES]
ROOM_NAMES = [str(path.relative_to(SRC)) for path in ROOM_FILES]

OWN_GENERATORS = {"BitGenerator", "Generator", "PCG64", "SeedSequence", "default_rng"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def room_of(path: Path, src: Path = SRC) -> str:
    """The room a source file belongs to."""
    return path.relative_to(src).parts[0].removesuffix(".py")


def imports(path: Path, src: Path = SRC) -> Iterator[tuple[int, str, bool]]:
    """Each import of a room: its line, the room, and whether it stands inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS)
        for below in ast.walk(node)
    }
    package = ["pellucid", *path.relative_to(src).parts[:-1]]
    for node in ast.walk(tree):
        for target in _targets(node, package):
            parts = target.split(".")
            if parts[0] == "pellucid" and target != "pellucid.__version__":
                yield node.lineno, parts[1] if len(parts) > 1 else "", id(node) in inside


def _targets(node: ast.AST, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{base}.{alias.name}" for alias in node.names] if base == "pellucid" else [base]
    if isinstance(node, ast.Call) and _name(node.func).endswith(("import_module", "__import__")):
        first = _opening(node.args[0]) if node.args else ""
        own = ".".join([*package[:2], ""])  # a room may load its own files when they are needed
        return [] if len(package) > 1 and first.startswith(own) else [first or "pellucid.?"]
    return []


def _opening(node: ast.AST) -> str:
    """The text of a constant, or of an f-string up to its first gap."""
    if isinstance(node, ast.JoinedStr):
        return _opening(node.values[0])
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _name(node: ast.AST) -> str:
    """``a.b.c`` of an expression that is one, else an empty text."""
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def wrong_doors(path: Path, src: Path = SRC) -> list[str]:
    """What is wrong with the imports of one file, each with file and line."""
    room, wrong = room_of(path, src), []
    for line, other, hidden in imports(path, src):
        where = f"{path}:{line}:"
        if other not in LEVEL:
            wrong.append(f"{where} imports pellucid.{other}, which is no room; name the room")
        elif other != room and LEVEL[other] >= LEVEL[room]:
            wrong.append(
                f"{where} {room} (level {LEVEL[room]}) imports {other} (level {LEVEL[other]})"
            )
        if hidden:
            wrong.append(f"{where} hides the import of pellucid.{other} inside a function")
    return wrong


def drawn_rooms(readme: str) -> list[tuple[int, str]]:
    """(level, room) of each line ``N name  sentence`` in the fenced blocks of a text."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    line = re.compile(r"^ *(\d) ([a-z_]+)(?:\.py|/)? {2,}\S", flags=re.MULTILINE)
    rooms = [line.findall(block) for block in blocks]
    return [(int(level), name) for level, name in max(rooms, key=len, default=[])]


# The rooms


def test_every_file_belongs_to_a_room_with_a_level():
    assert {room_of(path) for path in ROOM_FILES} <= set(LEVEL)


@pytest.mark.parametrize("name", ROOM_NAMES)
def test_doors_lead_only_downwards(name):
    wrong = wrong_doors(SRC / name)
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("room", "code", "complaint"),
    [
        ("ops", "from pellucid.autograd import op", "ops (level 1) imports autograd (level 2)"),
        ("ops", "from ..nn import Linear", "ops (level 1) imports nn (level 3)"),
        ("nn", "from pellucid.optim import SGD", "nn (level 3) imports optim (level 3)"),
        ("nn", "from pellucid import optim, errors", "nn (level 3) imports optim (level 3)"),
        ("nn", "from pellucid import Tensor", "imports pellucid.Tensor, which is no room"),
        ("nn", "import pellucid", "imports pellucid., which is no room"),
        ("nn", "if TYPE_CHECKING:\n    from pellucid.train import fit", "imports train (level 5)"),
        ("cli", "def run():\n    from pellucid.train import fit", "hides the import"),
        ("cli", "f = lambda: importlib.import_module('pellucid.nn')", "hides the import"),
        ("data", "importlib.import_module(name)", "imports pellucid.?, which is no room"),
        ("data", "importlib.import_module(f'pellucid.nn.{name}')", "data (level 2) imports nn"),
    ],
)
def test_the_walk_sees_a_wrong_door(tmp_path, room, code, complaint):
    path = tmp_path / room / "file.py"
    path.parent.mkdir()
    path.write_text(code)
    (wrong,) = wrong_doors(path, tmp_path)
    assert complaint in wrong
    assert wrong.startswith(f"{path}:{code.count(chr(10)) + 1}: ")


@pytest.mark.parametrize(
    "code",
    [
        "from pellucid.errors import ShapeError",
        "from pellucid.nn.module import Module",
        "from .module import Module",
        "from pellucid import __version__, random",
        "def show():\n    import matplotlib",
        "def load(name):\n    importlib.import_module(f'pellucid.nn.{name}')",
    ],
)
def test_the_walk_lets_right_doors_be(tmp_path, code):
    path = tmp_path / "nn" / "file.py"
    path.parent.mkdir()
    path.write_text(code)
    assert wrong_doors(path, tmp_path) == []


def test_the_picture_in_the_readme_shows_the_rooms_that_exist():
    readme = ROOT / "README.md"
    drawn = drawn_rooms(readme.read_text(encoding="utf-8")) if readme.exists() else []
    if drawn:
        rooms = sorted({(LEVEL[room_of(path)], room_of(path)) for path in ROOM_FILES})
        assert sorted(drawn) == rooms


def test_the_picture_is_read_from_the_block_that_holds_it():
    text = (
        "```\n1 file\n```\n```text\nsrc/\n0 errors.py   says no\n1 ops/     the table\n```\n2 x  no"
    )
    assert drawn_rooms(text) == [(0, "errors"), (1, "ops")]


# Every file


def long_lines(path: Path) -> list[str]:
    """The lines of over 100 columns, a remark to a checker at their end not counted."""
    lines = path.read_text(encoding="utf-8").splitlines()
    plain = [re.sub(r"\s*# (noqa|type: ignore).*$", "", line) for line in lines]
    widths = [sum(not unicodedata.combining(letter) for letter in line) for line in plain]
    return [f"{path}:{i}: {width} columns" for i, width in enumerate(widths, 1) if width > 100]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_opens_with_one_sentence(name):
    doc = ast.get_docstring(ast.parse((SRC / name).read_text(encoding="utf-8")))
    assert doc, f"{name} has no docstring"
    opening = doc.split("\n\n")[0]
    assert opening.endswith((".", "?")), f"{name} opens with {opening!r}"
    assert not re.search(r"\. [A-Z]", opening), f"{name} opens with more than one sentence"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_short_and_its_lines_too(name):
    assert len((SRC / name).read_text(encoding="utf-8").splitlines()) <= 500
    long = long_lines(SRC / name)
    assert not long, "\n".join(long)


def test_lines_outside_the_package_are_short_too():
    files = [path for folder in ("tests", "examples", "scripts") for path in _below(folder)]
    long = [line for path in files for line in long_lines(path)]
    assert not long, "\n".join(long)


def test_test_files_have_different_names():
    # pytest knows a test file by its name alone, or by its package where there is an __init__.py
    names = [_module(path) for path in _below("tests") if path.stem not in ("conftest", "__init__")]
    assert sorted(names) == sorted(set(names))


def _module(path: Path) -> str:
    inside = (path.parent / "__init__.py").exists()
    return f"{_module(path.parent)}.{path.stem}" if inside else path.stem


def _below(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def forbidden(path: Path) -> list[str]:
    """Doors for other people's code, and dice that nobody seeded: file, line and what it is."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        what = _danger(node)
        if what:
            found.append(f"{path}:{node.lineno}: {what}")
    return found


def _danger(node: ast.AST) -> str:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
        bad = {"pickle", "marshal", "shelve", "dill", "joblib"} & {n.split(".")[0] for n in names}
        return f"imports {bad.pop()}" if bad else ""
    if isinstance(node, ast.Attribute):
        parts = _name(node).split(".")
        if parts[:-1] in (["np", "random"], ["numpy", "random"]):
            return "" if parts[-1] in OWN_GENERATORS else f"uses {_name(node)}"
    if isinstance(node, ast.Call) and _name(node.func) in {"eval", "exec"}:
        return f"calls {_name(node.func)}"
    if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
        return "" if getattr(node.value, "value", None) is False else "allows pickles"
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_no_pickle_no_eval_no_global_dice(name):
    found = forbidden(SRC / name)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import pickle", "imports pickle"),
        ("from pickle import loads", "imports pickle"),
        ("np.random.normal(size=3)", "uses np.random.normal"),
        ("numpy.random.seed(0)", "uses numpy.random.seed"),
        ("eval('1')", "calls eval"),
        ("exec(code)", "calls exec"),
        ("np.load(path, allow_pickle=True)", "allows pickles"),
        ("np.load(path, allow_pickle=flag)", "allows pickles"),
    ],
)
def test_the_walk_sees_what_is_forbidden(tmp_path, code, what):
    path = tmp_path / "file.py"
    path.write_text(f"{code}\n")
    assert forbidden(path) == [f"{path}:1: {what}"]


def test_the_walk_lets_the_rest_be(tmp_path):
    path = tmp_path / "file.py"
    path.write_text(
        "rng = np.random.default_rng(0)\nnp.load(p, allow_pickle=False)\nmodel.eval()\n"
    )
    assert forbidden(path) == []


# What stands around the package


def test_requirements_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and line[0] != "#"] == project["dependencies"]


def test_public_names_are_listed_once():
    import pellucid

    assert len(pellucid.__all__) == len(set(pellucid.__all__))
