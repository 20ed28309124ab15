"""A CSV file with dates is trained on, gone on with, measured, written out and forecast."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from pellucid.cli.jobs import job_for
from pellucid.cli.opened import split_of
from pellucid.record import Record
from pellucid.train import load
from pellucid.train.forecasting import half_widths

MODELS = ("lstm", "gru", "tcn", "rnn")
QUICK = ("--horizon", "6", "--epochs", "2", "--hidden", "4", "--quiet")


@pytest.fixture
def sales(tmp_path):
    """Six years of months with a season, growing."""
    t = np.arange(72)
    rng = np.random.default_rng(1)
    y = np.exp(t / 50) * (20 + 5 * np.sin(t * np.pi / 6)) + rng.normal(0, 0.2, 72)
    months = np.arange("2001-01", "2007-01", dtype="M8[M]").astype(str)
    path = tmp_path / "sales.csv"
    path.write_text("month,y\n" + "\n".join(f"{m},{v:.3f}" for m, v in zip(months, y, strict=True)))
    return path


@pytest.mark.parametrize("model", MODELS)
def test_written_is_eager_for_every_network(pellucid, sales, model):
    records = []
    for engine in ("program", "eager"):
        words = ("--model", model, "--engine", engine, "--out", engine)
        assert pellucid("train", sales, *QUICK, *words).code == 0
        epochs = Record.read(f"{engine}/record.jsonl").epochs()
        names = ("train_loss", "validation_loss", "train_rmse", "validation_mae")
        records.append([[e[name] for name in names] for e in epochs])
    assert records[0] == records[1]


def test_the_rules_decide_and_say_so(pellucid, sales):
    said = pellucid("train", sales, "--horizon", 6, "--epochs", 1, "--out", "a").out
    assert "its logarithm, since the spread grows" in said and "a season of 12 rows" in said
    assert (
        "forecasts the change from a season before" in said
        and "next      pellucid forecast" in said
    )
    options = json.loads(Path("a/config.json").read_text())["note"]["data"]["options"]
    assert options["log"] and options["season"] == 12 and options["window"] == 16


@pytest.mark.usefixtures("whole_report")
def test_the_report_draws_the_forecast(pellucid, sales, tmp_path):
    assert pellucid("train", sales, *QUICK, "--out", "a").code == 0
    page = (tmp_path / "a" / "report.html").read_text()
    for words in ("Forecast and truth", "What comes next", "Error by horizon", "seasonal naive"):
        assert words in page
    assert re.search(r"the 80 % interval held \d+ %", page)


def test_a_forecast_in_words_csv_and_json(pellucid, sales):
    pellucid("train", sales, *QUICK, "--out", "a")
    assert "2007-06" in pellucid("forecast", "a").out
    rows = list(csv.DictReader(io.StringIO(pellucid("forecast", "a", "--csv").out)))
    told = json.loads(pellucid("forecast", "a", "--json", "--steps", 2).out)
    assert [row["date"] for row in rows] == [f"2007-0{k}" for k in range(1, 7)]
    assert told["target"] == "y" and len(told["forecast"]) == 2
    for row, entry in zip(rows, told["forecast"], strict=False):
        assert float(row["y"]) == pytest.approx(entry["forecast"], rel=1e-4)
        low, high = entry["intervals"]["80"]
        lowest, highest = entry["intervals"]["95"]
        assert lowest <= low < entry["forecast"] < high <= highest


def test_a_forecast_goes_on_from_newer_data(pellucid, sales, tmp_path):
    pellucid("train", sales, *QUICK, "--out", "a")
    newer = tmp_path / "newer.csv"
    newer.write_text(sales.read_text() + "\n2007-01,90\n2007-02,95\n")
    told = json.loads(pellucid("forecast", "a", "--data", newer, "--json").out)
    assert told["forecast"][0]["date"] == "2007-03"
    figures = json.loads(pellucid("evaluate", "a", "--data", newer, "--json").out)
    assert figures["samples"] == 74 - 16 - 6 + 1
    other = tmp_path / "other.csv"
    other.write_text("day,y\n2007-01-01,1\n2007-01-02,2\n2007-01-03,3\n")
    assert "each a month, as in training" in pellucid("forecast", "a", "--data", other).err


def test_the_test_is_what_evaluate_says_in_the_series_own_units(pellucid, sales, tmp_path):
    pellucid("train", sales, *QUICK, "--out", "a")
    figures = json.loads(pellucid("evaluate", "a", "--json").out)
    run, test = load(tmp_path / "a"), split_of(tmp_path / "a").test
    off = run.predict(test.x) - test.y
    assert figures["mae"] == pytest.approx(np.abs(off).mean(), rel=1e-4)
    assert figures["rmse"] == pytest.approx(np.sqrt(np.square(off).mean()), rel=1e-4)
    assert len(figures["mae_by_horizon"]) == 6
    assert Record.read(tmp_path / "a" / "record.jsonl").of("test")[0]["mae"] == figures["mae"]


def test_other_columns_and_the_calendar_are_seen(pellucid, tmp_path):
    rng = np.random.default_rng(0)
    days = np.arange("2020-01-01", "2020-05-01", dtype="M8[D]").astype(str)
    x = rng.normal(size=len(days))
    rows = [f"{d},{a:.3f},{b:.3f}" for d, a, b in zip(days, x, np.roll(x, 1), strict=True)]
    (tmp_path / "two.csv").write_text("date,x,y\n" + "\n".join(rows))
    words = ("two.csv", *QUICK, "--target", "y", "--difference", "none", "--out", "a")
    assert pellucid("train", *words).code == 0
    assert load(tmp_path / "a").problem.inputs[0][1] == 2 + 4  # week and year, two waves each
    assert pellucid("forecast", "a").code == 0


def test_a_finished_run_is_not_trained_again(pellucid, sales):
    pellucid("train", sales, *QUICK, "--out", "a")
    assert "is finished" in pellucid("resume", "a").out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--horizon", "72"), "a horizon of 72 for 72 rows"),
        (("--horizon", "6", "--window", "60"), "a window of 60 and a horizon of 6"),
        (("--horizon", "6", "--season", "40"), "two seasons, 80 rows"),
        (("--horizon", "6", "--season", "1"), "rows from 2, or 0 for no season"),
        (("--horizon", "6", "--season", "0", "--difference", "season"), "no season was found"),
        (("--horizon", "6", "--difference", "twice"), "one of none, last, season"),
        (("--horizon", "6", "--window", "13"), "at least 14: it sees changes over 12"),
        (("--horizon", "6", "--layers", "0"), "how many layers, from 1"),
        (("--horizon", "6", "--target", "sales"), "target"),
    ],
)
def test_what_does_not_fit_is_said(pellucid, sales, words, text):
    answer = pellucid("train", sales, *words)
    assert answer.code == 1 and text in answer.err and "needs:" in answer.err


def test_a_constant_series_is_said(pellucid, tmp_path):
    rows = "\n".join(f"{m},5" for m in np.arange("2000-01", "2004-01", dtype="M8[M]").astype(str))
    (tmp_path / "flat.csv").write_text("month,y\n" + rows)
    answer = pellucid("train", "flat.csv", "--horizon", 3)
    assert "the same number, 5, in every row" in answer.err


def test_a_run_of_another_kind_is_refused(pellucid, sales):
    pellucid("train", "xor", "--epochs", 1, "--quiet", "--out", "x")
    answer = pellucid("forecast", "x")
    assert answer.code == 1 and "a network that learnt a series" in answer.err
    pellucid("train", sales, *QUICK, "--out", "a")
    assert "pellucid forecast a" in pellucid("predict", "a", sales).err
    assert "1 to 6: the horizon" in pellucid("forecast", "a", "--steps", 7).err


def test_a_table_with_dates_stays_a_table_unless_it_has_nothing_else(sales, tmp_path):
    assert job_for(str(sales), {}).name == "series"
    assert job_for(str(sales), {"model": "mlp"}).name == "samples"
    wide = tmp_path / "wide.csv"
    wide.write_text("date,a,b\n2020-01-01,1,2\n2020-01-02,2,4\n")
    assert job_for(str(wide), {}).name == "samples"
    assert job_for(str(wide), {"horizon": 3}).name == "series"
    assert job_for(str(wide), {"model": "lstm"}).name == "series"
    assert job_for("story.txt", {"model": "lstm"}).name == "text"


def test_intervals_widen_with_the_horizon_and_bridge_what_is_missing():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(20, 12)) * np.arange(1, 13)
    for h in range(12):
        errors[20 - h :, h] = np.nan
    eighty, more = half_widths(errors)
    assert (np.diff(eighty) >= 0).all() and (more >= eighty).all()
    short = half_widths(np.where(np.arange(20)[:, np.newaxis] < 3, errors, np.nan))
    assert np.isfinite(short).all()
