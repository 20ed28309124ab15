"""Scalers and one-hot vectors."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import MinMaxScaler, StandardScaler, one_hot
from pellucid.errors import DataError, ShapeError

X = np.array([[1.0, 10.0, 5.0], [2.0, 20.0, 5.0], [6.0, 60.0, 5.0]])


def test_standard_scaler():
    scaler = StandardScaler()
    z = scaler.fit_transform(X)
    assert scaler.mean_.tolist() == [3, 30, 5]
    assert np.allclose(scaler.var_, [14 / 3, 1400 / 3, 0])
    assert np.allclose(scaler.scale_, [np.sqrt(14 / 3), np.sqrt(1400 / 3), 1])
    assert np.allclose(z[:, 0], [-0.92582, -0.46291, 1.38873], atol=1e-5)
    assert z[:, 2].tolist() == [0, 0, 0]
    assert np.allclose(scaler.inverse_transform(z), X)


def test_min_max_scaler():
    scaler = MinMaxScaler((-1, 1))
    z = scaler.fit_transform(X)
    assert np.allclose(z[:, 0], [-1, -0.6, 1])
    assert z[:, 2].tolist() == [-1, -1, -1]
    assert np.allclose(scaler.inverse_transform(z)[:, :2], X[:, :2])
    beyond = scaler.transform([[11.0, 60.0, 5.0]])  # the training part ends at 6
    assert np.isclose(beyond[0, 0], 3)


def test_a_constant_column_with_a_rounding_error_is_constant():
    column = np.full((10, 1), 0.1) * 3
    z = StandardScaler().fit_transform(column)
    assert np.abs(z).max() < 1e-12


def test_rows_of_another_width():
    with pytest.raises(ShapeError, match=r"rows of shape \(N, 3\)"):
        StandardScaler().fit(X).transform(X[:, :2])
    with pytest.raises(ShapeError, match=r"shape \(3,\)"):
        StandardScaler().fit(X[:, 0])


def test_one_hot():
    assert one_hot([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert one_hot(np.array([1]), 3).dtype == np.float32
    for labels in ([0, 3], [-1]):
        with pytest.raises(DataError, match="labels 0 to 2"):
            one_hot(labels, 3)
    with pytest.raises(ShapeError, match="dtype float64"):
        one_hot([0.5])
