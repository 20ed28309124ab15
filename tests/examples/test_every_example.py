"""The short examples run from their own files, and end with what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = "\n".join(f"{1990 + k // 12}-{1 + k % 12:02},{100 + k + 9 * (k % 12)}" for k in range(120))
CASES = {  # words of the command line, what is said at the end, a file that lies there then
    "fill_the_gaps": ("play.txt --epochs 2 --steps 6 --gapped b_", "gap at 1: ", None),
    "forger_and_critic": ("--epochs 2", "more than 80% sure: [", "forged_digits.png"),
    "new_digits": ("--epochs 2", "three rows that nobody wrote", "new_digits.png"),
    "resnet_on_pictures": ("digits --epochs 1", ", read as ", None),
    "sentiment_against_word_counts": (
        "--seeds 1 --models bag-of-words --samples 300 --epochs 2",
        "median of the test part\nbag-of-words",
        None,
    ),
    "project_mnist_classifier": ("--data digits --epochs 1", "is read as", None),
    "forecast_a_series": ("sold.csv --epochs 2 --horizon 6", "2000-06", None),
}


@pytest.mark.parametrize("name", CASES)
def test_it_runs(tmp_path, name):
    words, said, left = CASES[name]
    (tmp_path / "play.txt").write_text("To be, or not to be: that is the question.\n" * 40)
    (tmp_path / "sold.csv").write_text(f"month,sold\n{ROWS}\n")
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), *words.split()]
    environment = {"PYTHONPATH": str(ROOT / "src"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert said in done.stdout
    assert left is None or (tmp_path / left).read_bytes().startswith(b"\x89PNG")


def test_every_example_is_run_by_a_test():
    tests = "".join(p.read_text() for p in Path(__file__).parent.glob("test_*.py"))
    left_out = [p.stem for p in (ROOT / "examples").glob("*.py") if p.stem not in tests]
    assert left_out == []
