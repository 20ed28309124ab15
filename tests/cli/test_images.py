"""`pellucid train --model lenet5, cnn, resnet, vit`: on sets and on folders of pictures."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import pellucid as library
from pellucid.record import Record
from pellucid.train.trainer import Trainer

SMALL = {
    "cnn": ("--width", 4),
    "resnet": ("--width", 4, "--batch-size", 32),
    "vit": ("--width", 8, "--heads", 2, "--layers", 1),
}


@pytest.fixture
def shapes(tmp_path):
    """A folder with 48 colour pictures of 16x16: bars that lie, and bars that stand."""
    rng = np.random.default_rng(0)
    for k in range(48):
        pixels = rng.integers(0, 90, (16, 16, 3)).astype(np.uint8)
        at, kind = int(rng.integers(2, 12)), ("lying", "standing")[k % 2]
        (pixels if k % 2 == 0 else pixels.swapaxes(0, 1))[at : at + 3, :, k % 3] = 250
        path = tmp_path / "shapes" / ("test" if k >= 40 else "train") / kind / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "shapes"


def test_other_pictures_are_read_as_those_of_the_training(pellucid, shapes, tmp_path):
    other = tmp_path / "other"
    for k, picture in enumerate(sorted((shapes / "train").rglob("*.png"))):
        path = other / picture.parent.name / picture.name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.open(picture).resize((16, 16 + k % 2)).save(path)
    words = ("train", "shapes", "--model", "cnn", "--width", 4, "--epochs", 1)
    assert pellucid(*words, "--out", "asked", "--resize", "16x16").code == 0
    assert "40 samples" in pellucid("evaluate", "asked", "--data", "other").out
    assert pellucid(*words, "--out", "plain").code == 0
    pictures = next((shapes / "train").rglob("*.png")), next(other.rglob("*.png"))
    told = [pellucid("predict", "plain", picture).out for picture in pictures]
    assert ["resized to" in text for text in told] == [False, True]
    answer = pellucid("evaluate", "plain", "--data", "other")
    assert "different sizes" in answer.err
    assert "try:" not in answer.err  # --resize is no option of evaluate


def losses(folder):
    return [e["train_loss"] for e in Record.read(folder / "record.jsonl").epochs()]


def test_a_run_finds_its_folder_of_pictures_from_any_folder(
    pellucid, shapes, tmp_path, monkeypatch
):
    words = ("train", "shapes", "--model", "cnn", "--width", 4, "--epochs", 1, "--out", "run")
    assert pellucid(*words).code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "8 samples" in pellucid("evaluate", "../run").out


@pytest.mark.parametrize("model", SMALL)
def test_written_is_eager_and_step_and_prediction_need_numpy_alone(pellucid, tmp_path, model):
    words = ("train", "digits", "--model", model, "--epochs", 1, *SMALL[model], "--quiet")
    for engine in ("program", "eager"):
        answer = pellucid(*words, "--engine", engine, "--out", tmp_path / engine)
        assert answer.code == 0, answer.err
    assert losses(tmp_path / "program") == losses(tmp_path / "eager")
    run = library.load(tmp_path / "program")
    assert pellucid("write", tmp_path / "program", "-o", "step.py").code == 0
    assert pellucid("write", tmp_path / "program", "--inference", "-o", "predict.py").code == 0
    told = subprocess.run([sys.executable, "step.py"], capture_output=True, text=True, check=True)
    assert told.stdout == f"epoch   1  loss {losses(tmp_path / 'program')[0]}\n"
    x = library.data.load("digits").x[:140]
    np.save("x.npy", x)
    code = "import numpy, predict; numpy.save('p.npy', predict.predict_proba(numpy.load('x.npy')))"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert np.array_equal(np.load("p.npy"), run.predict_proba(x))
    for command in ("summary", "explain", "evaluate"):
        answer = pellucid(command, tmp_path / "program")
        assert answer.code == 0, answer.err


def test_a_folder_of_pictures_from_start_to_end(pellucid, whole_report, shapes, tmp_path):
    answer = pellucid("train", shapes, "--width", 4, "--epochs", 6, "--batch-size", 8, "--lr", 0.1)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0] == "reading 48 pictures of shapes"
    assert lines[1] == (
        "data      shapes: 48 images of 16x16x3, 2 classes; 36 to train, 4 to validate, 8 to test"
    )
    assert lines[2].startswith("network   ResNet-8, width 4")
    assert "images mirrored, images cropped anew" in answer.out
    folder = tmp_path / "runs" / "shapes-1"
    page = (folder / "report.html").read_text()
    assert "Filters and feature maps" in page
    assert "8x8" in page
    assert pellucid("write", folder, "-o", "step.py").code == 0
    told = subprocess.run([sys.executable, "step.py"], capture_output=True, text=True, check=True)
    found = [line.split()[-1] for line in told.stdout.splitlines()]
    assert found == [str(loss) for loss in losses(folder)]
    picture = next((shapes / "test" / "lying").iterdir())
    answer = pellucid("predict", folder, picture, "--json")
    assert json.loads(answer.out)["predictions"][0]["prediction"] in ("lying", "standing")
    assert pellucid("evaluate", folder).code == 0
    assert pellucid("evaluate", folder, "--data", shapes).code == 0


def test_a_run_on_pictures_resumes_bit_for_bit(pellucid, shapes, tmp_path, monkeypatch):
    words = ("train", shapes, "--width", 4, "--epochs", 3, "--batch-size", 8, "--quiet")
    assert pellucid(*words, "--out", tmp_path / "whole").code == 0
    plain, count = Trainer.train_step, iter(range(100))

    def stopping(self, *batch):
        plain(self, *batch)
        self.interrupted = next(count) == 7  # in the middle of an epoch

    monkeypatch.setattr(Trainer, "train_step", stopping)
    assert pellucid(*words, "--out", tmp_path / "cut").code == 130
    monkeypatch.undo()
    assert pellucid("resume", tmp_path / "cut").code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]


def test_lenet5_needs_images_that_leave_something_of_two_convolutions(pellucid):
    answer = pellucid("train", "digits", "--model", "lenet5")
    assert answer.code == 1
    assert "images of 8 pixels a side" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("moons", "--model", "cnn"), "samples of shape (2,), which are no images"),
        (("digits", "--model", "resnet", "--layers", "9"), "8, 14, 20 or more such"),
        (("digits", "--model", "vit", "--patch", "3"), "patches that divide the image"),
        (("digits", "--model", "resnet", "--activation", "tanh"), "which has no such option"),
        (("digits", "--recipe", "best"), "one of mnist"),
        (("moons", "--recipe", "worst"), "which has one recipe"),
        (("digits", "--resize", "4x4"), "the option 'resize'"),
    ],
)
def test_what_does_not_go_together_is_refused(pellucid, words, said):
    answer = pellucid("train", *words)
    assert answer.code == 1
    assert said in answer.err


def test_the_best_recipe_for_mnist_is_a_cnn(pellucid, monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (60, 28, 28)).astype(np.uint8)
    mnist = library.data.from_arrays(x, np.arange(60) % 10, name="mnist")
    monkeypatch.setattr("pellucid.data.load", lambda *args, **more: mnist)
    words = ("--recipe", "best", "--width", 2, "--epochs", 1, "--batch-size", 20)
    answer = pellucid("train", "mnist", *words)
    assert answer.code == 0, answer.err
    assert pellucid("train", "mnist", *words, "--model", "resnet").code == 1
    assert "network   CNN, dropout 0.1, width 2, stages 3" in answer.out
    assert "the recipe for mnist (best) data" in answer.out
