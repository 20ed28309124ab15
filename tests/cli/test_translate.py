"""Translation from the command line: train, evaluate, translate, predict, write, resume."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re

import numpy as np
import pytest

import pellucid as library
from pellucid.cli import main
from pellucid.cli.jobs import job_for
from pellucid.cli.opened import split_of
from pellucid.models.translator import Translator

from .conftest import empty_report

TINY = {
    "transformer": ("--width", "8", "--heads", "2", "--layers", "1"),
    "lstm-attention": ("--embedding", "4", "--hidden", "8"),
}
PAIRS = "".join(f"{a}{b}\t{b.upper()}{a.upper()}\n" for a in "abcdefgh" for b in "abcdefgh")


def train(pellucid, model, *more, data="dates"):
    samples = ("--samples", "60") if data == "dates" else ()
    words = ("train", data, *samples, "--model", model, *TINY[model], "--epochs", "2")
    answer = pellucid(*words, "--out", "r", "--quiet", *more)
    assert answer.code == 0, answer.err
    return answer


def import_file(path):
    """A written file as a module of its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=TINY)
def model(request):
    return request.param


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """For each network a run that has learnt to turn two letters round, mostly, in a second."""
    folder = tmp_path_factory.mktemp("turn")
    (folder / "turn.tsv").write_text(PAIRS)
    for name, size in {"transformer": "--width", "lstm-attention": "--hidden"}.items():
        words = ["train", folder / "turn.tsv", "--model", name, *TINY[name], size, 24]
        words += ["--epochs", 30, "--batch-size", 8, "--lr", 0.01, "--out", folder / name, "-q"]
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr("pellucid.cli.finish.write_report", empty_report)
            main([str(word) for word in words])
    return folder


@pytest.fixture
def learnt(runs, model):
    return runs / model


def test_dates_are_translated_by_a_transformer_unless_told_otherwise(pellucid):
    answer = pellucid("train", "dates", "--samples", "60", "--epochs", "1", "--width", "8")
    assert answer.code == 0, answer.err
    assert "data      dates: 60 pairs of" in answer.out
    assert "48 to train, 6 to validate, 6 to test" in answer.out
    assert "network   translation-transformer" in answer.out
    assert 'next      pellucid translate runs/dates-1 "3 march 1987"' in answer.out
    assert re.search(r"test      \d+\.\d\d % right on 6 test samples", answer.out)


def test_what_a_file_is_for(pellucid, tmp_path):
    (tmp_path / "turn.tsv").write_text(PAIRS)
    (tmp_path / "classes.csv").write_text("text,label\n" + "good,1\nbad,0\n" * 20)
    assert job_for("turn.tsv", {}).name == "translation"
    assert job_for("classes.csv", {}).name == "samples"
    assert job_for("turn.tsv", {"target": "x"}).name == "samples"
    assert job_for("classes.csv", {"model": "lstm-attention"}).name == "translation"


def test_the_accuracy_is_that_of_greedy_decoding(pellucid, learnt):
    run, part = library.load(learnt), split_of(learnt).train
    translator = Translator(run.model, run.classes)
    spelling = translator.spelling
    sources = [spelling.text(row[: spelling.source]) for row in part.x]
    found = [t.text for t in translator.translate(sources)]
    right = [s[::-1].upper() == t for s, t in zip(sources, found, strict=True)]
    figures = json.loads(pellucid("evaluate", learnt, "--on", "train", "--json").out)
    assert figures["accuracy"] == np.mean(right) > 0.5
    assert figures["samples"] == len(part)
    assert figures["token_accuracy"] >= figures["accuracy"]
    shown = pellucid("evaluate", learnt, "--on", "train").out
    assert "tokens right" in shown and "nats a token" in shown
    assert re.search(rf"tokens +{figures['tokens']}\n", shown)
    assert "picture" not in shown and "characters" not in shown


def test_translate_says_it_in_a_line(pellucid, learnt):
    out = pellucid("translate", learnt, "ab", "hc").out
    assert re.fullmatch(r"ab  ->  \w+  \(\d+\.\d %\)\nhc  ->  \w+  \(\d+\.\d %\)\n", out), out


def test_translate_with_a_beam(pellucid, learnt):
    answer = json.loads(pellucid("translate", learnt, "ab", "--beam", "3", "--json").out)
    (told,) = answer["translations"]
    assert told["source"] == "ab"
    assert len(told["beam"]) == 3
    assert told["translation"] == told["beam"][0]["translation"]
    shares = [t["probability"] for t in told["beam"]]
    assert shares == sorted(shares, reverse=True)
    assert np.prod(told["characters"]) == pytest.approx(told["probability"])
    shown = pellucid("translate", learnt, "ab", "--beam", "3").out.splitlines()
    assert shown[0] == "ab" and len(shown) == 4 and " %  " in shown[1]


def test_drawn_translations_go_by_the_seed(pellucid, learnt):
    words = ("translate", learnt, *["ab"] * 6, "--temperature", "3")
    assert pellucid(*words).out == pellucid(*words).out != pellucid(*words, "--seed", "1").out


def test_predict_reads_a_column_of_sources(pellucid, learnt, tmp_path):
    (tmp_path / "new.csv").write_text("source\nab\nhc\n")
    rows = list(csv.DictReader(io.StringIO(pellucid("predict", learnt, "new.csv").out)))
    assert [row["source"] for row in rows] == ["ab", "hc"]
    told = json.loads(pellucid("translate", learnt, "ab", "hc", "--json").out)["translations"]
    assert [row["prediction"] for row in rows] == [t["translation"] for t in told]
    assert (
        "2 translations in out.csv"
        in pellucid("predict", learnt, "new.csv", "--out", "out.csv").err
    )


def test_evaluate_on_other_pairs(pellucid, learnt, tmp_path):
    (tmp_path / "other.tsv").write_text("ab\tBA\nhc\tCH\naa\tXX\n".replace("XX", "AB"))
    figures = json.loads(pellucid("evaluate", learnt, "--data", "other.tsv", "--json").out)
    assert figures["samples"] == 3
    assert figures["accuracy"] <= 2 / 3
    (tmp_path / "strange.tsv").write_text("ab\tBA\nhz\tZH\n")
    answer = pellucid("evaluate", learnt, "--data", "strange.tsv")
    assert "source 'hz'\n  got:    the character 'z' at place 1" in answer.err


def test_a_text_that_is_far_too_long_is_not_said_again(pellucid, learnt):
    answer = pellucid("translate", learnt, "ab" * 500)
    assert f"source '{'ab' * 20}...'\n  got:    1000 characters" in answer.err


def test_made_dates_are_measured_on_a_file_too(pellucid, tmp_path):
    small = ("--samples", 40, "--model", "lstm-attention", "--hidden", 4, "--epochs", 1)
    assert pellucid("train", "dates", *small, "--out", "made").code == 0
    (tmp_path / "other.tsv").write_text("2 may 1987\t1987-05-02\n7 may 1987\t1987-05-07\n")
    answer = pellucid("evaluate", "made", "--data", "other.tsv", "--json")
    assert json.loads(answer.out)["samples"] == 2, answer.err


def test_from_a_run_with_other_characters(pellucid, learnt, model, tmp_path):
    (tmp_path / "as-many.tsv").write_text(PAIRS.replace("h", "z"))
    (tmp_path / "more.tsv").write_text(PAIRS + "xy\tYX\n")
    for name, count in {"as-many.tsv": 16, "more.tsv": 20}.items():
        words = ("--model", model, "--from", learnt, "--epochs", 1, "--quiet")
        answer = pellucid("train", name, *words)
        assert answer.err.splitlines()[1:] == [
            f"  got:    a text of {count} different characters",
            "  needs:  the 16 characters that the run knows",
        ]


@pytest.mark.usefixtures("whole_report")
def test_the_report_shows_examples_and_where_it_looked(pellucid, learnt):
    assert pellucid("report", learnt).code == 0
    page = (learnt / "report.html").read_text()
    assert "<h2>What it translated</h2>" in page
    assert "sources of the test part were translated without" in page
    assert ("<h2>Where it looked</h2>" in page) == ("Right ones" in page)


@pytest.mark.parametrize("engine", ["eager", "program"])
def test_a_run_stopped_and_resumed_gives_the_same_bits(pellucid, tmp_path, model, engine):
    more = ("--engine", engine, "--dropout", "0.1", "--checkpoint-seconds", "0")
    train(pellucid, model, *more)
    whole = (tmp_path / "r" / "weights.safetensors").read_bytes()
    first = library.load(tmp_path / "r").record.epochs()

    class Stop(library.train.Listener):
        def on_step(self, trainer):
            if trainer.total_steps == 1:
                raise RuntimeError("killed")

    job = job_for("dates", {})
    listeners, type(job).listeners = type(job).listeners, lambda self: [Stop()]
    try:
        with pytest.raises(RuntimeError, match="killed"):
            pellucid("train", "dates", "--samples", "60", "--model", model, *TINY[model],
                     "--epochs", "2", "--out", "cut", "--quiet", *more)  # fmt: skip
    finally:
        type(job).listeners = listeners
    assert pellucid("resume", "cut", "--quiet").code == 0
    assert (tmp_path / "cut" / "weights.safetensors").read_bytes() == whole
    again = library.load(tmp_path / "cut").record.epochs()
    for one, two in zip(first, again, strict=True):
        for key in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
            assert one[key] == two[key]


def test_written_is_eager(pellucid, tmp_path, model):
    losses = []
    for engine in ("eager", "program"):
        train(pellucid, model, "--engine", engine, "--force", "--dropout", "0.1")
        epochs = library.load(tmp_path / "r").record.epochs()
        losses.append([(e["train_loss"], e["validation_loss"]) for e in epochs])
    assert losses[0] == losses[1]


def test_step_py_trains_as_the_run_did(pellucid, tmp_path, model):
    train(pellucid, model, "--dropout", "0.1")
    losses = [e["train_loss"] for e in library.load(tmp_path / "r").record.epochs()]
    assert pellucid("write", "r").code == 0
    step = import_file(tmp_path / "step.py")
    assert list(step.train()) == losses


def test_predict_py_translates_with_numpy_alone(pellucid, learnt, tmp_path):
    said = pellucid("write", learnt, "--inference", "--out", "turn.py").out
    assert 'next      python turn.py "TEXT"' in said
    file = import_file(tmp_path / "turn.py")
    run, part = library.load(learnt), split_of(learnt).test
    assert np.array_equal(file.outputs(part.x), run.outputs(part.x))
    sources = ["ab", "hc", "a", "ee"]
    told = Translator(run.model, run.classes).translate(sources)
    for t, (text, p) in zip(told, file.translate(sources), strict=True):
        assert (text, p) == (t.text, pytest.approx(t.probability, rel=1e-5))
    source = (tmp_path / "turn.py").read_text()
    assert "pellucid" not in re.sub(r'""".*?"""', "", source, flags=re.DOTALL).lower()
    with pytest.raises(ValueError, match="has not seen the character 'z'"):
        file.translate(["az"])
    with pytest.raises(ValueError, match="0 characters; it must be 1 to 2"):
        file.translate([""])


def test_looking_into_the_network(pellucid, model):
    train(pellucid, model)
    assert "parameters" in pellucid("summary", "r").out
    assert pellucid("graph", "r", "--out", "g.svg").code == 0
    told = pellucid("explain", "r").out
    assert re.search(r"' is '\d{4}-\d\d-\d\d'; the network says '", told), told[:500]


# -- what is refused --


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "got:    an empty text\n  needs:  a text to translate"),
        ("a!", "DataError in source 'a!'\n  got:    the character '!' at place 1"),
        ("abab", "got:    4 characters\n  needs:  at most 2, the longest that the network"),
    ],
)
def test_a_source_that_cannot_be_read(pellucid, tmp_path, source, words):
    (tmp_path / "turn.tsv").write_text(PAIRS)
    train(pellucid, "lstm-attention", data="turn.tsv")
    answer = pellucid("translate", "r", "ab", source)
    assert (answer.code, answer.out) == (1, "")
    assert words in answer.err
    assert pellucid("translate", "r", "ab", "--beam", "0").err.startswith("OptionError")
    both = pellucid("translate", "r", "ab", "--beam", "2", "--temperature", "1")
    assert "got:    --beam and --temperature" in both.err


def test_a_run_of_another_kind(pellucid):
    assert pellucid("train", "moons", "--epochs", "1", "--out", "m", "--quiet").code == 0
    assert pellucid("translate", "m", "3 march 1987").err == (
        "RunError in run m\n"
        "  got:    a run of another kind (a classification)\n"
        "  needs:  a network that learnt to translate\n"
        "  try:    pellucid train dates\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tb\nc\n", "line 2\n  got:    a pair without a target: 'c'"),
        ("a\tb\n", "got:    one pair only"),
        ("a\tb\n\tc\n", "line 2\n  got:    an empty source for 'c'"),
    ],
)
def test_files_that_are_no_pairs(pellucid, tmp_path, text, words):
    (tmp_path / "p.tsv").write_text(text)
    answer = pellucid("train", "p.tsv", "--model", "transformer", "--quiet")
    assert answer.code == 1
    assert words in answer.err


def test_options_that_do_not_fit(pellucid, tmp_path):
    (tmp_path / "turn.tsv").write_text(PAIRS)
    assert "got:    the option 'samples'" in pellucid("train", "turn.tsv", "--samples", "5").err
    assert "from 1" in pellucid("train", "dates", "--layers", "0").err
    two = pellucid("train", "dates", "--model", "lstm-attention", "--layers", "2")
    assert "needs:  1: this LSTM has one layer that reads" in two.err
    assert "needs:  at least 10" in pellucid("train", "dates", "--samples", "5").err
    assert (
        "at least one for the"
        in pellucid("train", "dates", "--samples", "10", "--test", "0.01").err
    )
