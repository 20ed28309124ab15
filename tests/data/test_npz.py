"""Data sets in .npz files."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from pellucid.data import load
from pellucid.errors import DataError, FormatError

X, Y = np.arange(8.0).reshape(4, 2), np.array([3, 5, 3, 5])


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        return tmp_path / "set.npz"

    return write


def refusal(error, path) -> str:
    with pytest.raises(error) as caught:
        load(path)
    text = str(caught.value)
    assert str(path) in text or "set" in text
    return text


@pytest.mark.parametrize("x", ["x", "X", "data", "x_train"])
@pytest.mark.parametrize("y", ["y", "Y", "target", "labels", "y_train"])
def test_the_names_people_use(npz, x, y):
    data = load(npz(**{x: X, y: Y}))
    assert np.array_equal(data.x, X)
    assert data.y.tolist() == [0, 1, 0, 1]
    assert data.classes == ("3", "5")
    assert data.name == "set"


def test_an_official_test_part(npz):
    data = load(npz(x_train=X, y_train=Y, x_test=X[:2], y_test=Y[1:3]))
    assert data.test.y.tolist() == [1, 0]
    assert "the label '9'" in refusal(DataError, npz(x=X, y=Y, x_test=X[:1], y_test=[9]))
    assert "x_test alone" in refusal(DataError, npz(x=X, y=Y, x_test=X))
    text = refusal(DataError, npz(x=X, y=Y, x_test=X[:, :1], y_test=Y))
    assert "test inputs of shape (1,)" in text


def test_texts_as_labels_and_a_regression(npz):
    assert load(npz(x=X, y=np.array(["a", "b", "a", "b"]))).classes == ("a", "b")
    path = npz(x=X, y=Y + 0.5, x_test=X, y_test=Y + 0.25)
    assert load(path).task == "regression"
    assert load(path).test.y[0] == 3.25


def test_missing_arrays(npz):
    text = refusal(DataError, npz(pictures=X, y=Y))
    assert "the arrays 'pictures', 'y'" in text
    assert "one called x, X, data" in text


def test_objects_are_never_unpickled(npz):
    path = npz(x=np.array([{"a": 1}, None], object), y=np.array([0, 1]))
    text = refusal(FormatError, path)
    assert "never pickled ones" in text


def test_damaged_files(npz):
    path = npz(x=X, y=Y)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "a whole .npz file" in refusal(FormatError, path)
    place = whole.index(X.tobytes()) + 5
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    assert "a whole .npz file" in refusal(FormatError, path)


def test_a_header_that_claims_billions_is_refused_before_memory_is_asked_for(npz):
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)}
    np.lib.format.write_array_header_1_0(header, shape)
    path = npz(y=Y)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x.npy", header.getvalue() + b"abc")
    assert "needs:  at most 4,294,967,296 bytes" in refusal(FormatError, path)


def test_values_that_are_not_finite(npz):
    bad = X.copy()
    bad[1, 1] = np.nan
    assert "row 1, column 'x2' is nan" in refusal(DataError, npz(x=bad, y=Y))
