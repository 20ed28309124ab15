"""The entrance: help, version, wrong usage, and how errors come out."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid import __version__
from pellucid.cli.app import COMMANDS

SRC = Path(__file__).resolve().parents[2] / "src"


def test_help_names_every_command_and_shows_examples(pellucid):
    answer = pellucid("--help")
    assert answer.code == 0
    assert all(name in answer.out for name in COMMANDS)
    assert "pellucid train digits" in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_own_help_with_the_same_summary(pellucid, command):
    answer = pellucid(command, "--help")
    assert answer.code == 0
    opening = COMMANDS[command][1].split()[:4]
    assert " ".join(opening) in " ".join(answer.out.split())


def test_train_help_has_its_panels(pellucid):
    text = pellucid("train", "--help").out
    for panel in ("Data", "Network", "Training", "Regularisation", "Output"):
        assert f"─ {panel} ─" in text


def test_without_a_command_it_explains_itself(pellucid):
    answer = pellucid()
    assert "Usage: pellucid" in answer.out + answer.err
    assert answer.code in (0, 2)  # typer's versions differ


def test_version(pellucid):
    answer = pellucid("--version")
    assert (answer.code, answer.out) == (0, f"pellucid {__version__}\n")


def test_an_unknown_command_gets_the_nearest(pellucid):
    answer = pellucid("trian")
    assert answer.code == 2
    assert "No such command 'trian'" in answer.err
    assert "did you mean 'train'?" in answer.err


def test_an_unknown_option_gets_the_nearest(pellucid):
    answer = pellucid("train", "xor", "--optimzer", "sgd")
    assert answer.code == 2
    assert "No such option: --optimzer" in answer.err
    assert "--optimizer" in answer.err


def test_a_value_of_the_wrong_kind_is_wrong_usage(pellucid):
    answer = pellucid("train", "xor", "--epochs", "many")
    assert answer.code == 2
    assert "--epochs" in answer.err


def test_an_error_has_four_lines_and_no_traceback(pellucid):
    answer = pellucid("train", "digist")
    assert answer.code == 1
    assert answer.err.splitlines()[0] == "OptionError in data"
    assert "  got:    'digist'" in answer.err
    assert "  needs:  one of digits, mnist" in answer.err
    assert answer.err.splitlines()[-1] == "  try:    did you mean 'digits'?"
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback_too(pellucid, monkeypatch):
    monkeypatch.setenv("PELLUCID_DEBUG", "1")
    answer = pellucid("train", "digist")
    assert answer.code == 1
    assert "Traceback" in answer.err
    assert "OptionError in data" in answer.err


def test_debug_as_an_option(pellucid, monkeypatch):
    monkeypatch.setenv("PELLUCID_DEBUG", "")
    assert "Traceback" in pellucid("--debug", "train", "digist").err


def test_what_the_system_refuses_is_said_in_the_same_form(pellucid, tmp_path):
    (tmp_path / "file").write_text("")
    answer = pellucid("runs", "file/below")
    assert answer.code == 1
    assert answer.err.startswith("RunError in file/below")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_module_has_its_name(command):
    assert importlib.import_module(f"pellucid.cli.{command}").app is not None


def test_help_loads_no_numpy():
    code = (
        "import sys\n"
        "from pellucid.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'rich' in sys.modules\n"
        "assert 'numpy' not in sys.modules, 'NumPy is loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", "--version"],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, f"pellucid {__version__}\n")


def test_a_broken_pipe_is_quiet():
    command = f"{shlex.quote(sys.executable)} -m pellucid data info digits --json | true"
    done = subprocess.run(command, shell=True, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SRC)}
