"""evaluate, predict, report and runs on runs that were just trained."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

import pellucid as library
from pellucid.data import digits, split, toy


@pytest.fixture
def moons(pellucid, tmp_path):
    assert pellucid("train", "moons", "--epochs", "10", "--out", "m", "--quiet").code == 0
    return tmp_path / "m"


@pytest.fixture(scope="module")
def digit_run(tmp_path_factory):
    """A run that reads the embedded digits fairly well, in a second."""
    folder = tmp_path_factory.mktemp("digits") / "d"
    data = digits()
    parts = split(data)
    library.fit(
        library.nn.MLP([64, 64, 10], generator=np.random.default_rng(0)),
        parts.train,
        parts.validation,
        epochs=8,
        lr=0.01,
        out=folder,
    )
    return folder


@pytest.fixture
def one(tmp_path):
    """A photo of a 1: a dark stroke on paper."""
    picture = Image.new("RGB", (120, 160), (235, 230, 220))
    ImageDraw.Draw(picture).line([(60, 25), (60, 135)], fill=(20, 20, 60), width=14)
    path = tmp_path / "one.png"
    picture.save(path)
    return path


HEADS = ("epochs", "best", "valid.", "test", "when")

# evaluate


def test_evaluate_measures_the_test_part_again(pellucid, moons):
    result = json.loads(pellucid("evaluate", moons, "--json").out)
    run, parts = library.load(moons), split(toy("moons"))
    assert result["accuracy"] == run.evaluate(parts.test)["accuracy"]
    assert (result["part"], result["samples"]) == ("test", 80)
    other = json.loads(pellucid("evaluate", moons, "--on", "validation", "--json").out)
    assert other["samples"] == 40


def test_evaluate_shows_a_table(pellucid, moons):
    out = pellucid("evaluate", moons).out
    assert "data      moons, the test part: 80 samples" in out
    for word in ("accuracy", "balanced accuracy", "log-loss", "ROC-AUC", "macro mean"):
        assert f"\n{word}  " in out
    assert "rows: what it is; columns: what it was called" in out


def test_evaluate_a_regression(pellucid):
    pellucid("train", "sine", "--epochs", "2", "--out", "s", "--quiet")
    assert "root" in pellucid("evaluate", "s").out
    assert set(json.loads(pellucid("evaluate", "s", "--json").out)) >= {"mse", "rmse", "mae", "r2"}


def test_evaluate_on_other_data(pellucid, moons, tmp_path):
    assert json.loads(pellucid("evaluate", moons, "--data", "xor", "--json").out)["samples"] == 4
    (tmp_path / "new.csv").write_text("class,x2,x1\n0,1,0\n1,-0.5,1\n")
    result = json.loads(pellucid("evaluate", moons, "--data", "new.csv", "--json").out)
    assert (result["samples"], result["accuracy"]) == (2, 1.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("class,x1,x2\n0,0,1\n7,1,1\n", "got:    the label '7'"),
        ("class,x1,z\n0,0,1\n1,1,1\n", "no column 'x2', and an unknown column 'z'"),
        ("class,x1,x2\n0,0,nan\n1,1,1\n", "got:    a missing value"),
        ("x1,x2\n0,1\n", "got:    no column 'class'"),
    ],
)
def test_evaluate_on_a_table_that_does_not_fit(pellucid, moons, tmp_path, text, complaint):
    (tmp_path / "new.csv").write_text(text)
    answer = pellucid("evaluate", moons, "--data", "new.csv")
    assert (answer.code, complaint in answer.err) == (1, True), answer.err


def test_evaluate_on_images_of_another_size(pellucid, moons):
    answer = pellucid("evaluate", moons, "--data", "digits")
    assert answer.code == 1
    assert "ShapeError" in answer.err or "DataError" in answer.err


def test_evaluate_an_unknown_part(pellucid, moons):
    assert "did you mean 'validation'?" in pellucid("evaluate", moons, "--on", "validaton").err


def test_evaluate_a_part_that_nothing_was_kept_for(pellucid):
    pellucid("train", "xor", "--epochs", "1", "--out", "x", "--quiet")
    answer = pellucid("evaluate", "x")
    assert "try:    --on train" in answer.err
    assert json.loads(pellucid("evaluate", "x", "--on", "train", "--json").out)["samples"] == 4


def test_data_that_changed_are_not_taken_for_the_old_ones(pellucid, tmp_path):
    rows = [f"{i},{i % 2}" for i in range(40)]
    (tmp_path / "t.csv").write_text("x,y\n" + "\n".join(rows))
    pellucid("train", "t.csv", "--epochs", "1", "--out", "t", "--quiet")
    (tmp_path / "t.csv").write_text("x,y\n" + "\n".join(rows[::-1]))
    answer = pellucid("evaluate", "t")
    assert answer.code == 1
    assert "rows that are not those the run was trained on" in answer.err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x80\x04pickle", "got:    a pickle: loading it could run any code"),
        (b"PK\x03\x04zip", "got:    a zip archive, perhaps a PyTorch checkpoint"),
        (b"\x00\x01", "that are not a whole safetensors file"),
    ],
)
def test_weights_of_another_format(pellucid, moons, content, complaint):
    (moons / "weights.safetensors").write_bytes(content)
    answer = pellucid("evaluate", moons)
    assert (answer.code, complaint in answer.err) == (1, True), answer.err


def test_weights_of_another_shape(pellucid, moons):
    library.save(library.nn.MLP([2, 3, 2]), moons / "weights.safetensors")
    answer = pellucid("evaluate", moons)
    assert answer.code == 1
    assert "shape" in answer.err


def test_a_run_of_another_version(pellucid, moons):
    text = (moons / "config.json").read_text()
    (moons / "config.json").write_text(text.replace("pellucid run 1", "pellucid run 9"))
    assert "got:    format 'pellucid run 9'" in pellucid("evaluate", moons).err


def test_no_such_run(pellucid):
    answer = pellucid("evaluate", "nowhere")
    assert (answer.code, "got:    no such folder" in answer.err) == (1, True)


# predict: pictures


def test_a_picture_is_read_and_shown(pellucid, digit_run, one):
    answer = pellucid("predict", digit_run, one)
    assert answer.code == 0, answer.err
    opening, *rest = answer.out.splitlines()
    assert opening.startswith(f"{one}: 1  (")
    assert any("█" in line for line in rest)
    bars = [line for line in rest if line.endswith(" %")]
    assert len(bars) == 10


def test_probabilities_as_json(pellucid, digit_run, one):
    (found,) = json.loads(pellucid("predict", digit_run, one, "--json").out)["predictions"]
    assert found["prediction"] == "1"
    shares = found["probabilities"]
    assert list(shares) == list("0123456789")
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert found["probability"] == max(shares.values())


def test_the_picture_that_the_network_sees_is_saved(pellucid, digit_run, one):
    pellucid("predict", digit_run, one, "--save-picture", "seen.png")
    with Image.open(one.parent / "seen.png") as picture:
        seen = np.asarray(picture)
    assert seen.shape == (320, 320)
    assert seen[0, 0] == 0
    assert seen[100:220, 120:200].mean() > 60  # the stroke is in the middle, light on dark


def test_pictures_that_cannot_be_read_do_not_stop_the_others(pellucid, digit_run, one, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n....")
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    answer = pellucid("predict", digit_run, "broken.png", "blank.png", "none.png", one)
    assert answer.code == 1
    assert f"{one}: 1" in answer.out
    for complaint in ("no picture that can be read", "a blank picture", "no such file"):
        assert complaint in answer.err


def test_a_picture_for_other_classes_is_resized_with_a_note(pellucid, one, tmp_path):
    x = np.zeros((40, 6, 6), np.uint8)
    x[::2] = 200
    np.savez(tmp_path / "p.npz", x=x, y=np.array(["light", "dark"] * 20))
    pellucid("train", "p.npz", "--epochs", "5", "--out", "p", "--quiet")
    answer = pellucid("predict", "p", one)
    assert answer.code == 0, answer.err
    assert "resized to 6x6, otherwise as it is" in answer.out


def test_a_table_is_no_picture(pellucid, digit_run, tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    answer = pellucid("predict", digit_run, "rows.csv")
    assert "needs:  pictures: the network reads 8x8" in answer.err


# predict: tables


def test_rows_are_predicted_in_a_new_column(pellucid, moons, tmp_path):
    (tmp_path / "rows.csv").write_text("x2,x1\n1,0\n-0.5,1\n")
    answer = pellucid("predict", moons, "rows.csv")
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    run = library.load(moons)
    x = np.array([[0.0, 1.0], [1.0, -0.5]])
    assert [row["prediction"] for row in rows] == [str(p) for p in run.predict(x)]
    top = run.predict_proba(x).max(axis=1)
    assert [float(row["probability"]) for row in rows] == pytest.approx(list(top), rel=1e-4)


def test_predictions_go_to_a_file(pellucid, moons, tmp_path):
    (tmp_path / "rows.csv").write_text("x1,x2\n0,1\n")
    answer = pellucid("predict", moons, "rows.csv", "--out", "p.csv")
    assert (answer.out, "1 predictions in p.csv" in answer.err) == ("", True)
    assert (tmp_path / "p.csv").read_text().startswith("x1,x2,prediction,probability\n0,1,")


def test_predictions_as_json(pellucid, moons, tmp_path):
    (tmp_path / "rows.csv").write_text("x1,x2\n0,1\n")
    (found,) = json.loads(pellucid("predict", moons, "rows.csv", "--json").out)["predictions"]
    assert set(found) == {"file", "prediction", "probability"}


def test_a_table_without_its_columns(pellucid, moons, tmp_path):
    (tmp_path / "rows.csv").write_text("x1,y2\n0,1\n")
    answer = pellucid("predict", moons, "rows.csv")
    assert "no column 'x2', and an unknown column 'y2'" in answer.err
    assert "did you mean 'x2'?" in answer.err


def test_a_picture_is_no_table(pellucid, moons, one):
    assert "the network reads columns" in pellucid("predict", moons, one).err


# report and runs


def test_the_report_is_written_again(pellucid, moons):
    (moons / "report.html").unlink()
    answer = pellucid("report", moons)
    assert answer.code == 0
    text = (moons / "report.html").read_text()
    assert text.lower().startswith("<!doctype html>")
    assert "pellucid train moons" in text


def test_the_report_opens_in_a_browser(pellucid, moons, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    pellucid("report", moons, "--open")
    assert opened == [(moons / "report.html").as_uri()]


def test_a_run_made_in_python_has_no_data_to_report_on(pellucid, digit_run):
    answer = pellucid("report", digit_run)
    assert answer.code == 1
    assert "it was not made by pellucid train" in answer.err


def test_runs_lists_good_and_broken_folders(pellucid, tmp_path):
    for seed in (0, 1):
        pellucid("train", "moons", "--epochs", "2", "--seed", seed, "--quiet")
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "config.json").write_text("{")
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "runs" / "other" / "notes.txt").write_text("")
    (tmp_path / "runs" / "moons-2" / "record.jsonl").write_text("nonsense\n")
    answer = pellucid("runs")
    assert answer.code == 0
    heads, first, *rest = answer.out.splitlines()
    assert heads.split() == ["run", "data", "network", *HEADS]
    assert first.startswith("moons-1  moons  2-")
    assert any(line.startswith("broken: no whole JSON") for line in rest)
    assert any(line.startswith("other: a folder without config.json") for line in rest)
    assert any(line.startswith("moons-2: ") for line in rest)
    found = json.loads(pellucid("runs", "--json").out)["runs"]
    by_name = {row["run"]: row for row in found}
    assert by_name["runs/moons-1"]["finished"] is True
    assert set(by_name["runs/moons-1"]["test"]) >= {"accuracy", "samples"}
    assert "problem" in by_name["runs/broken"]


def test_runs_without_any(pellucid, tmp_path):
    assert "got:    no such folder" in pellucid("runs").err
    (tmp_path / "runs").mkdir()
    assert pellucid("runs").out == "no runs in runs\n"
