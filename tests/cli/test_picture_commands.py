"""Pictures from the command line: train, resume, look, generate, reconstruct; what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from pellucid.record import Record

TINY = ("--epochs", "2", "--layers", "6,4", "--latent", "2", "--batch-size", "256")


def words(model):
    return ("train", "digits", "--model", model, *TINY, "--out", model)


@pytest.mark.parametrize("model", ["autoencoder", "denoising", "vae", "gan"])
def test_every_model_is_trained_shown_and_looked_at(pellucid, tmp_path, model, whole_report):
    answer = pellucid(*words(model))
    assert answer.code == 0, answer.err
    page = (tmp_path / model / "report.html").read_text()
    titles = {
        "autoencoder": ["Given back", "The latent space"],
        "denoising": ["Cleaned", "First row: with noise"],
        "vae": ["Given back", "New pictures", "The whole plane"],
        "gan": ["New pictures", "The two players", "Called real by the critic"],
    }
    for title in (*titles[model], "Over the epochs"):
        assert title in page
    assert all(e["pictures"] for e in Record.read(tmp_path / model / "record.jsonl").epochs())
    for command in ("evaluate", "summary", "graph", "explain"):
        said = pellucid(command, model)
        assert said.code == 0, said.err
    assert pellucid("evaluate", model, "--json").code == 0
    if model == "gan":
        assert "as many made ones called real" in pellucid("evaluate", model).out
    asked = pellucid("resume", model)
    assert asked.code == 0, asked.err


def test_pictures_of_a_folder_are_resized_and_broken_ones_left_out_when_asked(pellucid, tmp_path):
    for k in range(20):
        path = tmp_path / "shapes" / ("flat", "tall")[k % 2] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.eye(8 + k % 3, dtype=np.uint8) * 255).save(path)
    (tmp_path / "shapes" / "flat" / "notes.txt").write_text("no picture")
    asked = ("train", "shapes", "--model", "vae", *TINY[:-2], "--out", "run")
    assert "different sizes" in pellucid(*asked).err
    assert "picture flat/notes.txt" in pellucid(*asked, "--resize", "8x8").err
    answer = pellucid(*asked, "--skip-broken", "--resize", "8x8")
    assert "20 images of 8x8" in answer.out, answer.err
    assert pellucid("evaluate", "run").code == 0


@pytest.mark.parametrize("model", ["vae", "gan"])
def test_the_same_seed_makes_the_same_pictures(pellucid, tmp_path, model):
    assert pellucid(*words(model), "--quiet").code == 0
    files = []
    for k, seed in enumerate((1, 1, 2)):
        answer = pellucid("generate", model, "--count", 6, "--seed", seed, "-o", f"{k}.png")
        assert answer.code == 0, answer.err
        files.append((tmp_path / f"{k}.png").read_bytes())
    assert files[0] == files[1] != files[2]
    assert json.loads(pellucid("generate", model, "--json").out)["count"] == 64
    assert (tmp_path / model / "generated.png").exists()


def test_pictures_come_back(pellucid, tmp_path):
    assert pellucid(*words("autoencoder"), "--quiet").code == 0
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(tmp_path / "a.png")
    answer = pellucid("reconstruct", "autoencoder", "a.png", "a.png", "--json")
    assert answer.code == 0, answer.err
    assert [0 < p["rmse"] < 1 for p in json.loads(answer.out)["pictures"]] == [True, True]
    with Image.open(tmp_path / "autoencoder" / "reconstructed.png") as sheet:
        assert sheet.size == (18 * 20, 18 * 20)
    assert "pixels differ by" in pellucid("reconstruct", "autoencoder", "a.png").out


REFUSED = {
    ("train", "digits", "--model", "vae", "--latent", "0"): (
        "OptionError in --latent\n  got:    0\n  needs:  a whole number from 1"
    ),
    ("train", "moons", "--model", "autoencoder"): (
        "DataError in data moons\n  got:    samples of shape (2,), float64\n"
        "  needs:  pictures of one size, uint8 (N, H, W) or (N, H, W, C)\n"
        "  try:    pellucid train mnist --model autoencoder"
    ),
    ("train", "digits", "--model", "gan", "--validation", "0.1"): (
        "OptionError in --validation\n  got:    0.1 with a generator and its critic\n"
        "  needs:  0: their loss does not tell which epoch is the best"
    ),
    ("train", "digits", "--model", "gan", "--layers", "8"): (
        "OptionError in --layers\n  got:    8\n  needs:  the channels of two convolutions, or none"
    ),
}


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused(pellucid, command):
    answer = pellucid(*command)
    assert answer.code == 1
    assert answer.err.strip() == REFUSED[command]


def test_runs_of_another_kind_are_refused(pellucid):
    assert pellucid(*words("autoencoder"), "--quiet").code == 0
    assert pellucid("train", "xor", "--epochs", "1", "--out", "xor", "--quiet").code == 0
    assert "autoencoder  digits  autoencoder" in pellucid("runs", ".").out
    assert pellucid("generate", "autoencoder").err.strip() == (
        "RunError in run autoencoder\n"
        "  got:    a run of another kind (a reconstruction of pictures)\n"
        "  needs:  a network that can make new pictures\n"
        "  try:    pellucid train mnist --model gan, or --model vae"
    )
    assert pellucid("reconstruct", "xor", "a.png").err.strip() == (
        "RunError in run xor\n"
        "  got:    a run of another kind (a classification)\n"
        "  needs:  an autoencoder, which takes pictures and gives them back\n"
        "  try:    pellucid train mnist --model autoencoder, or --model denoising"
    )
    assert "needs:  a network that can make new pictures" in pellucid("generate", "xor").err


def test_counts_and_names_of_files_are_looked_at(pellucid):
    assert pellucid(*words("gan"), "--quiet").code == 0
    assert "needs:  1 or more" in pellucid("generate", "gan", "--count", "0").err
    assert "ends in .png" in pellucid("generate", "gan", "-o", "a.jpg").err
