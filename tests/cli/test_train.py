"""`pellucid train`: what it says, what it writes, and what each option does."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import pellucid as library
from pellucid.data.fetch import FILES, PUBLISHED
from pellucid.record import Record

QUICK = ("train", "moons", "--samples", "100", "--epochs", "2", "--layers", "8")


def config_of(folder) -> dict:
    return json.loads((folder / "config.json").read_text())


def test_a_run_from_start_to_end(pellucid, whole_report, tmp_path):
    answer = pellucid(*QUICK)
    assert answer.code == 0, answer.err
    folder = tmp_path / "runs" / "moons-1"
    files = {path.name for path in folder.iterdir()}
    assert files >= {
        "config.json",
        "record.jsonl",
        "weights.safetensors",
        "checkpoint.safetensors",
        "report.html",
    }
    assert "pellucid train moons" in (folder / "report.html").read_text()
    lines = answer.out.splitlines()
    assert lines[0] == (
        "data      moons: 100 rows of 2 columns, 2 classes; 70 to train, 10 to validate, 20 to test"
    )
    assert lines[1] == "network   2-8-2, relu; 42 parameters"
    assert lines[2].startswith("training  adam, one-cycle learning rate 0.00")
    assert "2 epochs of 3 steps of 32; seed 0" in lines[2]
    assert lines[3] == "defaults  the recipe for other data; yours: --epochs, --layers, --samples"
    assert "pellucid predict runs/moons-1 rows.csv" in answer.out
    assert answer.out == answer.out.encode("ascii", "replace").decode()  # plain: no bar, no colour
    assert "\x1b" not in answer.out
    assert answer.err == ""


def test_one_line_an_epoch(pellucid, tmp_path):
    answer = pellucid(*QUICK)
    heads, first, second = answer.out.splitlines()[5:8]
    assert heads.split("  ")[0] == ""
    assert heads.split() == [
        *("epoch", "train", "loss", "valid.", "loss", "accuracy", "learning", "rate", "samples/s")
    ]
    events = Record.read(tmp_path / "runs/moons-1/record.jsonl").epochs()
    for text, event in zip((first, second), events, strict=True):
        cells = text.split()
        assert cells[0] == str(event["epoch"])
        assert cells[1] == f"{event['train_loss']:.4f}"
        assert cells[2] == f"{event['validation_loss']:.4f}"
        assert cells[3:5] == [f"{100 * event['validation_accuracy']:.2f}", "%"]
        assert cells[5] == f"{event['lr']:.3g}"
        assert cells[6] == f"{event['samples_per_second']:,.0f}"
    assert first.endswith("  best")


def test_the_test_part_is_used_once_and_recorded(pellucid, tmp_path):
    answer = pellucid(*QUICK, "--json")
    result = json.loads(answer.out)
    (event,) = Record.read(tmp_path / "runs/moons-1/record.jsonl").of("test")
    assert event["samples"] == 20
    assert event["accuracy"] == result["accuracy"] == result["test"]["accuracy"]
    run = library.load(tmp_path / "runs/moons-1")
    parts = library.data.split(library.data.toy("moons", samples=100))
    assert run.evaluate(parts.test)["accuracy"] == event["accuracy"]


def test_json_is_one_object_and_the_progress_is_elsewhere(pellucid):
    answer = pellucid(*QUICK, "--json")
    result = json.loads(answer.out)
    assert result["run"] == "runs/moons-1"
    assert result["report"] == "runs/moons-1/report.html"
    assert (result["epochs"], result["parameters"], result["seed"]) == (2, 42, 0)
    assert set(result["validation"]) == {"loss", "accuracy"}
    assert "samples/s" in answer.err


def test_quiet_says_the_result_alone(pellucid):
    answer = pellucid(*QUICK, "--quiet")
    (line,) = answer.out.splitlines()
    assert line.startswith("runs/moons-1: ")
    assert line.endswith(" % right on 20 test samples")
    assert answer.err == ""


def test_runs_are_numbered(pellucid, tmp_path):
    pellucid(*QUICK, "--quiet")
    (tmp_path / "runs" / "moons-7").mkdir()
    pellucid(*QUICK, "--quiet")
    assert (tmp_path / "runs" / "moons-8" / "weights.safetensors").exists()


def test_an_old_run_is_replaced_only_by_force(pellucid, tmp_path):
    pellucid(*QUICK, "--out", "mine", "--quiet")
    before = (tmp_path / "mine" / "weights.safetensors").read_bytes()
    answer = pellucid(*QUICK, "--out", "mine", "--seed", "1", "--quiet")
    assert answer.code == 1
    assert "RunError in --out mine" in answer.err
    assert "got:    a run that is already there" in answer.err
    assert "try:    --force to replace it, or: pellucid resume mine" in answer.err
    assert (tmp_path / "mine" / "weights.safetensors").read_bytes() == before
    assert pellucid(*QUICK, "--out", "mine", "--seed", "1", "--force", "--quiet").code == 0
    assert (tmp_path / "mine" / "weights.safetensors").read_bytes() != before


def test_other_files_are_not_written_among(pellucid, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    answer = pellucid(*QUICK, "--out", "mine")
    assert (answer.code, "got:    other files" in answer.err) == (1, True)


def test_the_same_command_gives_the_same_bytes(pellucid, tmp_path):
    for name in "ab":
        pellucid("train", "moons", "--epochs", "3", "--dropout", "0.2", "--out", name, "--quiet")
    first, second = (tmp_path / name / "weights.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_every_option_arrives(pellucid, tmp_path):
    answer = pellucid(
        *("train", "blobs", "--samples", "90", "--noise", "0.3", "--data-seed", "5"),
        *("--validation", "0.2", "--test", "0.1", "--scale", "minmax"),
        *("--layers", "6,4", "--activation", "tanh", "--init", "he_normal", "--dropout", "0.1"),
        *("--batch-norm", "--loss", "cross_entropy", "--optimizer", "sgd", "--lr", "0.05"),
        *("--momentum", "0.8", "--nesterov", "--weight-decay", "0.001"),
        *("--schedule", "multistep", "--schedule-option", "milestones=1,2"),
        *("--schedule-option", "gamma=0.5", "--warmup", "0.5", "--l1", "0.0001", "--l2", "0.0002"),
        *("--clip-norm", "1", "--clip-value", "2", "--label-smoothing", "0.05"),
        *("--class-weights", "balanced", "--batch-size", "16", "--epochs", "3", "--patience", "2"),
        *("--monitor", "validation_loss", "--seed", "4", "--threads", "1"),
        *("--checkpoint-seconds", "7", "--out", "all", "--quiet"),
    )
    assert answer.code == 0, answer.err
    config = config_of(tmp_path / "all")
    wanted = {
        "loss": "cross_entropy",
        "optimizer": "sgd",
        "optimizer_options": {"momentum": 0.8, "nesterov": True, "weight_decay": 0.001},
        "lr": 0.05,
        "schedule": "multistep",
        "schedule_options": {"milestones": [1, 2], "gamma": 0.5},
        "warmup": 0.5,
        "epochs": 3,
        "batch_size": 16,
        "shuffle": True,
        "l1": 0.0001,
        "l2": 0.0002,
        "clip_norm": 1.0,
        "clip_value": 2.0,
        "label_smoothing": 0.05,
        "class_weights": "balanced",
        "patience": 2,
        "monitor": "validation_loss",
        "augment": None,
        "seed": 4,
        "threads": 1,
        "checkpoint_seconds": 7.0,
    }
    assert {name: config["settings"][name] for name in wanted} == wanted
    assert config["preparation"]["scale"] == "minmax"
    note = config["note"]
    assert note["network"] == {
        "sizes": [2, 6, 4, 3],
        "activation": "tanh",
        "dropout": 0.1,
        "batch_norm": True,
        "init": "he_normal",
    }
    data = {k: note["data"][k] for k in ("name", "noise", "samples", "seed", "validation", "test")}
    assert data == {
        "name": "blobs",
        "noise": 0.3,
        "samples": 90,
        "seed": 5,
        "validation": 0.2,
        "test": 0.1,
    }


def test_images_can_be_augmented(pellucid, tmp_path):
    words = ("train", "digits", "--epochs", "1", "--out", "a", "--quiet")
    assert pellucid(*words, "--augment-shift", "1", "--augment-noise", "0.1").code == 0
    augment = config_of(tmp_path / "a")["settings"]["augment"]
    assert (augment["shift"], augment["noise"]) == (1.0, 0.1)


def test_the_note_holds_the_command_that_does_it_again(pellucid, tmp_path):
    (tmp_path / "my.toml").write_text('layers = [8]\nepochs = 2\n"schedule-option" = []\n')
    pellucid("train", "moons", "--config", "my.toml", "--seed", "3", "--out", "a", "--quiet")
    command = config_of(tmp_path / "a")["note"]["command"]
    assert command == "pellucid train moons --layers 8 --epochs 2 --seed 3"
    pellucid(*command.split()[1:], "--out", "b", "--quiet")
    first, second = (tmp_path / name / "weights.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_table_is_read_learnt_and_described(pellucid, tmp_path):
    rows = [f"{i % 7},{'red' if i % 2 else 'blue'},{'yes' if i % 2 else 'no'}" for i in range(60)]
    (tmp_path / "t.csv").write_text("size,colour,good\n" + "\n".join(rows) + "\n")
    answer = pellucid("train", "t.csv", "--target", "good", "--epochs", "20", "--out", "a")
    assert answer.code == 0, answer.err
    assert "target 'good': 2 different values in 60 rows: classification" in answer.out
    assert "100.00 % right on 12 test samples" in answer.out
    assert config_of(tmp_path / "a")["note"]["data"]["name"] == str(tmp_path / "t.csv")


def test_a_regression_is_reported_in_the_targets_units(pellucid, tmp_path):
    x = np.linspace(0, 1, 100)
    text = "\n".join(f"{a:.4f},{1000 * a:.2f}" for a in x)
    (tmp_path / "r.csv").write_text("x,y\n" + text + "\n")
    answer = pellucid("train", "r.csv", "--epochs", "80", "--json", "--lr", "0.01")
    result = json.loads(answer.out)
    assert result["task"] == "regression"
    assert result["test"]["rmse"] < 100  # the target's own spread is about 290
    assert "accuracy" not in result


def test_gates_keep_nothing_back(pellucid):
    answer = pellucid("train", "xor")
    assert "4 to train" in answer.out
    assert "result    100.00 % right on the training part" in answer.out


def test_auto_takes_the_embedded_digits_where_there_is_no_mnist(pellucid, monkeypatch):
    monkeypatch.setattr("pellucid.data.fetch.PUBLISHED", _unreachable())
    monkeypatch.setattr("pellucid.data.catalogue.PUBLISHED", _unreachable())
    answer = pellucid("train", "auto", "--epochs", "1")
    first, second = answer.out.splitlines()[:2]
    assert first == (
        "auto      the embedded digits, since MNIST was not found here nor fetched within 5 s"
    )
    assert second.startswith("data      digits: 1,797 images of 8x8")


def test_where_the_data_were_found_is_noted(pellucid, tmp_path, monkeypatch):
    monkeypatch.setenv("PELLUCID_DATA", "here")
    pellucid(*QUICK, "--out", "a", "--quiet")
    assert config_of(tmp_path / "a")["note"]["data"]["data_dir"] == str(tmp_path / "here")


def test_auto_says_where_the_mnist_it_found_is_damaged(pellucid, tmp_path):
    (tmp_path / "here" / "mnist").mkdir(parents=True)
    for name in FILES.values():
        (tmp_path / "here" / "mnist" / name).write_bytes(b"\0\0\x08\x01")
    answer = pellucid("train", "auto", "--data-dir", "here", "--epochs", "1")
    assert answer.code == 0
    assert answer.out.startswith("auto      the embedded digits, since the MNIST found is damaged")


def _unreachable():
    return {"mnist": replace(PUBLISHED["mnist"], mirrors=("http://127.0.0.1:9/",))}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--optimizer", "adamm"), "try:    did you mean 'adam'?"),
        (("--activation", "rleu"), "try:    did you mean 'relu'?"),
        (("--init", "he_norml"), "try:    did you mean 'he_normal'?"),
        (("--schedule", "cosin"), "try:    did you mean 'cosine'?"),
        (("--loss", "mes"), "try:    did you mean 'mse'?"),
        (("--loss", "mse"), "got:    a classification"),
        (("--layers", "8;4"), "needs:  whole numbers with commas between"),
        (("--layers", "0"), "needs:  sizes from 1"),
        (("--dropout", "1"), "needs:  a share from 0 up to 1"),
        (("--batch-size", "some"), "needs:  a whole number from 1, or 'all'"),
        (("--betas", "0.9"), "needs:  2 numbers with commas between"),
        (("--optimizer", "sgd", "--betas", "0.9,0.99"), "needs:  of these only --momentum"),
        (("--schedule-option", "gamma"), "needs:  name=value, such as gamma=0.5"),
        (("--schedule", "step", "--schedule-option", "gama=1"), "did you mean 'gamma'?"),
        (("--schedule", "step", "--schedule-option", "every=often"), "got:    every='often'"),
        (("--schedule", "constant", "--schedule-option", "gamma=1"), "got:    the constant sched"),
        (("--epochs", "0"), "needs:  a whole number from 1"),
        (("--validation", "0.6", "--test", "0.5"), "needs:  shares from 0 up to 1"),
        (("--validation", "0.001"), "got:    an empty validation part"),
        (("--batch-size", "1000"), "got:    a batch of 1,000 from 280 rows"),
        (("--augment-shift", "1"), "got:    moons, which are no images"),
        (("--target", "x"), "got:    the option 'target'"),
        (("--samples", "1"), "needs:  2 to"),
    ],
)
def test_options_that_cannot_be(pellucid, tmp_path, words, complaint):
    answer = pellucid("train", "moons", *words)
    assert answer.code == 1
    assert complaint in answer.err
    assert not (tmp_path / "runs").exists()  # nothing is left behind


def test_a_bad_number_stops_the_run_and_the_last_good_checkpoint_stays(pellucid):
    answer = pellucid(
        *("train", "moons", "--optimizer", "sgd", "--lr", "0.1", "--schedule", "multistep"),
        *("--schedule-option", "milestones=1", "--schedule-option", "gamma=10000", "--out", "a"),
    )
    assert answer.code == 1
    assert answer.err.startswith("NonFiniteError in step ")
    assert "learning rate" in answer.err
    assert json.loads(pellucid("evaluate", "a", "--json").out)["accuracy"] > 0


def test_a_set_with_its_own_test_part_takes_no_other(pellucid):
    answer = pellucid("train", "sentiment", "--samples", 100, "--test", 0.5)
    assert answer.code == 1
    assert "OptionError in --test 0.5" in answer.err
    assert "sentiment, which brings its own test part of 25" in answer.err


def test_advice_is_spelt_as_one_types_it(pellucid):
    assert "--batch-size all" in pellucid("train", "xor", "--batch-size", 99).err
    assert "or --validation 0 for none" in pellucid("train", "xor", "--validation", 0.1).err
    told = pellucid("train", "xor", "--epochs", 1).out
    assert "train on all of them (--validation 0, --test 0)" in told
