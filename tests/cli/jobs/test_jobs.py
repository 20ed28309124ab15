"""Which work is meant by DATA and --model, and what does not go together."""

from __future__ import annotations

import pytest

from pellucid.cli.jobs import job_for
from pellucid.errors import OptionError


@pytest.mark.parametrize(
    ("data", "model", "needs"),
    [
        ("story.txt", "resnet", "for texts one of rnn, lstm, gru, gpt, bert"),
        ("story.txt", "mlp", "for texts one of rnn"),
        ("pictures", "gpt", "for pictures one of autoencoder"),
        ("pictures.zip", "lstm", "for pictures one of autoencoder"),
        ("mnist", "tcn", "for pictures one of autoencoder"),
        ("table.csv", "vit", "for tables one of"),
        ("dates", "lstm", "for pairs one of transformer, lstm-attention"),
        ("sentiment", "gpt", "for sentences one of lstm, gru, transformer"),
    ],
)
def test_a_model_that_cannot_learn_from_the_data(tmp_path, monkeypatch, data, model, needs):
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=needs) as refusal:
        job_for(data, {"model": model})
    assert refusal.value.who == f"--model {model}"
    assert refusal.value.got.startswith(data)


def test_a_table_is_a_text_where_only_a_text_can_be_meant(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    table = str(tmp_path / "table.csv")
    assert job_for(table, {"model": "gpt"}).name == "text"
    assert job_for(table, {"model": "lstm"}).name == "series"


@pytest.mark.parametrize(
    ("data", "given", "needs"),
    [
        ("story.txt", {"horizon": 3}, "series"),
        ("digits", {"context": 3}, "text or sentences"),
        ("table.csv", {"horizon": 3, "resize": "4x4"}, "pictures or images or samples"),
    ],
)
def test_an_option_that_says_how_other_data_are_read(data, given, needs):
    with pytest.raises(OptionError) as refusal:
        job_for(data, given)
    assert "which has no such option" in refusal.value.got
    assert refusal.value.needs == needs


@pytest.mark.parametrize(
    ("data", "advice"),
    [("foo", None), ("minst", "did you mean 'mnist'?"), ("date", "did you mean 'dates'?")],
)
def test_a_set_that_is_not_there(data, advice):
    with pytest.raises(OptionError) as refusal:
        job_for(data, {})
    for known in ("sentiment", "dates", ".txt (a text)", "a series, with dates"):
        assert known in refusal.value.needs
    assert refusal.value.try_ == advice


def test_a_file_whose_name_does_not_tell_may_be_a_text(tmp_path):
    (tmp_path / "story").write_text("once upon a time")
    story = str(tmp_path / "story")
    assert job_for(story, {"model": "gpt"}).name == "text"
    with pytest.raises(OptionError, match="a file whose name does not tell what it is"):
        job_for(story, {})


@pytest.mark.parametrize("option", ["target", "impute", "noise", "scale", "augment_shift"])
def test_an_option_of_samples_is_refused_for_a_text(option):
    with pytest.raises(OptionError, match="'text', which has no such option"):
        job_for("story.txt", {option: 1})


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        (
            ("sentiment", "--samples", 80, "--latent", 2),
            "--embedding, --hidden, --layers, --dropout",
        ),
        (("digits", "--patch", 2), "--layers, --activation, --init, --dropout, --batch-norm"),
        (("dates", "--samples", 80, "--hidden", 4), "--width, --heads, --layers, --dropout"),
        (("digits", "--model", "vae", "--width", 4), "--layers, --latent"),
    ],
)
def test_an_option_of_another_network_is_refused(pellucid, words, needs):
    answer = pellucid("train", *words)
    assert answer.code == 1
    assert f"of these only {needs}" in answer.err
