"""Sentences of a CSV file: which column they are, what is refused, and which words are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pellucid.data.labelled_text import (
    Sentences,
    has_texts,
    looks_like_sentences,
    made_reviews,
    read_labelled,
)
from pellucid.data.words import SentencePreparation, preparation_from, words_of
from pellucid.errors import DataError, FormatError, OptionError

SAYINGS = [f"the {a} was {b} number {i}" for i, (a, b) in enumerate([("plot", "bad")] * 30)]


@pytest.fixture
def table(tmp_path):
    """``table("name", columns...)`` writes a CSV file of 30 rows."""

    def write(**columns):
        path = tmp_path / "some.csv"
        names, cells = list(columns), list(columns.values())
        rows = [",".join(str(c[i]) for c in cells) for i in range(len(cells[0]))]
        path.write_text("\n".join([",".join(names), *rows]) + "\n")
        return path

    return write


LABELS = ["good", "bad"] * 15
NUMBERS = [0.5 * i for i in range(30)]
COLOURS = ["red", "blue", "green"] * 10
CODES = [f"code-{i}" for i in range(30)]
ROWS = range(1, 31)


@pytest.mark.parametrize(
    ("columns", "alone", "asked"),
    [
        ({"review": SAYINGS, "label": LABELS}, True, True),
        ({"label": LABELS, "review": SAYINGS}, True, True),
        ({"id": ROWS, "review": SAYINGS, "label": LABELS}, True, True),
        ({"code": CODES, "review": SAYINGS, "label": LABELS}, True, True),
        ({"review": SAYINGS, "label": [0, 1] * 15}, True, True),
        # today a table with something to learn from: it stays one unless somebody asks
        ({"review": SAYINGS, "size": NUMBERS, "label": LABELS}, False, True),
        ({"review": SAYINGS, "colour": COLOURS, "label": LABELS}, False, True),
        ({"saying": ["a few words here", "others there now"] * 15, "label": LABELS}, False, False),
        ({"code": CODES, "label": LABELS}, False, False),
        ({"size": NUMBERS, "label": LABELS}, False, False),
    ],
)
def test_sentences_are_told_from_a_table(table, columns, alone, asked):
    path = table(**columns)
    assert looks_like_sentences(path) is alone
    assert looks_like_sentences(path, asked=True) is asked


def test_what_cannot_be_read_is_no_file_of_sentences(tmp_path):
    (tmp_path / "broken.csv").write_text('a,b\n"three words here,1\n')
    (tmp_path / "words.txt").write_text("three words here,1\n")
    for name in ("broken.csv", "words.txt", "missing.csv"):
        assert not looks_like_sentences(tmp_path / name)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    assert not looks_like_sentences(tmp_path / "binary.csv")


def test_words_are_told_from_dates_and_numbers(table):
    assert has_texts(table(day=["1958-12"] * 30, label=LABELS))
    assert not has_texts(table(day=["1958-12"] * 30, value=NUMBERS))
    assert not has_texts(table(day=["1958-12-01 00:00"] * 30, value=NUMBERS))


def test_columns_are_found(table):
    data = read_labelled(table(label=LABELS, id=ROWS, review=SAYINGS))
    assert (data.column, data.target, data.classes) == ("review", "label", ("bad", "good"))
    assert data.texts[0] == SAYINGS[0]
    assert data.y[:2].tolist() == [1, 0]
    assert data.notes == (
        "sentences: column 'review'; classes: column 'label'",
        "not looked at: 'id'",
        "no table: its other columns would tell nothing (--model mlp for a table)",
    )


def test_columns_are_named(table):
    path = table(review=SAYINGS, title=CODES, label=LABELS, colour=COLOURS)
    data = read_labelled(path, text="title", target="label")
    assert (data.column, data.target) == ("title", "label")
    assert read_labelled(path, target="2").target == "label"
    assert read_labelled(path).target == "colour"  # the last of the others
    assert read_labelled(path).notes == (
        "sentences: column 'review'; classes: column 'colour'",
        "not looked at: 'title', 'label'",
    )


def refused(path, kind=DataError, **options) -> str:
    with pytest.raises(kind) as caught:
        read_labelled(path, **options)
    return str(caught.value).replace(str(path), "PATH")


def test_no_column_of_sentences(table):
    assert refused(table(size=NUMBERS, label=LABELS)) == (
        "DataError in CSV file PATH\n"
        "  got:    no column of sentences; the columns are size, label\n"
        "  needs:  a column of texts with 3 words or more on average\n"
        "  try:    --text COLUMN to say which it is, or --model mlp for a table"
    )


def test_a_column_that_is_not_there(table):
    path = table(review=SAYINGS, label=LABELS)
    assert refused(path, OptionError, text="reviews") == (
        "OptionError in CSV file PATH\n"
        "  got:    --text reviews, and no such column\n"
        "  needs:  one of the columns review, label\n"
        "  try:    did you mean 'review'?"
    )
    assert "--target labels, and no such column" in refused(path, OptionError, target="labels")
    said = refused(path, OptionError, text="review", target="review")
    assert "'review', which holds the sentences" in said


def test_an_empty_cell(table):
    texts = ["", *SAYINGS[1:28], "NA", "..."]
    said = refused(table(review=[*texts[:28], '""', '" "'], label=LABELS))
    assert said == (
        "DataError in CSV file PATH\n"
        "  got:    column 'review' is empty on lines 2, 30, 31\n"
        "  needs:  a sentence and a class in every row\n"
        "  try:    delete these rows"
    )
    said = refused(table(review=SAYINGS, label=[*LABELS[:-1], ""]))
    assert "column 'label' is empty on line 31" in said


def test_one_class_only(table):
    assert refused(table(review=SAYINGS, label=["good"] * 30)) == (
        "DataError in target column 'label'\n"
        "  got:    one class only, 'good'\n"
        "  needs:  at least two classes to tell apart"
    )


def test_numbers_that_are_no_classes(table):
    said = refused(table(review=SAYINGS, score=NUMBERS))
    assert "30 different numbers in 30 rows" in said
    assert "classes: texts, or few whole numbers" in said


def test_sentences_alone(tmp_path):
    path = tmp_path / "alone.csv"
    path.write_text("review\n" + "\n".join(SAYINGS) + "\n")
    assert "one column only, 'review'" in refused(path)


# -- words --


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's good", ["it's", "good"]),
        ("NOT bad!!", ["not", "bad", "!", "!"]),
        ("well-made, 7.5/10", ["well", "-", "made", ",", "7", ".", "5", "/", "10"]),
        ("Ça va? él_x", ["ça", "va", "?", "él", "_", "x"]),
        ("don’t 'quote'", ["don’t", "'", "quote", "'"]),
        (" \t\n", []),
        ("😀 ok", ["😀", "ok"]),
    ],
)
def test_words_of_a_text(text, words):
    assert words_of(text) == words


def test_only_words_of_the_training_part_are_known():
    made = SentencePreparation.of(["a good film", "a bad film", "a rare"], ("n", "y"), min_count=2)
    assert made.vocabulary == ("<padding>", "<unknown>", "a", "film")
    assert made.context == 3
    tokens = made.transform(np.array(["A good film", "rare"]))
    assert tokens.tolist() == [[2, 1, 3], [1, 0, 0]]
    assert tokens.dtype == np.int64
    assert made.transform(tokens) is tokens
    assert made.unknown("A rare, rare film") == ["rare", ","]
    assert made.notes == (
        "2 words of the training part are known; 3 that occur fewer than 2 times are <unknown>",
    )


def test_long_sentences_are_cut():
    made = SentencePreparation.of(["one two three four", "five"], ("n", "y"), context=2)
    assert made.transform(np.array(["two three four"])).shape == (1, 2)
    assert made.notes[1] == (
        "1 of 2 sentences have more than 2 words: what follows is not read (--context)"
    )
    with pytest.raises(OptionError, match="--context"):
        SentencePreparation.of(["one"], ("n", "y"), context=0)
    with pytest.raises(DataError, match="a text with at least one word"):
        made.transform(np.array(["one", "  "]))


def test_a_preparation_is_read_back():
    made = SentencePreparation.of(["a b c", "b"], ("n", "y"), column="said", target="what")
    content = json.loads(json.dumps(made.to_json()))
    back = preparation_from(content)
    assert isinstance(back, SentencePreparation)
    assert back.to_json() == made.to_json()
    assert (
        back.transform(np.array(["c b x"])).tolist() == made.transform(np.array(["c b x"])).tolist()
    )
    for damage in ({"vocabulary": ["a"]}, {"context": "many"}, {"version": 9}):
        with pytest.raises(FormatError, match="SentencePreparation"):
            preparation_from(content | damage)


# -- the made set --


def test_reviews_are_the_same_each_time_and_differ_from_each_other():
    one, two, other = made_reviews(400), made_reviews(400), made_reviews(400, seed=1)
    assert one.texts == two.texts
    assert one.texts != other.texts
    assert (len(one), len(one.test)) == (300, 100)
    every = one.texts + one.test.texts
    assert len(set(every)) == 400
    assert 0.45 < one.y.mean() < 0.55
    assert 0.45 < one.test.y.mean() < 0.55
    with pytest.raises(DataError, match="40 to 20,000 sentences"):
        made_reviews(10)


def test_the_test_part_has_no_new_words_but_new_pairs():
    data = made_reviews(3000)
    words, new_words = (set(" ".join(texts).split()) for texts in (data.texts, data.test.texts))
    assert new_words <= words
    known = {pair for text in data.texts for pair in pairs(text)}
    new = [text for text in data.test.texts if set(pairs(text)) - known]
    assert len(new) > 0.8 * len(data.test)  # the rest has a frame that is filled anew


def pairs(text: str) -> list[tuple[str, str]]:
    """(part of the film, adjective) and (denial, adjective) of every clause with one."""
    found = []
    for clause in text.replace(" although ", " . ").replace(" and ", " . ").split("the ")[1:]:
        words = clause.replace(" at all", "").replace(",", ".").split(" .")[0].split()
        if len(words) > 2 and words[1] == "was":
            denied = {"not", "never", "hardly", "far", "anything", "by", "in"} & {words[2]}
            first = words[2] if denied else words[0]
            found.append((first, words[-1]))
    return found


def test_sentences_are_arrays_with_their_texts():
    data = made_reviews(100)
    known = SentencePreparation.of(data.texts, data.classes)
    x, y = part = Sentences.of(data.test, known)
    assert x.shape == (25, known.context)
    assert y is data.test.y
    assert part.texts == data.test.texts
    assert " ".join(known.words(x[0])) == " ".join(words_of(part.texts[0]))
