"""The text example runs, and tells how surprised the network is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("model", ["gpt", "gru"])
def test_it_learns_and_writes(tmp_path, model):
    (tmp_path / "play.txt").write_text("To be, or not to be: that is the question.\n" * 40)
    command = [sys.executable, str(ROOT / "examples" / "text_generation.py"), "play.txt"]
    command += ["--model", model, "--epochs", "2", "--steps", "6", "--prompt", "To b"]
    environment = {"PYTHONPATH": str(ROOT / "src"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    nats = [float(line.split()[1]) for line in done.stdout.splitlines()[:2]]
    assert nats[1] < nats[0] < 4
    assert "To b" in done.stdout
