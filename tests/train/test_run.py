"""The run folder: what is in it, and what a new process can do with it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runs import SPLIT, Kill, Killed, network, train

import pellucid
from pellucid import nn
from pellucid.errors import DataError, FormatError, OptionError, RunError, ShapeError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "moons"
    train(path, epochs=4)
    return path


def test_what_stands_in_the_folder(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == [
        "checkpoint.safetensors",
        "config.json",
        "initial.safetensors",
        "record.jsonl",
        "weights.safetensors",
    ]
    config = json.loads((folder / "config.json").read_text())
    assert config["format"] == "pellucid run 1"
    assert config["model"]["modules"]["0"]["options"] == {"in_features": 2, "out_features": 8}
    assert config["settings"]["epochs"] == 4


def test_a_new_process_predicts_the_same(folder: Path) -> None:
    run = pellucid.load(folder)
    here = run.predict_proba(SPLIT.test.x).tolist()
    code = (
        "import sys, json, numpy, pellucid\n"
        "x = numpy.array(json.loads(sys.stdin.read()))\n"
        f"print(json.dumps(pellucid.load({str(folder)!r}).predict_proba(x).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(SPLIT.test.x.tolist()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == here
    assert run.evaluate(SPLIT.test)["accuracy"] == np.mean(
        run.predict(SPLIT.test.x) == run.labels[SPLIT.test.y]
    )


def test_classes_come_back_by_name(tmp_path: Path) -> None:
    part = SPLIT.train
    named = pellucid.data.from_arrays(part.x, np.array(["cat", "dog"])[part.y])
    pellucid.fit(network(), named, epochs=1, out=tmp_path)
    assert set(pellucid.load(tmp_path).predict(part.x)) <= {"cat", "dog"}


class Mine(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Linear(2, width)
        self.b = nn.Linear(width, 2)

    def forward(self, x: pellucid.Tensor) -> pellucid.Tensor:
        return self.b(self.a(x).relu())


def test_a_network_of_ones_own_needs_itself_again(tmp_path: Path) -> None:
    run = train(tmp_path, Mine(5))
    with pytest.raises(FormatError, match="a layer of type 'Mine'"):
        pellucid.load(tmp_path)
    again = pellucid.load(tmp_path, model=Mine(5))
    assert np.array_equal(again.predict_proba(SPLIT.test.x), run.predict_proba(SPLIT.test.x))
    with pytest.raises(FormatError, match="misshapen: a"):
        pellucid.load(tmp_path, model=Mine(6))


def test_a_network_that_cannot_be_written_down(tmp_path: Path) -> None:
    class Odd(Mine):
        def __init__(self, width: int, function: object) -> None:
            super().__init__(width)

    train(tmp_path, Odd(5, print))
    with pytest.raises(RunError, match=r"pellucid.load\(folder, model="):
        pellucid.load(tmp_path)
    pellucid.load(tmp_path, model=Odd(5, print))


def test_folders_that_are_no_runs(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such folder"):
        pellucid.load(tmp_path / "nothing")
    with pytest.raises(RunError, match="a folder without config"):
        pellucid.load(tmp_path)
    config = tmp_path / "config.json"
    for text, message in (
        ("{", "no whole JSON"),
        ("[]", "no whole JSON"),
        ('{"format": "pellucid run 99"}', "format 'pellucid run 99'"),
        ('{"format": "pellucid run 1"}', "no settings, model"),
    ):
        config.write_text(text)
        with pytest.raises(FormatError, match=message):
            pellucid.load(tmp_path)


def test_a_run_without_weights_yet(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(tmp_path, listeners=[Kill(1)])
    with pytest.raises(RunError, match="it has not finished an epoch"):
        pellucid.load(tmp_path)


def test_weights_with_a_pickle_inside_are_never_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "ran"),))

    train(tmp_path / "run")
    (tmp_path / "run" / "weights.safetensors").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FormatError, match="a pickle: loading it could run any code"):
        pellucid.load(tmp_path / "run")
    assert not (tmp_path / "ran").exists()


def test_a_regression_has_no_probabilities() -> None:
    x = np.linspace(0, 1, 20)[:, None]
    run = pellucid.fit(
        nn.MLP([1, 4, 1]), pellucid.data.from_arrays(x, x[:, 0]), epochs=1, batch_size=4
    )
    with pytest.raises(OptionError, match="needs:  a classifier"):
        run.predict_proba(x)


def test_what_cannot_be_predicted_is_refused(folder: Path) -> None:
    run = pellucid.load(folder)
    x = SPLIT.test.x
    for bad, error, text in (
        (x[:1] * np.nan, DataError, "NaN or infinite values, at"),
        (x[:0], DataError, "no rows"),
        (x[0], ShapeError, r"try:    x\[np.newaxis\]"),
        (x[:, :1], ShapeError, r"samples of shape \(2,\)"),
    ):
        with pytest.raises(error, match=text):
            run.predict(bad)
