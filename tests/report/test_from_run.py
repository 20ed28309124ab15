"""What a report shows is taken from the run and the part that it was not trained on."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.data import Data, Split, digits, from_arrays, split, toy
from pellucid.errors import RunError
from pellucid.report.from_run import findings_of, write_report


def trained(parts: Split, sizes: list[int], out=None, note=None) -> pellucid.Run:
    net = nn.MLP(sizes, generator=np.random.default_rng(0))
    return pellucid.fit(
        net, parts.train, parts.validation, epochs=1, batch_size="all", out=out, note=note
    )


def test_images(tmp_path):
    parts = split(digits().subset(np.arange(200)))
    run = trained(parts, [64, 12, 10], tmp_path / "r", {"command": "pellucid train digits"})
    found = findings_of(run, parts)
    assert (found.title, found.part, found.task) == ("r", "test", "classification")
    assert np.array_equal(found.y_true, parts.test.y)
    assert np.array_equal(found.probabilities, run.predict_proba(parts.test.x))
    assert np.array_equal(found.y_pred, found.probabilities.argmax(axis=1))
    assert (found.images.shape, found.images.dtype, found.images.max()) == (
        (40, 8, 8),
        "uint8",
        255,
    )
    assert (found.first_weights.shape, found.image_shape) == ((12, 64), (8, 8))
    assert found.boundary is None
    assert found.environment["command"] == "pellucid train digits"
    assert found.metrics["accuracy"] == run.evaluate(parts.test)["accuracy"]


def test_two_features_have_a_boundary():
    parts = split(toy("moons", samples=60))
    run = trained(parts, [2, 4, 2])
    found = findings_of(run, parts)
    assert found.boundary(np.zeros((5, 2))).shape == (5, 2)
    assert np.array_equal(found.points[0], parts.test.x)
    assert found.features == ("x1", "x2")
    assert found.rows is not None
    assert found.first_weights is None


def test_a_regression():
    parts = split(toy("sine", samples=60))
    run = trained(parts, [1, 4, 1])
    found = findings_of(run, parts)
    assert np.array_equal(found.y_pred, run.predict(parts.test.x))
    assert found.probabilities is None
    assert found.metrics["rmse"] == pytest.approx(run.evaluate(parts.test)["rmse"], rel=1e-6)


def test_the_validation_part_where_there_is_no_test():
    parts = split(toy("moons", samples=60), validation=0.2, test=0)
    found = findings_of(trained(parts, [2, 4, 2]), parts)
    assert (found.part, len(found.y_true)) == ("validation", 12)


def test_without_other_parts_the_record_of_the_training_is_told():
    gate: Data = toy("xor")
    parts = Split(gate, None, None)
    found = findings_of(trained(parts, [2, 4, 2]), parts)
    assert found.y_true is None
    assert found.part == "training"
    assert set(found.metrics) == {"loss", "accuracy"}
    assert np.array_equal(found.points[0], gate.x)


def test_colour_images_are_shown_in_colour():
    x = np.random.default_rng(0).integers(0, 255, (30, 4, 4, 3)).astype(np.uint8)
    parts = split(from_arrays(x, np.arange(30) % 2))
    found = findings_of(trained(parts, [48, 2]), parts)
    assert found.images.shape == (6, 4, 4, 3)
    assert found.images.max() == 255  # the brightest pixel is white
    assert found.first_weights is None


def test_the_file_is_written_into_the_folder(tmp_path):
    parts = split(toy("moons", samples=60))
    path = write_report(trained(parts, [2, 4, 2], tmp_path / "r"), parts)
    assert path == tmp_path / "r" / "report.html"
    assert "</html>" in path.read_text(encoding="utf-8")


def test_a_run_without_a_folder_has_no_report():
    parts = split(toy("moons", samples=60))
    with pytest.raises(RunError, match="a run without a folder"):
        write_report(trained(parts, [2, 4, 2]), parts)
