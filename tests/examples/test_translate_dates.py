"""The example that translates dates: it runs, and says what it should."""

from __future__ import annotations

import importlib.util
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "examples" / "translate_dates.py"


def _load():
    spec = importlib.util.spec_from_file_location("translate_dates", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_and_shows(capsys):
    _load().main(["--samples", "60", "--epochs", "1"])
    out = capsys.readouterr().out
    assert "of 6 held-out pairs wholly right" in out
    assert out.count("  ->  ") == 5
    assert out.count("rather not") == 6


def test_pairs_of_ones_own(capsys, tmp_path):
    pairs = [f"{a}{b}\t{b.upper()}{a.upper()}\n" for a in "abcdefgh" for b in "abcdefgh"]
    (tmp_path / "turn.tsv").write_text("".join(pairs))
    _load().main([str(tmp_path / "turn.tsv"), "--epochs", "1"])
    assert "of 6 held-out pairs wholly right" in capsys.readouterr().out
