"""The report is one safe, self-contained, repeatable file whose sections come and go cleanly."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path

import numpy as np
import pytest
from report_runs import EVIL, make_blobs, make_line, make_pictures, make_record

from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.record import Record, Recorder
from pellucid.report import Findings, render, write

VOID = {"meta", "img", "br", "path", "use", "image", "rect", "wbr"}


class Page(html.parser.HTMLParser):
    """Collects what a browser would see, and fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="([a-z]+)">', page)


def test_pictures_have_their_sections_in_order(pictures: str) -> None:
    expected = ["curves", "classes", "mistakes", "weights", "histograms", "origin"]
    assert sections(pictures) == expected
    links = [a["href"] for a in Page(pictures).all("a")]
    assert links == [f"#{name}" for name in expected]


def test_two_features_have_a_boundary_and_rows(blobs: str) -> None:
    assert sections(blobs) == ["curves", "boundary", "classes", "mistakes", "origin"]


def test_numbers_have_residuals_and_no_confusion(line: str) -> None:
    assert sections(line) == ["curves", "numbers", "mistakes", "histograms", "origin"]
    for title in ("The learnt curve", "Predicted against true", "Residuals"):
        assert f"<h3>{title}" in line


@pytest.mark.parametrize("name", ["pictures", "blobs", "line"])
def test_the_file_asks_for_nothing_outside_itself(
    name: str, request: pytest.FixtureRequest
) -> None:
    text = request.getfixturevalue(name)
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in re.sub(r"base64,[\w+/=\n]+", "", text)
    assert "@import" not in text
    page = Page(text)
    assert not page.all("script") and not page.all("link") and not page.all("iframe")
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "href", "xlink:href"):
            value = attributes.get(key)
            assert value is None or value.startswith(("data:image/png;base64,", "#"))
    for url in re.findall(r"url\(([^)]*)\)", text):
        assert url.startswith("#")


@pytest.mark.parametrize("name", ["pictures", "blobs"])
def test_text_from_data_is_shown_and_never_run(name: str, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(name)
    assert "<script" not in text
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in text
    assert EVIL in Page(text).text


def test_every_place_that_shows_data_escapes_it(pictures: str) -> None:
    # title and heading, config, class in 5 places, machine, stop reason
    assert pictures.count("&lt;script&gt;") >= 10


def test_the_same_findings_give_the_same_bytes(pictures: str) -> None:
    assert render(make_pictures()) == pictures


def test_the_users_matplotlib_settings_change_nothing(blobs: str) -> None:
    import matplotlib

    mine = {"font.size": 30, "svg.fonttype": "path", "axes.labelsize": 30, "axes.linewidth": 9}
    with matplotlib.rc_context(mine):
        assert render(make_blobs()) == blobs
        assert matplotlib.rcParams["font.size"] == 30


def test_every_chart_has_words_for_eyes_and_for_screen_readers(pictures: str) -> None:
    page = Page(pictures)
    charts = [div for div in page.all("div") if div.get("class") == "plot"]
    assert len(charts) == pictures.count("<svg") == 8
    assert all(div["role"] == "img" and div["aria-label"] for div in charts)
    assert all(image["alt"] for image in page.all("img"))
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", pictures, flags=re.DOTALL)
    assert len(captions) == pictures.count("<figure>")
    assert all(caption.endswith(".") for caption in captions)
    assert "training from 1 in epoch 1 to 0.3333 in epoch 3" in charts[0]["aria-label"]  # type: ignore[operator]


def test_ids_are_unique_and_every_reference_has_its_target(pictures: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', pictures)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', pictures)) <= set(ids)


def test_charts_take_their_colours_from_the_page(pictures: str) -> None:
    assert not re.search(r"#0000[01][0-9a-f]\b", pictures)
    for name in re.findall(r"var\(--([\w-]+)\)", pictures):
        assert f"--{name}:" in pictures


def test_the_headline_says_what_matters(pictures: str) -> None:
    head = pictures[: pictures.index("</header>")]
    assert "Of 6 examples that it had never seen, the network got 4 right." in head
    cards = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", head))
    assert cards["test accuracy"] == "66.67 %"
    assert (cards["epochs"], cards["best epoch"]) == ("3", "3")
    assert (cards["parameters"], cards["training time"]) == ("2,590", "1.5 s")
    assert "validation accuracy" in render(make_blobs())


def test_what_was_run_where_is_complete(pictures: str) -> None:
    where = pictures[pictures.index('<section id="origin">') :]
    for text in ("pellucid train digits --seed 7", "Linear 36 -&gt; 70", "optimizer.lr", "0.001"):
        assert text in where
    assert "<dt>seed</dt><dd>7</dd>" in where


def test_a_number_that_is_not_finite_is_announced_at_the_top() -> None:
    recorder = Recorder(None)
    recorder.write("epoch", epoch=1, train_loss=np.inf, lr=0.1, seconds=1.0)
    fields = {"layer": "net.1", "operation": "exp", "value": np.inf, "cause": "lr <too> high"}
    recorder.write("nonfinite", step=12, **fields)
    page = render(Findings("Lost", "classification", {}, recorder.record))
    assert "(step 12, layer net.1, exp: inf). Likely cause: lr &lt;too&gt; high" in page
    assert "<h3>Loss" not in page
    assert "<h3>Learning rate" in page


def test_an_empty_record_without_predictions_is_a_page() -> None:
    page = render(Findings("Nothing", "regression", {}, Record([])))
    assert sections(page) == []
    assert "nothing was measured" in page
    Page(page)


def test_without_probabilities_there_is_no_confidence() -> None:
    findings = make_pictures()
    findings.probabilities, findings.metrics = None, {}
    findings.__post_init__()
    page = render(findings)
    assert "sure</div>" not in page
    assert "test loss" not in page
    assert "here are the first of them" in page


def test_one_line_alone_is_not_compared(blobs: str, pictures: str) -> None:
    assert "the two lines" in pictures
    assert "the two lines" not in blobs
    assert '<i style="background:var(--second)"></i>validation' not in blobs


def test_weights_that_are_no_images_are_left_out() -> None:
    findings = make_pictures()
    findings.image_shape = None
    assert "weights" not in sections(render(findings))


def test_write_replaces_the_report_whole(tmp_path: Path, line: str) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write(make_line(), path)
    assert path.read_text(encoding="utf-8") == line
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_findings_that_do_not_fit_together_are_refused() -> None:
    record = make_record(1, histograms=False)
    base = ("t", "classification", {}, record, ("a", "b"))
    with pytest.raises(OptionError, match="did you mean 'classification'"):
        Findings("t", "clasification", {}, record)
    with pytest.raises(OptionError, match="one of test, validation, training"):
        Findings(*base, part="train")
    with pytest.raises(ShapeError, match="y_pred of length 1 for 2 examples"):
        Findings(*base, [0, 1], [0])
    with pytest.raises(ShapeError, match="images of length 3 for 2 examples"):
        Findings(*base, [0, 1], [0, 1], images=np.zeros((3, 2, 2), np.uint8))
    with pytest.raises(ShapeError, match="grey images"):
        Findings(*base, [0, 1], [0, 1], images=np.zeros((2, 2), np.uint8))
    with pytest.raises(DataError, match=r"class 2 in row 1\n.*classes 0 ... 1"):
        Findings(*base, [0, 1], [0, 2], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ShapeError, match=r"4 units of 5 inputs for images of shape \(2, 2\)"):
        Findings(*base, first_weights=np.zeros((4, 5)), image_shape=(2, 2))


def test_a_single_probability_column_becomes_two() -> None:
    findings = Findings("t", "classification", {}, Record([]), (), [0, 1], [0, 1], [[0.2], [0.9]])
    np.testing.assert_allclose(findings.probabilities, [[0.8, 0.2], [0.1, 0.9]])
