"""Each section shows the right examples, numbers and pictures."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from report_runs import make_blobs, make_line, make_pictures, make_record, write_histogram

from pellucid.record import Recorder
from pellucid.report import Findings, raster, render
from pellucid.report.boundary import boundary
from pellucid.report.chart import canvas, svg, theme
from pellucid.report.classes import classes
from pellucid.report.curves import curves
from pellucid.report.histograms import histograms, rebinned
from pellucid.report.mistakes import mistakes, worst
from pellucid.report.weights import weights


def images_in(page: str) -> list[Image.Image]:
    data = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in data]


def test_the_surest_mistakes_come_first_and_show_their_own_picture() -> None:
    findings = make_pictures()
    assert worst(findings, 10).tolist() == [2, 5]
    assert worst(findings, 1).tolist() == [2]
    section = mistakes(findings)
    assert "2 of 6 examples were named wrongly" in section
    assert re.findall(r"([\d.]+ %) sure", section) == ["90.0 %", "60.0 %"]
    assert "read as <b>zero</b></div><div>is <b>two</b>" in section
    for image, example in zip(images_in(section), (2, 5), strict=True):
        np.testing.assert_array_equal(np.asarray(image), findings.images[example])  # type: ignore[index]


def test_no_mistakes_are_said_to_be_none() -> None:
    findings = Findings("t", "classification", {}, make_record(1), (), [0, 1], [0, 1])
    assert "All 2 examples were named rightly." in mistakes(findings)
    assert "here nothing was wrong" in classes(findings)


def test_mistakes_of_a_table_show_its_rows() -> None:
    findings = make_blobs()
    section = mistakes(findings)
    first = int(worst(findings, 1)[0])
    row = re.findall(r'<tr><th scope="row">(\d+)</th>(.*?)</tr>', section)[0]
    cells = re.findall(r"<td>(.*?)</td>", row[1])
    assert row[0] == str(first)
    assert cells[:2] == ["abc"[findings.y_true[first]], "abc"[findings.y_pred[first]]]
    assert float(cells[3]) == pytest.approx(findings.rows[first, 0], rel=1e-3)


def test_largest_errors_of_a_regression_are_sorted() -> None:
    section = mistakes(make_line())
    errors = [abs(float(e)) for e in re.findall(r"(?:<td>[^<]*</td>){2}<td>([^<]*)</td>", section)]
    assert len(errors) == 12
    assert errors == sorted(errors, reverse=True)


def test_wide_and_mixed_rows_are_cut_with_a_note() -> None:
    rows = [[0.5, "<b>red</b>", *range(20)], [1, "blue", *range(20)]]
    findings = Findings("t", "classification", {}, make_record(1), (), [0, 1], [1, 1], rows=rows)
    section = mistakes(findings)
    assert "10 more</th>" in section
    assert "<td>0.5</td><td>&lt;b&gt;red&lt;/b&gt;</td><td>0</td>" in section


def test_confusion_matrix_shows_every_count_in_its_place() -> None:
    section = classes(make_pictures())
    rows = re.findall(r'<tr><th scope="row">.*?</th>(.*?)</tr>', section)[:3]
    counts = [[int(c) for c in re.findall(r">(\d+)</span>", row)] for row in rows]
    assert counts == [[2, 0, 0], [0, 2, 0], [1, 1, 0]]
    assert rows[0].count('class="right"') == 1
    assert rows[2].count('class="wrong"') == 2


def test_the_table_of_the_classes_has_every_score() -> None:
    section = classes(make_pictures())
    table = section[section.index("Class by class") :]
    zero = re.findall(r'<th scope="row">zero</th>(.*?)</tr>', table)[0]
    assert re.findall(r">([\d.]+ %)<", zero) == ["66.7 %", "100.0 %", "80.0 %"]
    assert "<td>2</td>" in zero
    assert "weighted mean" in table


@pytest.mark.parametrize("count", [2, 10, 26])
def test_confusion_matrix_of_any_number_of_classes(count: int) -> None:
    y = np.arange(count)
    names = tuple(f"class {i}" for i in y)
    findings = Findings("t", "classification", {}, make_record(1), names, y, np.roll(y, 1))
    section = classes(findings)
    assert section.count('class="wrong"') == count
    assert ("dense" in section) == (count > 12)
    assert f"--n:{count};" in section


def test_strongest_units_are_shown_as_pictures_in_the_layers_order() -> None:
    findings = make_pictures()
    assert findings.first_weights is not None
    findings.first_weights[[3, 10, 20, 30, 40, 50]] = 0.0
    section = weights(findings)
    shown = [int(u) for u in re.findall(r'alt="weights of unit (\d+)"', section)]
    assert shown == [u for u in range(70) if u not in (3, 10, 20, 30, 40, 50)]
    assert {image.size for image in images_in(section)} == {(6, 6)}
    assert "the 64 strongest of 70 units" in section


def test_weights_are_coloured_symmetrically_about_a_transparent_zero() -> None:
    png = raster.diverging(np.array([[-1.0, -0.5, 0.0, 0.5, 1.0, 9.0]]), 1.0)
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[0]
    np.testing.assert_array_equal(pixels[0], [*raster.NEGATIVE, 255])
    np.testing.assert_array_equal(pixels[4], [*raster.POSITIVE, 255])
    np.testing.assert_array_equal(pixels[5], pixels[4])
    assert pixels[2, 3] == 0
    assert pixels[1, 3] == pixels[3, 3]
    assert 100 < pixels[1, 3] < 160
    flat = raster.diverging(np.zeros((1, 2)), 0.0)
    assert np.asarray(Image.open(io.BytesIO(flat)).convert("RGBA"))[..., 3].max() == 0


def test_histograms_on_other_edges_keep_their_shares() -> None:
    events = [
        {"edges": [0.0, 1.0, 2.0], "counts": [3, 1]},
        {"edges": [0.0, 4.0], "counts": [8]},
    ]
    shares, edges = rebinned(events)
    assert shares.shape == (2, len(edges) - 1)
    np.testing.assert_allclose(shares.sum(axis=1), [1, 1], atol=0.01)
    middle = (edges[:-1] + edges[1:]) / 2
    assert shares[0, middle < 1].sum() == pytest.approx(0.75, abs=0.02)
    assert shares[0, middle > 2.1].sum() == 0
    np.testing.assert_allclose(shares[1], shares[1].mean(), rtol=0.2)


def test_histograms_of_constant_and_of_broken_values() -> None:
    recorder = Recorder(None)
    write_histogram(recorder, 1, "0.weight", "weight", np.zeros(9))
    recorder.write(
        "histogram",
        epoch=2,
        name="0.weight",
        kind="weight",
        edges=[0.0, np.nan],
        counts=[0],
        mean=np.nan,
        std=np.nan,
        norm=np.nan,
    )
    with theme():
        section = histograms(Findings("t", "regression", {}, recorder.record))
    assert section.count("<svg") == 1
    assert "Standard deviation 0 in epoch 1." in section


def test_biases_are_folded_away_and_gradients_stand_beside_weights(pictures: str) -> None:
    start = pictures.index('<section id="histograms">')
    shown, folded = pictures[start:].replace("<wbr>", "").split("<details>")[:2]
    assert re.findall(r"<code>(.*?)</code> (\w+)</h3>", shown) == [
        ("1.weight", "weights"),
        ("1.weight", "gradients"),
    ]
    assert "<code>1.bias</code>" in folded


def test_the_boundary_is_asked_in_the_plane_of_the_points() -> None:
    findings = make_blobs()
    asked: list[np.ndarray] = []
    answer = findings.boundary
    assert answer is not None

    def listen(points: np.ndarray) -> np.ndarray:
        asked.append(points)
        return answer(points)

    findings.boundary = listen
    with theme():
        section = boundary(findings)
    assert len(asked) == 1
    x = findings.points[0]  # type: ignore[index]
    assert (asked[0].min(axis=0) < x.min(axis=0)).all()
    assert (asked[0].max(axis=0) > x.max(axis=0)).all()
    assert asked[0].dtype == x.dtype
    assert "Across: width; up: &lt;script&gt;" in section


def test_a_boundary_of_one_probability_and_of_numbers() -> None:
    x = np.array([[0.0, 0.0], [1.0, 1.0]])
    for task, y in (("classification", [0, 1]), ("regression", [0.5, 1.5])):
        findings = Findings("t", task, {}, make_record(1), (), y, y)
        findings.boundary = lambda p: 1 / (1 + np.exp(1 - p.sum(axis=1)))
        findings.points = (x, np.array(y))
        with theme():
            section = boundary(findings)
        assert section.count("<image") == 1
        assert ("the line is where the answer changes" in section) == (task == "classification")


def test_curves_say_what_they_mean_for_the_task() -> None:
    recorder = Recorder(None)
    recorder.write("epoch", epoch=1, train_loss=2.0, train_rmse=0.5)
    told = {
        "regression": ("what training makes small.", "in the target's own units."),
        "variational": ("what training makes small.", "where black is 0 and white is 1."),
        "adversarial": ("so it need not fall.", "in the target's own units."),
    }
    for task, words in told.items():
        with theme():
            section = curves(Findings("t", task, {}, recorder.record))
        assert all(said in section for said in words)


def test_a_loss_that_falls_far_gets_a_logarithmic_axis() -> None:
    recorder = Recorder(None)
    for epoch in range(1, 6):
        recorder.write("epoch", epoch=epoch, train_loss=10.0**-epoch)
    with theme():
        section = curves(Findings("t", "regression", {}, recorder.record))
    assert ">0.0001</text>" in section
    assert "training from 0.1 in epoch 1 to 1e-05 in epoch 5" in section


def test_tick_labels_are_not_shortened_with_the_coordinates() -> None:
    with theme():
        figure, axes = canvas()
        axes.set_yticks([0.15], ["0.000125"])
        axes.plot([0, 1], [0.123456789, 0.2])
        text = svg(figure, "x")
    assert "0.000125" in text
    assert not re.search(r' d="[^"]*\.\d{3}', text)
    assert 'viewBox="0 0 360' in text
    assert "width=" not in text[: text.index(">")]


def test_a_report_of_a_large_run_stays_small() -> None:
    findings = make_pictures()
    findings.record = make_record(60)
    assert len(render(findings).encode()) < 400_000
