"""The first sentence says what was measured, on which part, for every kind of work."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from report_runs import make_record

from pellucid.record import Record, Recorder
from pellucid.report import Findings
from pellucid.report.from_run import last_figures
from pellucid.report.headline import headline

FIGURES: dict[str, dict[str, Any]] = {
    "tokens": {"loss": 0.0, "accuracy": 0.359},
    "translation": {"loss": 0.1, "accuracy": 0.945},
    "series": {"loss": 0.1, "rmse": 25.2, "mae": 19.86},
    "pictures": {"loss": 27.0, "rmse": 0.25},
    "variational": {"loss": 30.0, "rmse": 0.25, "kl": 12.5},
    "adversarial": {"loss": 1.5, "recognised": 0.8, "deceived": 0.125},
    "classification": {"loss": 0.1, "accuracy": 0.98},
    "regression": {"loss": 0.1, "rmse": 2.5},
}
SAID = {
    "tokens": "characters {}, {network} foresaw 35.9 % and hesitated among 1.0 on average.",
    "translation": "texts {}, {network} translated 94.5 % without a single wrong character.",
    "series": "stretches of time {}, {network} was off by 19.86 a row.",
    "pictures": "pictures {}, {network} was off by 0.25 a pixel, where black is 0 and white is 1.",
    "variational": "pictures {}, {network} was off by 0.25 a pixel, where black is 0 and white is "
    "1.",
    "adversarial": "pictures {}, the critic of {network} called 80.0 % real, and 12.5 % of as many "
    "made ones.",
    "classification": "examples {}, {network} got 98.0 % right.",
    "regression": "examples {}, {network} was off by 2.5 (RMSE).",
}
STEERED = "that it did not learn from, though training was steered by them"


def lead(task: str, record: Record, **more: Any) -> str:
    page = headline(Findings("t", task, {}, record, **more))
    found = re.search(r'<p class="lead">(.*?)</p>', page)
    assert found is not None
    return html.unescape(found[1]).replace("\xa0", " ")


@pytest.mark.parametrize("task", FIGURES)
def test_a_test_is_told_with_its_size(task: str) -> None:
    said = lead(task, make_record(2), metrics={**FIGURES[task], "samples": 1200})
    assert said == "On 1,200 " + SAID[task].format("that it had never seen", network="the network")


@pytest.mark.parametrize("part", ["validation", "train"])
@pytest.mark.parametrize("task", FIGURES)
def test_without_a_test_the_epoch_that_was_kept_is_told(task: str, part: str) -> None:
    recorder = Recorder(None)
    for epoch in (1, 2, 3):
        right = FIGURES[task] if epoch == 2 else dict.fromkeys(FIGURES[task], 9.0)
        recorder.write("epoch", epoch=epoch, **{f"{part}_{k}": v for k, v in right.items()})
        if epoch < 3:
            recorder.write("best", epoch=epoch, value=0.1)
    said = lead(task, recorder.record, **last_figures(recorder.record))
    whose = STEERED if part == "validation" else "that it learnt from"
    assert said == "On " + SAID[task].format(whose, network="the network of epoch 2")


def test_one_stretch_of_time_is_one() -> None:
    said = lead("series", make_record(1), metrics={"mae": 2.0, "samples": 1})
    assert said == "On 1 stretch of time that it had never seen, the network was off by 2 a row."


@pytest.mark.parametrize("task", FIGURES)
def test_nothing_that_was_measured_is_said_to_be_nothing(task: str) -> None:
    assert last_figures(Record([])) == {}
    assert "no epoch was finished" in lead(task, Record([]))


def test_a_critic_that_saw_no_made_pictures_is_told_without_them() -> None:
    said = lead("adversarial", make_record(1), metrics={"recognised": 0.8, "samples": 3})
    assert said.endswith("the critic of the network called 80.0 % real.")


def test_a_figure_that_is_not_finite_is_told_as_it_is() -> None:
    recorder = Recorder(None)
    recorder.write("epoch", epoch=1, train_loss=float("nan"), train_accuracy=0.1)
    said = lead("tokens", recorder.record, **last_figures(recorder.record))
    assert said.endswith("the network of epoch 1 foresaw 10.0 %.")


def test_cards_tell_the_figures_of_the_part() -> None:
    metrics = {"loss": 2.25, "accuracy": 0.36, "recognised": 0.5, "deceived": 0.25, "kl": 12.5}
    page = headline(Findings("t", "tokens", {}, make_record(1), part="validation", metrics=metrics))
    cards = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert cards["validation loss"] == "2.25"
    assert cards["validation accuracy"] == "36.00 %"
    assert (cards["real called real"], cards["made called real"]) == ("50.00 %", "25.00 %")
    assert cards["KL divergence"] == "12.5"
