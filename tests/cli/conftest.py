"""Commands run in this process, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pellucid.cli import main
from pellucid.data import Split
from pellucid.train import Run


@dataclass
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def whole_report() -> None:
    """For a test that wants the report itself: the others get an empty one, which takes no time."""


def empty_report(run: Run, parts: Split, sections: object = ()) -> Path:
    assert run.folder is not None
    path = run.folder / "report.html"
    path.write_text("<!doctype html>")
    return path


@pytest.fixture
def pellucid(tmp_path, monkeypatch, capsys, request) -> Callable[..., Answer]:
    """``pellucid("train", "xor")`` runs a command in an empty folder."""
    if "whole_report" not in request.fixturenames:
        monkeypatch.setattr("pellucid.cli.finish.write_report", empty_report)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("PELLUCID_DEBUG", raising=False)

    def run(*words: object) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Answer(int(stop.value.code or 0), said.out, said.err)

    return run
