"""Preparation: what is learnt from the training part, and what it does to everything after."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pellucid.data import Column, Data, Preparation, digits, from_arrays, load, split, toy
from pellucid.errors import DataError, FormatError, OptionError, ShapeError


@pytest.fixture
def flowers(tmp_path) -> Data:
    path = tmp_path / "flowers.csv"
    path.write_text(
        "length,colour,kind\n1,red,rose\n2,blue,iris\n,red,rose\n6,,iris\n3,green,rose\n"
    )
    return load(path, impute="mean")


def refusal(error, act) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_images_are_divided_by_their_maximum():
    data = from_arrays(np.full((2, 2, 2), 15, np.uint8), [0, 1])
    out = Preparation.fit(data).transform(data.x)
    assert out.dtype == np.float32
    assert out.shape == (2, 2, 2)
    assert round(float(out[0, 0, 0]), 3) == 0.059  # the reference text's pixel
    uci = digits()
    assert Preparation.fit(uci).transform(uci.x).max() == 1


def test_flattened_or_not_and_in_the_dtype_asked_for():
    data = digits()
    prepare = Preparation.fit(data, flatten=True)
    assert prepare.transform(data.x[:5], np.float64).shape == (5, 64)
    assert prepare.transform(data.x[:5], np.float64).dtype == np.float64
    assert prepare.width == 64


def test_the_raw_data_are_left_as_they_are():
    waves = from_arrays(np.random.default_rng(0).normal(5, 2, (6, 4, 3)), [0, 1] * 3)
    for data in (digits(), toy("moons"), waves):
        before = data.x.copy()
        for scale in ("none", "standard", "minmax", "unit"):
            Preparation.fit(data, scale).transform(data.x, np.float64)
        assert np.array_equal(data.x, before)


@pytest.mark.parametrize("data", [digits(), toy("moons")], ids=["images", "table"])
def test_each_scale_does_what_it_says(data):
    out = Preparation.fit(data, "standard").transform(data.x, np.float64)
    assert np.allclose([out.mean(), out.std()], [0, 1])
    out = Preparation.fit(data, "minmax").transform(data.x, np.float64)
    assert (out.min(), out.max()) == (0, 1)
    out = Preparation.fit(data, "unit").transform(data.x, np.float64)
    assert np.abs(out).max() == 1
    assert np.array_equal(Preparation.fit(data, "none").transform(data.x, np.float64), data.x)


def test_the_scale_is_learnt_from_the_training_part_alone():
    data = from_arrays(np.arange(10.0)[:, None], [0, 1] * 5)
    prepare = Preparation.fit(data.subset(np.arange(5)))
    assert prepare.center.tolist() == [2.0]
    assert np.allclose(prepare.transform(data.x[9:], np.float64), (9 - 2) / np.sqrt(2))


def test_a_constant_column_does_not_divide_by_zero():
    data = from_arrays(np.array([[0.1, 1], [0.1, 2], [0.1, 3]]), [0, 1, 1])
    for scale in ("standard", "minmax"):
        assert np.all(np.abs(Preparation.fit(data, scale).transform(data.x)[:, 0]) < 1e-6)


def test_one_hot_columns_are_not_scaled(flowers):
    for scale in ("standard", "minmax", "unit"):
        out = Preparation.fit(flowers, scale).transform(flowers.x)
        assert out[:, 1:].tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_missing_cells_are_filled_and_texts_become_one_hot(flowers):
    prepare = Preparation.fit(flowers, "none")
    assert prepare.features == ("length", "colour=blue", "colour=green", "colour=red")
    assert prepare.transform(flowers.x).tolist() == [
        [1, 0, 0, 1],
        [2, 1, 0, 0],
        [3, 0, 0, 1],  # the mean of 1, 2, 6 and 3
        [6, 0, 0, 1],  # the most frequent colour
        [3, 0, 1, 0],
    ]


@pytest.mark.parametrize(("how", "value"), [("mean", 3.0), ("median", 2.5), ("most_frequent", 1.0)])
def test_ways_to_impute(how, value):
    x = np.array([[1.0], [np.nan], [2.0], [6.0], [3.0]])
    data = Data(x, np.array([0, 1, 0, 1, 0]), "classification", ("a", "b"), impute=how)
    assert Preparation.fit(data, "none").transform(x)[1, 0] == value


def test_fillings_and_categories_come_from_the_training_part(flowers):
    prepare = Preparation.fit(flowers.subset([0, 1, 2]), "none")
    assert prepare.features == ("length", "colour=blue", "colour=red")
    out = prepare.transform(flowers.x)
    assert out[3, 0] == 6
    assert out[2, 0] == 1.5  # the mean of 1 and 2
    assert out[4].tolist() == [3, 0, 0]  # green is unknown
    assert prepare.notes == ("column 'colour': no training row has 'green', so it counts as 0",)


def test_a_column_that_training_never_fills():
    x = np.array([[np.nan], [np.nan], [1.0]])
    data = Data(x, np.array([0, 1, 1]), "classification", ("a", "b"), impute="mean")
    text = refusal(DataError, lambda: Preparation.fit(data.subset([0, 1])))
    assert "column 'x1'" in text
    assert "only missing values in the training part" in text


def test_json_brings_everything_back(flowers):
    for data in (digits(), flowers, toy("sine")):
        regression = data.task == "regression"
        prepare = Preparation.fit(data, flatten=True, scale_target=regression)
        back = Preparation.from_json(json.loads(json.dumps(prepare.to_json(), allow_nan=False)))
        assert np.array_equal(back.transform(data.x), prepare.transform(data.x))
        assert back.to_json() == prepare.to_json()
        assert back.classes == data.classes
        assert np.array_equal(back.transform_target(data.y), prepare.transform_target(data.y))


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "other"},
        {"version": 2},
        {"center": [0.0]},
        {"spread": [1.0, 0.0, 1.0, 1.0]},
        {"center": [float("nan")] * 4},
        {"seen": [[], [99]]},
        {"columns": []},
        {"columns": None},
        {"shape": [3]},
        {"scale": "pickle"},
        {"fills": [1.0]},
    ],
)
def test_a_damaged_description_is_refused(flowers, damage):
    content = {**Preparation.fit(flowers).to_json(), **damage}
    assert "FormatError in Preparation" in refusal(
        FormatError, lambda: Preparation.from_json(content)
    )


def test_a_description_that_is_incomplete_or_nothing_at_all(flowers):
    content = Preparation.fit(flowers).to_json()
    del content["classes"]
    assert "KeyError: 'classes'" in refusal(FormatError, lambda: Preparation.from_json(content))
    assert "format None" in refusal(FormatError, lambda: Preparation.from_json([]))


def test_samples_of_another_shape():
    text = refusal(ShapeError, lambda: Preparation.fit(digits()).transform(np.zeros((3, 28, 28))))
    assert "samples of shape (28, 28)" in text
    assert "samples of shape (8, 8), as in training" in text


def test_new_rows_are_read_like_the_training_table(flowers):
    prepare = Preparation.fit(flowers)
    rows = [
        {"colour": "red", "length": "1"},
        {"length": " ", "colour": "green", "kind": "rose"},  # the target may be there
    ]
    assert np.allclose(
        prepare.transform(prepare.rows(rows)),
        prepare.transform(np.array([[1, 2], [np.nan, 1]], float)),
    )
    assert np.array_equal(prepare.rows([["1", "red"]]), [[1, 2]])


def test_columns_left_out_in_training_may_be_there(tmp_path):
    path = tmp_path / "named.csv"
    path.write_text("name,a,y\n" + "\n".join(f"n{i},{i},{i % 2}" for i in range(30)))
    prepare = Preparation.fit(load(path))
    assert prepare.rows([{"name": "new", "a": "3"}]).tolist() == [[3]]


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        ({"length": "1", "color": "red"}, ["no column 'colour'", "unknown column 'color'"]),
        ({"length": "1", "color": "red"}, ["did you mean 'colour'?"]),
        ({"length": "1", "colour": "pink"}, ["row 2, column 'colour'", "'pink'", "blue, green"]),
        ({"length": "long", "colour": "red"}, ["row 2, column 'length'", "'long'"]),
        ({"length": "inf", "colour": "red"}, ["a finite number"]),
        (["1"], ["row 2", "1 cells", "2 cells: length, colour"]),
    ],
)
def test_new_rows_that_do_not_fit(flowers, row, texts):
    prepare = Preparation.fit(flowers)
    text = refusal(DataError, lambda: prepare.rows([{"length": "1", "colour": "red"}, row]))
    for expected in texts:
        assert expected in text


def test_a_category_of_the_file_that_no_training_row_has(flowers):
    prepare = Preparation.fit(flowers.subset([0, 1, 2]))
    text = refusal(DataError, lambda: prepare.rows([{"length": "1", "colour": "green"}]))
    assert "'green', which no training row has" in text
    assert "needs:  one of blue, red" in text


def test_a_missing_cell_without_a_filling():
    columns = (Column("a"),)
    data = Data(np.array([[1.0], [2.0]]), np.array([0, 1]), "classification", ("n", "y"))
    prepare = Preparation.fit(Data(data.x, data.y, "classification", ("n", "y"), columns=columns))
    text = refusal(DataError, lambda: prepare.rows([{"a": "?"}]))
    assert "row 1, column 'a'" in text
    assert "a missing value" in text


def test_rows_for_a_network_of_images():
    assert "rows of a table" in refusal(DataError, lambda: Preparation.fit(digits()).rows([["1"]]))


def test_classes_there_and_back():
    data = from_arrays(np.zeros((3, 1)), ["cat", "dog", "cow"])
    prepare = Preparation.fit(data)
    assert prepare.encode(["dog", "cat"]).tolist() == [2, 0]
    assert prepare.decode([2, 0]) == ["dog", "cat"]
    text = refusal(DataError, lambda: prepare.encode(["dgo"]))
    assert "did you mean 'dog'?" in text


def test_a_regressions_target_there_and_back():
    train = split(toy("sine")).train
    prepare = Preparation.fit(train, scale_target=True)
    scaled = prepare.transform_target(train.y, np.float64)
    assert np.allclose([scaled.mean(), scaled.std()], [0, 1])
    assert np.allclose(prepare.inverse_target(scaled), train.y)
    assert Preparation.fit(train).transform_target(train.y).dtype == np.float32
    assert "a regression" in refusal(
        OptionError, lambda: Preparation.fit(toy("moons"), scale_target=True)
    )


def test_an_unknown_scale():
    text = refusal(OptionError, lambda: Preparation.fit(toy("moons"), "standart"))
    assert "did you mean 'standard'?" in text


COLOURS = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3)).astype(np.uint8)


def test_colours_are_standardised_each_and_channels_come_first_as_a_view():
    data = from_arrays(COLOURS, np.arange(9) % 2)
    prepare = Preparation.fit(data, "standard", channels_first=True)
    out = prepare.transform(COLOURS)
    assert out.shape == (9, 3, 4, 5)
    assert out.dtype == np.float32
    assert out.transpose(0, 2, 3, 1).flags.c_contiguous  # channels-last memory
    assert np.allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert np.allclose(out.std(axis=(0, 2, 3)), 1, atol=1e-5)
    again = Preparation.from_json(json.loads(json.dumps(prepare.to_json())))
    assert np.array_equal(again.transform(COLOURS), out)


def test_grey_images_get_one_channel():
    data = from_arrays(COLOURS[..., 0], np.arange(9) % 2)
    out = Preparation.fit(data, channels_first=True).transform(data.x)
    assert out.shape == (9, 1, 4, 5)
    assert np.array_equal(out[:, 0] * np.float32(255), data.x)


def test_a_description_from_before_channels_is_still_read():
    data = from_arrays(COLOURS[..., 0], np.arange(9) % 2)
    content = Preparation.fit(data).to_json()
    del content["channels_first"]
    assert Preparation.from_json(content).channels_first is False
