"""Each report is rendered once for all tests."""

from __future__ import annotations

import pytest
from report_runs import make_blobs, make_line, make_pictures

from pellucid.report import render


@pytest.fixture(scope="session")
def pictures() -> str:
    return render(make_pictures())


@pytest.fixture(scope="session")
def blobs() -> str:
    return render(make_blobs())


@pytest.fixture(scope="session")
def line() -> str:
    return render(make_line())
