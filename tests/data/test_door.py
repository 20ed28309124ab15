"""The checks at a data set's door, each with its text."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import Column, Data, from_arrays
from pellucid.data.base import infer_task, read_labels
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError

YES_NO = ("no", "yes")


def make(x=None, y=None, classes=YES_NO, **more):
    x = np.arange(8.0).reshape(4, 2) if x is None else x
    y = np.array([0, 1, 0, 1]) if y is None else y
    return Data(x, y, more.pop("task", "classification"), classes, "rows", **more)


def text_of(error: type[Exception], act) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_a_sound_set_passes_and_tells_what_it_is():
    data = make()
    assert len(data) == 4
    assert data.features == ("x1", "x2")
    assert data.shape == (2,)
    assert not data.is_images
    assert repr(data) == "Data(rows: 4 x (2,), 2 classes)"


def test_lengths_that_differ():
    text = text_of(DataError, lambda: make(y=np.array([0, 1, 1])))
    assert text == (
        "DataError in rows\n  got:    4 inputs and 3 targets\n  needs:  as many targets as inputs"
    )


def test_no_rows():
    text = text_of(DataError, lambda: make(np.empty((0, 2)), np.empty(0, int)))
    assert "got:    no rows" in text


def test_labels_outside_the_classes():
    text = text_of(DataError, lambda: make(y=np.array([0, 1, 2, -1])))
    assert "2 labels outside the classes; row 2 has 2" in text
    assert "labels 0 to 1 for 2 classes" in text


def test_one_class_only():
    text = text_of(DataError, lambda: from_arrays(np.zeros((3, 1)), ["cat", "cat", "cat"]))
    assert "one class only, 'cat'" in text
    assert "at least two classes" in text


def test_nan_and_infinity_are_named_by_row_and_column():
    x = np.zeros((9, 2))
    x[3, 1], x[7, 0] = np.nan, -np.inf
    columns = (Column("age"), Column("height"))
    y = np.arange(9) % 2
    text = text_of(DataError, lambda: make(x, y, columns=columns))
    assert "2 values that are not finite, in 2 of 9 rows" in text
    assert "row 3, column 'height' is nan" in text
    assert "row 7, column 'age' is -inf" in text


def test_many_bad_values_are_counted_not_listed():
    x = np.full((50, 2), np.nan)
    text = text_of(DataError, lambda: make(x, np.arange(50) % 2))
    assert "100 values that are not finite, in 50 of 50 rows" in text
    assert "and 95 more" in text
    assert len(text.splitlines()) < 12


def test_missing_values_pass_where_they_will_be_imputed_but_infinity_does_not():
    x = np.array([[1.0], [np.nan], [3.0], [4.0]])
    assert len(make(x, impute="mean")) == 4
    x[2] = np.inf
    assert "row 2" in text_of(DataError, lambda: make(x, impute="mean"))


def test_a_target_that_is_not_finite():
    y = np.array([0.5, np.nan, 1.0, np.inf])
    text = text_of(DataError, lambda: make(y=y, classes=(), task="regression"))
    assert "2 targets that are not finite: 1, 3" in text


def test_types_that_are_refused():
    assert "dtype int64" in text_of(DtypeError, lambda: make(np.zeros((4, 2), np.int64)))
    assert "dtype float64" in text_of(DtypeError, lambda: make(y=np.zeros(4)))
    assert "dtype object" in text_of(
        DtypeError, lambda: from_arrays(np.array([[None], [1]], object), [0, 1])
    )


def test_shapes_that_are_refused():
    assert "x.reshape(-1, 1)" in text_of(ShapeError, lambda: from_arrays([1.0, 2.0], [0, 1]))
    assert "y.argmax(axis=1)" in text_of(
        ShapeError, lambda: from_arrays(np.zeros((2, 1)), np.eye(2, dtype=int))
    )
    assert "rows of one length" in text_of(ShapeError, lambda: from_arrays([[1, 2], [3]], [0, 1]))
    assert "2 columns and 1 names" in text_of(ShapeError, lambda: make(columns=(Column("a"),)))


def test_an_unknown_task_gets_the_nearest():
    text = text_of(OptionError, lambda: make(task="regresion"))
    assert "did you mean 'regression'?" in text


def test_images_stay_uint8_and_tables_become_floats():
    images = from_arrays(np.zeros((4, 3, 3), np.uint8), [0, 1, 0, 1])
    assert images.is_images
    assert images.x.dtype == np.uint8
    assert from_arrays(np.zeros((4, 3), np.int64), [0, 1, 0, 1]).x.dtype == np.float64
    assert from_arrays(np.zeros((4, 3), np.float32), [0, 1, 0, 1]).x.dtype == np.float32


def test_a_subset_takes_rows_or_a_mask_and_leaves_the_test_part():
    data = make(test=make())
    part = data.subset([2, 0])
    assert part.x.tolist() == [[4, 5], [0, 1]]
    assert part.test is None
    assert len(data.subset(data.y == 1)) == 2
    assert "no rows" in text_of(DataError, lambda: data.subset([False] * 4))


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        ([0, 1, 1, 0], "classification"),
        ([0.0, 1.0, 2.0] * 50, "classification"),
        ([0.5, 1.0, 2.0] * 50, "regression"),
        (list(range(100)), "regression"),
    ],
)
def test_the_task_is_inferred(values, task):
    assert infer_task(np.array(values)) == task


def test_labels_are_places_in_sorted_classes():
    assert read_labels(np.array([10, 9, 10]))[1] == ("9", "10")
    assert read_labels(np.array([1.0, 0.0]))[1] == ("0", "1")
    places, classes = read_labels(np.array(["b", "a", "b"]))
    assert places.tolist() == [1, 0, 1]
    assert classes == ("a", "b")


def test_an_unknown_label_is_named():
    text = text_of(DataError, lambda: read_labels(np.array(["cat", "dgo"]), ("cat", "dog")))
    assert "the label 'dgo'" in text
    assert "did you mean 'dog'?" in text
