"""Loading a folder of IDX files."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import load
from pellucid.errors import DataError, FormatError

X = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)
Y = np.array([1, 2, 3, 1, 2, 3], np.uint8)


@pytest.fixture
def folder(tmp_path, write_idx):
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", X)
    write_idx(tmp_path / "train-labels-idx1-ubyte", Y)
    return tmp_path


def refusal(error, folder) -> str:
    with pytest.raises(error) as caught:
        load(folder)
    return str(caught.value)


def test_images_and_labels(folder):
    data = load(folder)
    assert np.array_equal(data.x, X)
    assert data.y.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.classes == ("1", "2", "3")
    assert data.test is None


def test_a_test_part_uses_the_classes_of_the_training_part(folder, write_idx):
    write_idx(folder / "t10k-images-idx3-ubyte", X[:2])
    write_idx(folder / "t10k-labels-idx1-ubyte", np.array([3, 1], np.uint8))
    assert load(folder).test.y.tolist() == [2, 0]


def test_a_label_that_training_does_not_have(folder, write_idx):
    write_idx(folder / "t10k-images-idx3-ubyte", X[:2])
    write_idx(folder / "t10k-labels-idx1-ubyte", np.array([3, 9], np.uint8))
    assert "the label '9'" in refusal(DataError, folder)


def test_test_images_of_another_shape(folder, write_idx):
    write_idx(folder / "t10k-images-idx3-ubyte", np.zeros((2, 3, 3), np.uint8))
    write_idx(folder / "t10k-labels-idx1-ubyte", np.array([3, 1], np.uint8))
    assert "test images of (3, 3)" in refusal(FormatError, folder)


def test_counts_that_differ(folder, write_idx):
    write_idx(folder / "train-labels-idx1-ubyte", Y[:-1])
    text = refusal(FormatError, folder)
    assert "5 labels for the 6 images of train-images-idx3-ubyte.gz" in text


def test_files_that_were_swapped(folder, write_idx):
    write_idx(folder / "train-images-idx3-ubyte.gz", Y)
    assert "is it the labels' file?" in refusal(FormatError, folder)


def test_files_that_are_missing_or_too_many(folder, tmp_path_factory, write_idx):
    assert "no pair of IDX files" in refusal(DataError, tmp_path_factory.mktemp("empty"))
    write_idx(folder / "more-images", X)
    assert "one file of training images" in refusal(DataError, folder)
    (folder / "more-images").unlink()
    (folder / "train-labels-idx1-ubyte").unlink()
    assert "training images only" in refusal(DataError, folder)
