"""Sentences from the command line: trained, measured, judged, written, and what is refused."""

from __future__ import annotations

import csv
import json

import pytest

SMALL = ("--epochs", "1", "--hidden", "4", "--embedding", "4")  # an LSTM
SIZES = {  # of every network
    "lstm": SMALL,
    "gru": SMALL,
    "transformer": ("--epochs", "1", "--width", "8", "--heads", "2"),
    "bag-of-words": ("--epochs", "1"),
}
MADE = ("train", "sentiment", "--samples", "80", "--out", "run")
PLACES = ("food", "room", "film", "book", "trip")


@pytest.fixture
def reviews(tmp_path):
    """A CSV file of 40 sentences, and ``change(row, column, text)``."""
    rows = [["review", "label"]]
    for i in range(40):
        word = ("good", "bad")[i % 2]
        rows.append([f"we said the {PLACES[i % 5]} was {word}, {i} of 40", ("yes", "no")[i % 2]])

    def write(row=None, column=0, text="", name="reviews.csv"):
        if row is not None:
            rows[row][column] = text
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        return name

    write()
    return write


def fields(out: str, label: str) -> list[str]:
    return [
        row.removeprefix(label).strip() for row in out.splitlines() if row.split()[:1] == [label]
    ]


@pytest.mark.parametrize("model", ["lstm", "gru", "transformer", "bag-of-words"])
def test_every_network_goes_through_every_command(pellucid, model, tmp_path):
    trained = pellucid(*MADE, *SIZES[model], "--model", model)
    assert trained.code == 0, trained.err
    assert "sentiment: 80 sentences, 2 classes; 54 to train, 6 to validate, 20 to test" in (
        trained.out
    )
    assert fields(trained.out, "next") == ['pellucid predict run "a sentence"']
    measured = json.loads(pellucid("evaluate", "run", "--json").out)
    assert measured["samples"] == 20
    for command in ("summary", "graph", "explain"):
        assert pellucid(command, "run").code == 0
    assert pellucid("resume", "run").code == 0
    assert fields(pellucid("write", "run").out, "next") == ["python step.py"]
    written = pellucid("write", "run", "--inference")
    assert fields(written.out, "next") == ['python predict.py "a sentence"']


def test_a_file_of_sentences_needs_no_option(pellucid, reviews):
    trained = pellucid("train", "reviews.csv", *SMALL, "--out", "run")
    assert fields(trained.out, "note")[:2] == [
        "sentences: column 'review'; classes: column 'label'",
        "no table: its other columns would tell nothing (--model mlp for a table)",
    ]
    config = json.loads(pellucid("evaluate", "run", "--data", reviews(), "--json").out)
    assert config["samples"] == 40


def test_a_table_stays_a_table(pellucid, tmp_path):
    rows = "\n".join(f"the {p} was {i},{i / 7},{'ab'[i % 2]}" for i, p in enumerate(PLACES * 6))
    (tmp_path / "table.csv").write_text(f"said,size,label\n{rows}\n")
    trained = pellucid("train", "table.csv", "--epochs", "1", "--out", "one")
    assert "column 'said' is left out: 30 different texts in 30 rows" in trained.out
    asked = pellucid("train", "table.csv", "--text", "said", *SMALL, "--out", "two")
    assert "not looked at: 'size'" in asked.out
    named = pellucid("train", "table.csv", "--model", "lstm", *SMALL, "--out", "three")
    assert "sentences: column 'said'; classes: column 'label'" in named.out


def test_sentences_are_judged(pellucid, reviews):
    assert pellucid("train", "reviews.csv", *SMALL, "--out", "run").code == 0
    said = pellucid("predict", "run", "We said the Zorro was good", "bad/food //")
    first, second = said.out.split("\n\n")
    assert "unknown words, read as <unknown>: zorro" in first
    assert "what decides, for (+) and against (-): " in first
    assert "unknown words, read as <unknown>: /" in second
    answers = json.loads(pellucid("predict", "run", "the room was bad", "--json").out)
    (answer,) = answers["predictions"]
    assert answer["prediction"] in ("yes", "no")
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert [word for word, _ in answer["words"]] == ["the", "room", "was", "bad"]


def test_a_table_of_sentences_is_judged(pellucid, reviews, tmp_path):
    assert pellucid("train", "reviews.csv", *SMALL, "--out", "run").code == 0
    (tmp_path / "new.csv").write_text('id,review\n7,"the room, it was fine"\n8,we said the food\n')
    judged = pellucid("predict", "run", "new.csv")
    rows = list(csv.DictReader(judged.out.splitlines()))
    assert [row["id"] for row in rows] == ["7", "8"]
    assert rows[0]["unknown"] == "it fine"
    assert 0.5 <= float(rows[0]["probability"]) <= 1
    assert judged.err == "2 words were never seen in training: it, fine\n"
    assert pellucid("predict", "run", "new.csv", "--out", "said.csv").code == 0
    assert (tmp_path / "said.csv").read_text() == judged.out


def test_the_report_shows_words_and_mistakes(pellucid, reviews, tmp_path, whole_report):
    assert pellucid("train", "reviews.csv", *SMALL, "--lr", "1e-6", "--out", "run").code == 0
    page = (tmp_path / "run" / "report.html").read_text()
    for title in ("Which words decide", "The most confident mistakes", "Confusion matrix"):
        assert title in page
    assert 'title="not in the vocabulary"' in page  # the numbers, of which each is there once
    assert page.count('id="mistakes"') == 1


def test_the_report_shows_where_a_transformer_looks(pellucid, reviews, tmp_path, whole_report):
    model = ("--model", "transformer", "--lr", "1e-6")
    assert pellucid("train", "reviews.csv", *SIZES["transformer"], *model, "--out", "run").code == 0
    page = (tmp_path / "run" / "report.html").read_text()
    looks = page.split('<section id="attention">')[1].split("</section>")[0]
    assert looks.count("Attention map of we said the") == 8  # right and wrong ones, two layers each
    assert looks.count("; it is <b>") == 2


@pytest.mark.parametrize("model", ["lstm", "transformer"])
def test_words_from_data_are_escaped(pellucid, reviews, tmp_path, whole_report, model):
    for row in range(1, 41):
        reviews(row, 0, f"we said <script>alert({row})</script> was {('good', 'bad')[row % 2]}")
    assert pellucid("train", reviews(), *SIZES[model], "--model", model, "--out", "run").code == 0
    assert "<script" not in (tmp_path / "run" / "report.html").read_text()


def said_no(pellucid, *words) -> str:
    answer = pellucid(*words)
    assert answer.code == 1
    return answer.err


def test_what_sentences_cannot_be(pellucid, reviews, tmp_path):
    train = ("train", "reviews.csv", *SMALL)
    assert "--text nosuch, and no such column" in said_no(pellucid, *train, "--text", "nosuch")
    assert "--target nosuch, and no such column" in said_no(pellucid, *train, "--target", "nosuch")
    assert "regression, of sentences" in said_no(pellucid, *train, "--task", "regression")
    assert "no such option" in said_no(pellucid, *train, "--samples", "100")
    assert "no such option" in said_no(pellucid, "train", "sentiment", "--noise", "1")
    assert "how many layers, from 1" in said_no(pellucid, *train, "--layers", "4,4")
    said = said_no(pellucid, "train", reviews(3, 0, " "), "--model", "gru")
    assert "column 'review' is empty on line 4" in said
    (tmp_path / "numbers.csv").write_text("a,b\n" + "1.5,2\n" * 20)
    said = said_no(pellucid, "train", "numbers.csv", "--model", "transformer")
    assert "no column of sentences; the columns are a, b" in said
    assert "no such file" in said_no(pellucid, "train", "nosuch.csv", "--model", "transformer")


def test_a_class_with_one_row_is_named(pellucid, reviews):
    said = said_no(pellucid, "train", reviews(5, 1, "perhaps"), *SMALL)
    assert said == (
        "DataError in split of reviews\n"
        "  got:    class 'perhaps' with 1 row\n"
        "  needs:  at least 3 rows, some of them to train on\n"
        "  try:    fewer parts (--validation 0 or --test 0), or leave the class out\n"
    )


def test_one_class_only(pellucid, reviews):
    for row in range(1, 41):
        reviews(row, 1, "yes")
    assert "one class only, 'yes'" in said_no(pellucid, "train", reviews(), *SMALL)


def test_the_set_is_listed_and_told_of(pellucid, reviews):
    assert "sentiment" in pellucid("data", "list").out
    told = json.loads(pellucid("data", "info", "sentiment", "--json").out)
    assert (told["rows"], told["test rows"]) == (4500, 1500)
    assert json.loads(pellucid("data", "info", "reviews.csv", "--json").out)["target"] == "label"


def test_runs_of_another_kind(pellucid, reviews, tmp_path):
    assert pellucid("train", "reviews.csv", *SMALL, "--out", "run").code == 0
    assert "a network that learnt a text" in said_no(pellucid, "sample", "run")
    said = said_no(pellucid, "predict", "run", "")
    assert "a text with at least one word" in said
    assert "one CSV file alone" in said_no(pellucid, "predict", "run", "reviews.csv", "a text")
    (tmp_path / "other.csv").write_text("text,label\na b c,yes\n")
    said = said_no(pellucid, "predict", "run", "other.csv")
    assert "no column 'review'; the columns are text, label" in said
    reviews(2, 1, "perhaps", name="more.csv")
    said = said_no(pellucid, "evaluate", "run", "--data", "more.csv")
    assert "the label 'perhaps'" in said
    assert pellucid("train", "xor", "--epochs", "1", "--out", "xor").code == 0
    assert "a table" in said_no(pellucid, "predict", "xor", "is this good?")


def test_a_picture_is_no_sentence(pellucid, tmp_path):
    assert pellucid(*MADE, *SMALL).code == 0
    (tmp_path / "picture.png").write_bytes(b"PNG")
    answer = pellucid("predict", "run", "picture.png")
    assert answer.code == 1
    assert "DataError in picture.png" in answer.err
    assert "sentences in quotes, or a CSV file" in answer.err
    assert pellucid("predict", "run", "nothing.png").code == 0  # no file: a sentence
