"""A series is read with its dates, cut by time, scaled by its training part, and never leaks."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import series_rules
from pellucid.data.date_steps import as_date
from pellucid.data.series import has_dates, read_series
from pellucid.data.series_windows import Scaling, Windows, cut, part_sizes
from pellucid.errors import DataError, OptionError

MONTHS = np.arange("2000-01", "2010-01", dtype="M8[M]").astype(str)


@pytest.fixture
def write(tmp_path):
    def write(rows, head="date,y"):
        path = tmp_path / "series.csv"
        path.write_text("\n".join([head, *rows]) + "\n")
        return path

    return write


def monthly(values=None):
    values = np.arange(len(MONTHS)) if values is None else values
    return [f"{m},{v}" for m, v in zip(MONTHS, values, strict=False)]


def parts_of(path, **options):
    chosen = {"horizon": 3, "window": 8, "validation": 0.2, "test": 0.1, "calendar": False}
    return cut(read_series(path), **(chosen | options))


@pytest.mark.parametrize(
    ("dates", "step", "following"),
    [
        (["1949-01", "1949-02", "1949-03"], "a month", "1949-04"),
        (["1981-02-26", "1981-02-27", "1981-02-28"], "a day", "1981-03-01"),
        (["2020-01-01", "2020-02-01", "2020-03-01"], "a month", "2020-04-01"),
        (["2020-01-31", "2020-02-29", "2020-03-31"], "a month", "2020-04-30"),
        (["2020-01-01", "2020-04-01", "2020-07-01"], "3 months", "2020-10-01"),
        (["1990", "1991", "1992"], "a year", "1993"),
        (["2020-01-05", "2020-01-12", "2020-01-19"], "7 days", "2020-01-26"),
        (["2020-01-01 22:00", "2020-01-01 23:00", "2020-01-02 00:00"], "an hour", None),
    ],
)
def test_the_step_is_found_and_goes_on(write, dates, step, following):
    series = read_series(write([f"{d},{k}" for k, d in enumerate(dates)], "year,y"))
    assert str(series.step).removeprefix("an ") == step.removeprefix("an ") or step == "an hour"
    assert series.dates(0, 3) == dates
    assert series.dates(3, 4) == [following or "2020-01-02 01:00"]


def test_weekdays_have_no_gap_at_the_weekend(write):
    dates = np.busday_offset("2024-03-01", np.arange(20)).astype(str)
    series = read_series(write([f"{d},{k}" for k, d in enumerate(dates)]))
    assert str(series.step) == "a weekday" and len(series) == 20
    assert series.dates(20, 21) == [str(np.busday_offset("2024-03-01", 20))]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["2020-01,1", "2020-02,2", "2020-04,3", "2020-05,4"], "no number for 2020-03"),
        (["2020-01,1", "2020-02,", "2020-03,3"], "no number for 2020-02"),
        (["2020-01,1", "2020-02,2", "2020-02,3"], "more than once: 2020-02 (line 4)"),
        (["2020-01,1", "2020-03,2", "2020-02,3"], "2020-02 after 2020-03, on line 4"),
        (["2020-01,1", "2020-02,two", "2020-03,3"], "'two' on line 3"),
        (["2020-01,1", "2020-02,inf", "2020-03,3"], "'inf' on line 3"),
        (["2020-01,1", "2020-13,2", "2020-03,3"], "'2020-13' on line 3"),
        (["2020-01,1", "2020-02-01,2", "2020-03,3"], "'2020-02-01' on line 3"),
        (["2020-01-01,1", "2020-01-03,2", "2020-01-05,3", "2020-01-06,4"], "between two steps"),
        (["x,1", "y,2"], "no date in the first row: 'x', '1'"),
        (["2020-01,a", "2020-02,b"], "no column of numbers"),
    ],
)
def test_bad_files_are_refused_with_the_place(write, rows, text):
    with pytest.raises(DataError) as error:
        read_series(write(rows))
    assert text in str(error.value) and "needs:" in str(error.value)


def test_gaps_are_filled_only_when_asked_and_said(write):
    path = write(["2020-01,1", "2020-02,", "2020-04,4", "2020-05,5"])
    with pytest.raises(DataError, match="--fill last"):
        read_series(path)
    assert read_series(path, fill="last").values[:, 0].tolist() == [1, 1, 1, 4, 5]
    linear = read_series(path, fill="linear")
    assert linear.values[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert linear.notes == ("2 gaps filled (linear)",)
    with pytest.raises(OptionError):
        read_series(path, fill="mean")


def test_the_target_stands_first_and_texts_are_left_out(write):
    path = write(["2020-01,1,x,7", "2020-02,2,y,8"], "date,a,b,c")
    assert read_series(path).columns == ("c", "a")
    series = read_series(path, target="a")
    assert series.columns == ("a", "c") and "'b'" in series.notes[-1]
    with pytest.raises(OptionError, match="a column of numbers"):
        read_series(path, target="b")


def test_only_files_with_dates_and_numbers_look_like_series(write, tmp_path):
    assert has_dates(write(monthly()))
    assert not has_dates(write(["1.5,2", "2.5,3"]))
    assert not has_dates(write(["nice film,2020", "bad film,2021"]))
    assert not has_dates(tmp_path / "nothing.csv")
    assert has_dates(write(monthly()), alone=True)
    assert not has_dates(write(["2020-01,nice,5", "2020-02,bad,4"]), alone=True)
    assert as_date("2020-02-30") is None


# -- cutting --


def test_no_target_is_in_two_parts_and_no_training_window_sees_what_follows(write):
    train, validation, test = parts_of(write(monthly()))  # the value is the row
    assert (train.end, validation.end, test.end) == (84, 108, 120)
    assert train.x.max() < 84 and train.y.max() < 84
    for part in (validation, test):
        assert part.y.min() == part.first and part.y.max() == part.end - 1
    for part in (train, validation, test):
        assert part.x.shape[1:] == (8, 1) and part.y.shape[1] == 3
        assert (part.x[:, -1, 0] + 1 == part.y[:, 0]).all()  # the window ends where truth begins
        assert np.shares_memory(part.x, part.features)


def test_rolling_origins_begin_before_the_part_and_end_with_it(write):
    *_, test = parts_of(write(monthly()))
    x, y = test.rolling()
    assert x.shape[0] == len(y) == 12
    assert x[0, -1, 0] == 107 and y[0].tolist() == [108, 109, 110]
    assert y[-1, 0] == 119 and np.isnan(y[-1, 1:]).all()


def test_scaling_comes_from_the_training_part_alone(write):
    values = np.arange(1.0, 121.0)
    later = values.copy()
    later[84:] *= 100
    found = [parts_of(write(monthly(v)))[0] for v in (values, later)]
    one, two = (Scaling.learn(p.features[: p.end], "y", (8, 1), plain=0, log=True) for p in found)
    assert one.to_json() == two.to_json()


@pytest.mark.parametrize("log", [False, True])
def test_scaling_is_undone_and_survives_json(log):
    rows = np.random.default_rng(0).uniform(1, 9, (50, 3))
    scaling = Scaling.learn(rows, "y", (4, 3), plain=1, log=log)
    again = Scaling.from_json(scaling.to_json())
    y = rows[:6, 0].reshape(2, 3)
    assert np.allclose(again.inverse_target(scaling.transform_target(y, np.float64)), y)
    x = scaling.transform(rows[np.newaxis, :4])
    assert x.dtype == np.float32 and np.allclose(x[0, :, 2], rows[:4, 2])  # the calendar stays
    assert (again.transform(rows[np.newaxis, :4]) == x).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"horizon": 120}, "a horizon of 120 for 120 rows"),
        ({"window": 90}, "a window of 90 and a horizon of 3 in a training part of 84 of 120"),
        ({"horizon": 0}, "--horizon"),
        ({"test": 1.0}, "shares from 0 up to 1"),
        ({"log": True}, "y = 0 at 2000-01"),
    ],
)
def test_what_does_not_fit_is_refused(write, options, text):
    with pytest.raises((DataError, OptionError)) as error:
        parts_of(write(monthly()), **options)
    assert text in str(error.value)


def test_a_constant_series_is_refused():
    with pytest.raises(DataError, match="the same number, 5, in every row of the training part"):
        Scaling.learn(np.full((20, 1), 5.0), "y", (4, 1), plain=0, log=False)


def test_a_part_has_a_horizon_at_least():
    assert part_sizes(100, 30, 0.1, 0.2) == (40, 30, 30)
    assert part_sizes(100, 30, 0.0, 0.0) == (100, 0, 0)


# -- rules --

T = np.arange(96)
WAVE = np.sin(T * np.pi / 6)


def test_the_rules_say_what_a_person_would():
    growing = np.exp(T / 40) * (3 + WAVE)
    assert series_rules.grows(growing, 12) and not series_rules.grows(T + 3 + WAVE, 12)
    assert not series_rules.grows(growing - growing.min(), 12)  # a 0 has no logarithm
    assert series_rules.find_season(growing, [7, 12]) == 12
    noise = np.random.default_rng(0).normal(size=96)
    assert series_rules.find_season(noise, [12]) == 0
    assert series_rules.find_season(WAVE[:20], [12]) == 0  # not two whole seasons
    assert series_rules.base_lag(np.log(growing), 12, 12) == 12
    assert series_rules.base_lag(noise, 0, 12) == 0
    assert series_rules.base_lag(np.cumsum(noise), 0, 6) == 1


def test_windows_unpack_like_a_pair(write):
    part = parts_of(write(monthly()))[0]
    x, y = part
    assert isinstance(part, Windows) and len(part) == len(x) == len(y)


def test_numbers_with_a_comma_are_shown(write):
    path = write([f"{m};1,{k}" for k, m in enumerate(MONTHS[:6])], "month;y")
    with pytest.raises(DataError, match="no column of numbers; 'y' holds '1,0'"):
        read_series(path)


def test_the_dates_are_no_target_to_suggest(write):
    with pytest.raises(OptionError, match="one of y") as refusal:
        read_series(write(monthly(), "month,y"), target="mont")
    assert refusal.value.try_ is None
