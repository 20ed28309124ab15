"""A text from the command line: train, sample, fill, evaluate, explain, write, resume."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys

import numpy as np
import pytest

import pellucid as library
from cli.test_processes import run_victim
from pellucid.data.text import read_text

PLAY = "".join(
    f"{who}:\n{what} the {thing} {where}.\n\n"
    for who in ("KING", "QUEEN")
    for what in ("Bring me", "Behold", "Where is")
    for thing in ("horse", "crown", "fool")
    for where in ("at once", "of mine")
)
NAMES = "\n".join(f"{a}{b}nn{c}" for a in "bdghklmr" for b in "aeiou" for c in "aey")
TINY = {
    "lstm": ("--hidden", 8, "--embedding", 6),
    "gpt": ("--width", 8, "--heads", 2, "--layers", 2),
    "bert": ("--width", 8, "--heads", 2, "--layers", 2),
}
SHORT = ("--context", 12, "--steps", 4, "--epochs", 2, "--batch-size", 8)


@pytest.fixture
def texts(tmp_path):
    (tmp_path / "play.txt").write_text(PLAY)
    (tmp_path / "names.txt").write_text(NAMES)
    return tmp_path


@pytest.fixture
def train(pellucid, texts):
    """``train("gpt")`` trains a tiny network on the play, into a folder of its name."""

    def run(model, *words, data="play.txt", out=None):
        out = out or model
        given = ("train", data, "--model", model, *TINY.get(model, TINY["lstm"]))
        answer = pellucid(*given, *words, "--out", out, "--quiet")
        assert answer.code == 0, answer.err
        return texts / out

    return run


def losses(folder):
    return [e["train_loss"] for e in library.load(folder).record.epochs()]


def test_a_text_file_is_recognised_and_the_plan_is_shown(pellucid, texts):
    answer = pellucid("train", "play.txt", *TINY["lstm"], *SHORT, "--out", "r")
    assert answer.code == 0, answer.err
    assert f"play: {len(PLAY):,} characters, 29 different; windows of 12" in answer.out
    assert "text-rnn, cell lstm, embedding 6, hidden 8, layers 1" in answer.out
    assert "2 epochs of 4 steps of 8" in answer.out
    assert "nats a token" in answer.out
    assert "pellucid sample r" in answer.out


@pytest.mark.parametrize("model", TINY)
def test_program_and_eager_leave_the_same_record(train, model):
    told = []
    for engine in ("program", "eager"):
        folder = train(model, *SHORT, "--engine", engine, "--dropout", "0.1", out=engine)
        epochs = library.load(folder).record.epochs()
        timed = ("time", "seconds", "samples_per_second")
        told.append([{k: v for k, v in e.items() if k not in timed} for e in epochs])
    assert told[0] == told[1]
    assert all(epoch["sample"] for epoch in told[0])


@pytest.mark.parametrize("model", ["lstm", "bert"])
def test_a_killed_run_goes_on_to_the_same_bits_and_samples(pellucid, train, texts, model):
    words = ["train", "play.txt", "--model", model, *TINY[model], *SHORT]
    words += ["--dropout", "0.1", "--checkpoint-seconds", "0"]
    whole = train(model, *SHORT, "--dropout", "0.1", out="whole")
    command = [str(word) for word in (*words, "--out", "cut")]
    done = run_victim(texts, "Checkpoints.on_step", 6, signal.SIGKILL, *command)
    assert done.returncode == -signal.SIGKILL
    assert pellucid("resume", "cut").code == 0
    weights = [(f / "weights.safetensors").read_bytes() for f in (whole, texts / "cut")]
    assert weights[0] == weights[1]
    samples = [
        [e["sample"] for e in library.load(f).record.epochs()] for f in (whole, texts / "cut")
    ]
    assert samples[0] == samples[1] and len(samples[0]) == 2


@pytest.mark.parametrize("model", TINY)
def test_step_py_prints_the_losses_of_the_run_from_the_text_alone(pellucid, train, texts, model):
    folder = train(model, *SHORT, "--dropout", "0.1")
    assert pellucid("write", folder, "-o", "step.py").code == 0
    done = subprocess.run([sys.executable, "step.py"], cwd=texts, capture_output=True, text=True)
    assert [float(line.split()[-1]) for line in done.stdout.splitlines()] == losses(folder)
    with np.load(texts / "step_data.npz") as saved:
        assert saved["text"].size == round(0.9 * len(PLAY))
        assert not {"x", "y"} & set(saved)


@pytest.mark.parametrize("model", ["gru", "bert"])
def test_step_py_of_lines(pellucid, train, texts, model):
    folder = train(model, "--epochs", 2, "--batch-size", 25, data="names.txt")
    assert pellucid("write", folder, "-o", "step.py").code == 0
    done = subprocess.run([sys.executable, "step.py"], cwd=texts, capture_output=True, text=True)
    assert [float(line.split()[-1]) for line in done.stdout.splitlines()] == losses(folder)


@pytest.mark.parametrize("model", ["rnn", "gpt"])
def test_predict_py_writes_what_sample_writes(pellucid, train, texts, model):
    folder = train(model, *SHORT)
    assert pellucid("write", folder, "--inference", "-o", "predict.py").code == 0
    for words in (["the fool"], ["KING", "--temperature", "0"], ["a", "--top-k", "3"]):
        command = [sys.executable, "predict.py", *words, "--length", "40"]
        done = subprocess.run(command, cwd=texts, capture_output=True, text=True)
        answer = pellucid("sample", folder, "--prompt", *words, "--length", 40)
        assert done.stdout.strip("\n") == answer.out.strip("\n"), done.stderr


def test_predict_py_of_names_ends_with_the_name(pellucid, train, texts):
    folder = train("lstm", "--epochs", 1, data="names.txt")
    assert pellucid("write", folder, "--inference", "-o", "predict.py").code == 0
    command = [sys.executable, "predict.py", "--count", "3", "--seed", "5"]
    done = subprocess.run(command, cwd=texts, capture_output=True, text=True)
    answer = pellucid("sample", folder, "--count", 3, "--seed", 5)
    assert done.stdout.splitlines() == answer.out.splitlines()
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize(("model", "data"), [("lstm", "names.txt"), ("gpt", "play.txt")])
def test_the_command_that_write_tells_runs(pellucid, train, texts, model, data):
    folder = train(model, "--epochs", 1, data=data)
    told = pellucid("write", folder, "--inference").out.splitlines()[-1].split()
    assert told[:2] == ["next", "python"]
    command = [sys.executable, *told[2:]]
    done = subprocess.run(command, cwd=texts, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_predict_py_of_bert_fills_what_fill_fills(pellucid, train, texts):
    folder = train("bert", *SHORT)
    assert pellucid("write", folder, "--inference", "-o", "predict.py").code == 0
    text = "the f__l of mi_e. the cro__."
    done = subprocess.run(
        [sys.executable, "predict.py", text], cwd=texts, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[0] == pellucid("fill", folder, text).out.splitlines()[0]


def test_a_written_file_says_what_it_does_not_know(pellucid, train, texts):
    folder = train("gpt", *SHORT)
    assert pellucid("write", folder, "--inference", "-o", "predict.py").code == 0
    for words, said in (
        (["€"], "'€' is none of the characters"),
        ([""], "an empty prompt"),
        (["a", "--temperature", "-1"], "temperature must be 0 or more"),
    ):
        command = [sys.executable, "predict.py", *words]
        done = subprocess.run(command, cwd=texts, capture_output=True, text=True)
        assert done.returncode and said in done.stderr and "Traceback" not in done.stderr


def test_a_text_without_line_ends(pellucid, texts, train):
    (texts / "one.txt").write_text("abc abd " * 60)
    folder = train("lstm", *SHORT, data="one.txt")
    assert pellucid("sample", folder, "--length", 20).code == 0
    assert pellucid("write", folder, "--inference", "-o", "predict.py").code == 0
    done = subprocess.run([sys.executable, "predict.py"], cwd=texts, capture_output=True, text=True)
    assert not done.returncode, done.stderr


# -- looking at a run --


def test_evaluate_shows_nats_bits_and_perplexity(pellucid, train):
    folder = train("lstm", *SHORT)
    figures = json.loads(pellucid("evaluate", folder, "--on", "validation", "--json").out)
    assert figures["samples"] == len(PLAY) - round(0.9 * len(PLAY)) - 1
    assert figures["bits"] == pytest.approx(figures["loss"] / math.log(2))
    assert figures["perplexity"] == pytest.approx(math.exp(figures["loss"]))
    epochs = library.load(folder).record.epochs()
    assert figures["loss"] == pytest.approx(min(e["validation_loss"] for e in epochs))
    answer = pellucid("evaluate", folder)  # it has no test part
    assert "the validation part" in answer.out
    for words in ("nats a token", "bits a token", "perplexity", "tokens"):
        assert words in answer.out


def test_evaluate_on_the_training_part_and_on_another_text(pellucid, train, texts):
    folder = train("gpt", *SHORT)
    figures = json.loads(pellucid("evaluate", folder, "--on", "train", "--json").out)
    assert figures["samples"] == round(0.9 * len(PLAY)) - 1
    (texts / "other.txt").write_text("Behold.\n")  # shorter than the context
    figures = json.loads(pellucid("evaluate", folder, "--data", "other.txt", "--json").out)
    assert figures["samples"] == 7
    (texts / "other.txt").write_text("Behold the KING of mine.\n")
    figures = json.loads(pellucid("evaluate", folder, "--data", "other.txt", "--json").out)
    assert figures["samples"] == 24
    (texts / "other.txt").write_text("Behold the €.\n")
    answer = pellucid("evaluate", folder, "--data", "other.txt")
    assert "text other\n  got:    the character '€' at place 11" in answer.err


def test_bert_is_measured_on_hidden_characters_alone(pellucid, train):
    folder = train("bert", *SHORT)
    for part in ("validation", "train"):
        figures = json.loads(pellucid("evaluate", folder, "--on", part, "--json").out)
        assert 0.08 * len(PLAY) * 0.1 < figures["samples"] < 0.2 * len(PLAY)


def test_explain_says_the_characters(pellucid, train):
    answer = pellucid("explain", train("lstm", *SHORT), "--layer", "head")
    assert answer.code == 0, answer.err
    told = " ".join(answer.out.split())
    assert f"given {PLAY[:12]!r}, asked for {PLAY[1:13]!r}; the network says" in told


@pytest.mark.parametrize("model", TINY)
def test_explain_summary_and_graph(pellucid, train, model):
    folder = train(model, *SHORT)
    assert "UPDATE" in pellucid("explain", folder).out
    assert "total" in pellucid("summary", folder).out
    assert pellucid("graph", folder).code == 0


def test_the_report_shows_samples_and_surprise(pellucid, train, whole_report):
    for model, title in (("gpt", "What it wrote"), ("bert", "What it filled in")):
        page = (train(model, *SHORT) / "report.html").read_text()
        assert f"<h2>{title}</h2>" in page
        assert "<h2>What surprised it</h2>" in page
        assert "Perplexity" in page and "Most surprising" in page


def test_the_report_of_names(pellucid, train, whole_report):
    page = (train("lstm", "--epochs", 1, data="names.txt") / "report.html").read_text()
    assert "Most surprising" in page and "Least surprising" in page
    assert "What it invents" in page and "300 texts drawn" in page


# -- what is refused --


@pytest.mark.parametrize(("model", "command"), [("lstm", "sample"), ("bert", "fill")])
def test_predict_says_what_to_use(pellucid, train, model, command):
    folder = train(model, *SHORT)
    assert pellucid("predict", folder, "a.png").err.split("\n")[1:4] == [
        "  got:    a network that learnt a text",
        "  needs:  a network that reads pictures or tables",
        f"  try:    pellucid {command} {folder}",
    ]


def test_sample_refuses_a_run_of_another_kind(pellucid, tmp_path):
    assert pellucid("train", "moons", "--epochs", 1, "--out", "m", "--quiet").code == 0
    for command in (("sample", "m"), ("fill", "m", "a_")):
        answer = pellucid(*command)
        assert answer.code == 1
        assert "a run of another kind" in answer.err
        assert "try:    pellucid train FILE.txt" in answer.err


def test_sample_refuses_bert_and_fill_the_others(pellucid, train):
    answer = pellucid("sample", train("bert", *SHORT))
    assert "got:    a BERT, which looks both ways and cannot write on" in answer.err
    answer = pellucid("fill", train("lstm", *SHORT), "a_")
    assert "got:    a run of another kind (TextRNN)" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--prompt", ""), "got:    an empty prompt"),
        (("--prompt", ""), "try:    no --prompt, for an empty page"),
        (("--prompt", "a€"), "got:    the character '€' at place 1"),
        (("--temperature", "-1"), "got:    temperature -1"),
        (("--top-k", "0"), "got:    top-k 0"),
    ],
)
def test_sample_refuses(pellucid, train, words, said):
    answer = pellucid("sample", train("lstm", *SHORT), *words)
    assert answer.code == 1
    assert said in answer.err


def test_fill_refuses(pellucid, train):
    folder = train("bert", *SHORT)
    assert "got:    a text without a gap" in pellucid("fill", folder, "abc").err
    assert "needs:  a single character" in pellucid("fill", folder, "a_", "--gap", "__").err
    assert "the character '€' at place 1" in pellucid("fill", folder, "a€_").err
    told = json.loads(pellucid("fill", folder, "a#", "--gap", "#", "--json").out)
    assert told["gaps"][0]["place"] == 1 and len(told["gaps"][0]["likeliest"]) == 3


def test_a_text_shorter_than_the_context(pellucid, texts):
    (texts / "short.txt").write_text("abcabc")
    answer = pellucid("train", "short.txt")
    assert "got:    5 characters in the training part" in answer.err
    assert "needs:  at least 65: a context of 64, and what follows it" in answer.err


def test_a_text_that_is_not_there_or_no_utf8(pellucid, texts):
    assert "no such file" in pellucid("train", "gone.txt").err
    (texts / "latin.txt").write_bytes("caf\xe9".encode("latin1"))
    assert "bytes that are no UTF-8 at place 3" in pellucid("train", "latin.txt").err


@pytest.mark.parametrize("layers", ["0", "two", "8,8"])
def test_layers_of_a_text_network_are_a_number(pellucid, texts, layers):
    answer = pellucid("train", "play.txt", "--model", "gpt", "--layers", layers, *SHORT)
    assert f"got:    '{layers}'" in answer.err
    assert "needs:  how many layers, from 1" in answer.err


def test_names_are_found_out_and_sampled_one_by_one(pellucid, train, texts):
    folder = train("lstm", "--epochs", 2, data="names.txt")
    assert read_text(texts / "names.txt").lines
    told = json.loads(pellucid("sample", folder, "--count", 5, "--json").out)["texts"]
    assert len(told) == 5
    assert all("\n" not in name for name in told)
