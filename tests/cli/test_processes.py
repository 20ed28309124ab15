"""Runs that are stopped, killed or refused by the disk, as real processes, and go on to the bit."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid import durable
from pellucid.record import Record

SRC = Path(__file__).resolve().parents[2] / "src"
TRAIN = ("train", "moons", "--epochs", "5", "--dropout", "0.1", "--checkpoint-seconds", "0")

# A process that sends itself a signal at a chosen moment of its training.
VICTIM = """
import os, sys
from pellucid.cli import main
from pellucid.train import listeners
moment, count, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
room, _, name = moment.partition(".")
cls = getattr(listeners, room)
kept, calls = getattr(cls, name), []
def counted(self, *arguments):
    calls.append(1)
    if len(calls) == count:
        os.kill(os.getpid(), number)
    return kept(self, *arguments)
setattr(cls, name, counted)
main(sys.argv[4:])
"""


def run_victim(folder: Path, moment: str, count: int, number: int, *words: str):
    """Train in a process of its own that gets signal ``number`` at the count-th ``moment``."""
    command = [sys.executable, "-c", VICTIM, moment, str(count), str(int(number)), *words]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def whole(pellucid, tmp_path) -> bytes:
    """The weights of a run that nothing disturbed."""
    assert pellucid(*TRAIN, "--out", "whole", "--quiet").code == 0
    return (tmp_path / "whole" / "weights.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("Checkpoints.on_step", 1),  # before anything was saved
        ("Checkpoints.on_step", 14),  # in the middle of the second epoch
        ("Checkpoints.on_epoch", 3),  # the epoch is recorded, its checkpoint is not written
        ("Checkpoints.on_end", 1),  # the end is recorded, the last checkpoint is not written
    ],
)
def test_a_killed_run_goes_on_to_the_same_bits(pellucid, tmp_path, whole, moment, count):
    killed = run_victim(tmp_path, moment, count, signal.SIGKILL, *TRAIN, "--out", "killed")
    assert killed.returncode == -signal.SIGKILL
    answer = pellucid("resume", "killed")
    assert answer.code == 0, answer.err
    assert (tmp_path / "killed" / "weights.safetensors").read_bytes() == whole
    assert (tmp_path / "killed" / "report.html").exists()
    assert len(Record.read(tmp_path / "killed" / "record.jsonl").of("test")) == 1


def test_on_a_terminal_there_is_a_bar_with_the_time_left(tmp_path):
    ours, theirs = os.openpty()
    words = ("train", "moons", "--epochs", "80", "--out", "t")
    environment = {**os.environ, "PYTHONPATH": str(SRC), "TERM": "xterm-256color", "COLUMNS": "80"}
    child = subprocess.Popen(
        [sys.executable, "-m", "pellucid", *words],
        cwd=tmp_path,
        env=environment,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text = read_all(ours)
    assert child.wait() == 0, text
    assert re.search(r"epoch \d+ of 80 ━.* %", text)
    assert re.search(r"\d s left", text)
    assert "right on 80 test samples" in text
    assert (tmp_path / "t" / "report.html").exists()


def read_all(terminal: int) -> str:
    """What a child wrote to its terminal, until it left, without the colours."""
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(parts).decode())


def test_resume_says_where_it_goes_on(pellucid, tmp_path):
    run_victim(tmp_path, "Checkpoints.on_step", 14, signal.SIGKILL, *TRAIN, "--out", "killed")
    out = pellucid("resume", "killed").out
    assert out.splitlines()[0] == "run       killed, from the checkpoint in epoch 2, after step 4"


def test_ctrl_c_saves_the_state_and_says_how_to_go_on(pellucid, tmp_path, whole):
    stopped = run_victim(
        tmp_path, "Checkpoints.on_step", 14, signal.SIGINT, *TRAIN, "--out", "stopped"
    )
    assert stopped.returncode == 130
    assert stopped.stderr.splitlines() == [
        "interrupted in epoch 2; the state is saved",
        "go on with: pellucid resume stopped",
    ]
    assert pellucid("resume", "stopped").code == 0
    assert (tmp_path / "stopped" / "weights.safetensors").read_bytes() == whole


def test_a_finished_run_says_so(pellucid, tmp_path):
    pellucid(*TRAIN, "--out", "whole", "--quiet")
    before = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    answer = pellucid("resume", "whole")
    assert answer.code == 0
    assert answer.out.startswith("run       whole is finished: ")
    assert {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()} == before


def test_a_finished_run_gets_the_report_that_it_lacks(pellucid, tmp_path):
    pellucid(*TRAIN, "--out", "whole", "--quiet")
    (tmp_path / "whole" / "report.html").unlink()
    assert pellucid("resume", "whole").code == 0
    assert (tmp_path / "whole" / "report.html").exists()
    assert len(Record.read(tmp_path / "whole" / "record.jsonl").of("test")) == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only file system")],
)
def test_a_full_disk_leaves_the_checkpoint_before(
    pellucid, tmp_path, monkeypatch, whole, number, words
):
    real, calls = os.replace, []

    def refuse(source, target):
        calls.append(target)
        if len(calls) > 15:
            raise OSError(number, os.strerror(number), str(target))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "replace", refuse)
        answer = pellucid(*TRAIN, "--out", "full")
    assert answer.code == 1
    assert answer.err.startswith("RunError in ")
    assert words in answer.err
    assert "try:    make room, then: pellucid resume full" in answer.err
    assert not [path for path in (tmp_path / "full").iterdir() if path.name.startswith(".")]
    assert pellucid("resume", "full").code == 0
    assert (tmp_path / "full" / "weights.safetensors").read_bytes() == whole


def test_resume_on_moved_data(pellucid, tmp_path):
    rows = [f"{i % 9},{i % 5},{i % 2}" for i in range(60)]
    (tmp_path / "t.csv").write_text("a,b,c\n" + "\n".join(rows))
    words = ("train", "t.csv", "--epochs", "3", "--checkpoint-seconds", "0", "--out", "r")
    run_victim(tmp_path, "Checkpoints.on_step", 4, signal.SIGKILL, *words)
    (tmp_path / "t.csv").rename(tmp_path / "moved.csv")
    assert "no file" in pellucid("resume", "r").err
    assert pellucid("resume", "r", "--data", "moved.csv", "--quiet").code == 0
    pellucid("train", "moved.csv", "--epochs", "3", "--out", "s", "--quiet")
    first, second = (tmp_path / name / "weights.safetensors" for name in "rs")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "pickle"])
def test_a_damaged_checkpoint_is_refused(pellucid, tmp_path, damage):
    run_victim(tmp_path, "Checkpoints.on_step", 14, signal.SIGKILL, *TRAIN, "--out", "killed")
    path = tmp_path / "killed" / "checkpoint.safetensors"
    path.write_bytes(b"\x80\x04." if damage == "pickle" else path.read_bytes()[:-9])
    answer = pellucid("resume", "killed")
    assert answer.code == 1
    assert answer.err.startswith("FormatError in ")


def test_a_run_of_another_version_is_not_resumed(pellucid, tmp_path):
    pellucid(*TRAIN, "--out", "whole", "--quiet")
    path = tmp_path / "whole" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "format": "pellucid run 0"}))
    assert "needs:  format 'pellucid run 1'" in pellucid("resume", "whole").err
