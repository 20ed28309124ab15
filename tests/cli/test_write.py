"""write, explain, graph and summary on a run."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import pellucid as library
from pellucid.data import split, toy


@pytest.fixture
def moons(pellucid, tmp_path):
    assert pellucid("train", "moons", "--epochs", "5", "--out", "m", "--quiet").code == 0
    return tmp_path / "m"


def test_write_gives_a_file_that_trains_as_the_run_did(pellucid, moons, tmp_path):
    answer = pellucid("write", moons)
    assert answer.code == 0
    assert answer.out.splitlines()[-1].split() == ["next", "python", "step.py"]
    done = subprocess.run([sys.executable, "step.py"], cwd=tmp_path, capture_output=True, text=True)
    printed = [float(line.split()[-1]) for line in done.stdout.splitlines()]
    assert printed == [e["train_loss"] for e in library.load(moons).record.epochs()]


def test_write_inference(pellucid, moons, tmp_path):
    assert pellucid("write", moons, "--inference", "-o", "read.py").code == 0
    x = split(toy("moons")).test.x
    np.save(tmp_path / "x.npy", x)
    command = [sys.executable, "read.py", "x.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    said = [int(line.split("\t")[0]) for line in done.stdout.splitlines()]
    assert said == library.load(moons).predict(x).tolist()


def test_write_without_the_data_says_so(pellucid, tmp_path):
    model = library.nn.MLP([2, 3, 2])
    library.fit(model, toy("moons"), epochs=1, out=tmp_path / "r")
    answer = pellucid("write", "r")
    assert answer.code == 1
    assert "no note of its data" in answer.err
    assert pellucid("write", "r", "--inference").code == 0


def test_summary(pellucid, moons):
    assert "total" in pellucid("summary", moons).out
    content = json.loads(pellucid("summary", moons, "--json").out)
    assert content["parameters"] == sum(p.size for p in library.load(moons).model.parameters())


def test_graph(pellucid, moons, tmp_path):
    assert pellucid("graph", moons).out.split() == ["picture", str(moons / "graph.svg")]
    assert pellucid("graph", moons, "-o", "g.svg").code == 0
    picture = (tmp_path / "g.svg").read_text()
    assert picture == (moons / "graph.svg").read_text()
    assert "CrossEntropyLoss" in picture


def test_explain(pellucid, moons):
    answer = pellucid("explain", moons, "--example", "3", "--check", "W1[1,0]")
    assert answer.code == 0
    assert answer.out.startswith("moons, example 3 of the train part\n")
    for word in ("FORWARD", "LOSS", "BACKWARD", "UPDATE", "CHECK", "W1[1,0]: backward "):
        assert word in answer.out


def test_explain_one_layer(pellucid, moons):
    answer = pellucid("explain", moons, "--layer", "0")
    assert "z1 = x @ W1.T + b1" in answer.out
    assert "LOSS" not in answer.out
    answer = pellucid("explain", moons, "--layer", "los")
    assert answer.code == 1
    assert "did you mean 'loss'?" in answer.err


def test_explain_as_a_page_and_as_json(pellucid, moons, tmp_path):
    assert pellucid("explain", moons, "--html", "e.html").code == 0
    assert "<h1>moons, example 0 of the train part</h1>" in (tmp_path / "e.html").read_text()
    content = json.loads(pellucid("explain", moons, "--json", "--on", "test").out)
    assert content["lines"][0]["formula"] == "x @ W1.T + b1"


def test_explain_an_example_that_is_not_there(pellucid, moons):
    answer = pellucid("explain", moons, "--example", "100000")
    assert answer.code == 1
    assert "the train part" in answer.err


def test_explain_shows_the_picture(pellucid, tmp_path):
    assert pellucid("train", "digits", "--epochs", "1", "--out", "d", "--quiet").code == 0
    out = pellucid("explain", "d", "--example", "2").out
    assert "▀" in out.partition("digits, example 2")[0]
