"""What was made up is told from what was learnt by heart."""

from __future__ import annotations

import pytest

from pellucid.report.invented import figures_of, invented

KNOWN = ["anna", "bob", "carla"]


def test_the_figures():
    found = figures_of(["anna", "cal", "cal", "ro"], KNOWN)
    assert found["new"] == 0.75
    assert found["different"] == 0.75
    assert found["letters"] == pytest.approx(6 / 7)  # of a b c l n o r: no b


def test_the_section_shows_the_known_pale_and_escapes():
    page = invented(["anna", "<o>"], KNOWN, 0.8)
    assert '<span style="opacity:.45">anna</span> <span>&lt;o&gt;</span>' in page
    assert "50.0 % are not among those" in page
