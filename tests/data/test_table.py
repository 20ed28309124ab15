"""Tables from CSV files."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import load, read_rows
from pellucid.errors import DataError, FormatError, OptionError

FLOWERS = """length,colour,kind
1.5,red,rose
2.5,blue,iris
3.5,red,rose
4.5,green,iris
"""


@pytest.fixture
def table(tmp_path):
    def write(text: str | bytes, **options):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, **options)

    return write


def refusal(error, act) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_numbers_texts_and_classes(table):
    data = table(FLOWERS)
    assert data.task == "classification"
    assert data.classes == ("iris", "rose")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.features == ("length", "colour")
    assert data.columns[1].values == ("blue", "green", "red")
    assert data.x.tolist() == [[1.5, 2], [2.5, 0], [3.5, 2], [4.5, 1]]
    assert data.target == "kind"
    assert "target: the last column, 'kind'" in data.notes


@pytest.mark.parametrize("target", ["length", 0, "0", -3])
def test_the_target_by_name_or_place(table, target):
    data = table(FLOWERS, target=target)
    assert data.task == "regression"
    assert data.y.tolist() == [1.5, 2.5, 3.5, 4.5]
    assert data.features == ("colour", "kind")


def test_the_task_can_be_given(table):
    text = "a,y\n" + "\n".join(f"{i},{i % 2}" for i in range(20))
    assert table(text).task == "classification"
    assert table(text).classes == ("0", "1")
    assert table(text, task="regression").y.dtype == np.float64


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_byte_order_mark_quotes_and_windows_lines(table, delimiter):
    text = '\ufeff"a, b",y\n1,"x ""1"""\n2,z\n3,z\n'.replace(",", delimiter).replace("\n", "\r\n")
    data = table(text)
    assert data.features == (f"a{delimiter} b",)
    assert data.classes == ('x "1"', "z")


def test_a_file_without_header(table):
    data = table("1,2,yes\n3,4,no\n")
    assert data.features == ("column 1", "column 2")
    assert data.target == "column 3"
    assert any("no header row" in note for note in data.notes)


def test_missing_values_are_counted_and_refused(table):
    text = "age,colour,y\n1,red,0\nNA,,1\n3,?,0\nnull,red,1\n"
    message = refusal(DataError, lambda: table(text))
    assert "missing values in 3 of 4 rows (lines 3, 4, 5):" in message
    assert "'age' 2, 'colour' 2" in message
    assert "impute 'median', 'mean' or 'most_frequent'" in message


def test_missing_values_stay_missing_until_a_preparation_fills_them(table):
    data = table("age,colour,y\n1,red,0\nNA,,1\n3,blue,0\n4,red,1\n", impute="mean")
    assert np.isnan(data.x[1]).all()
    assert np.isnan(data.x).sum() == 2
    assert any("mean value: 'age' 1, 'colour' 1" in note for note in data.notes)


def test_a_missing_target_is_never_imputed(table):
    text = refusal(DataError, lambda: table("a,y\n1,0\n2,\n3,1\n", impute="mean"))
    assert "target column 'y'" in text
    assert "1 missing values, on line 3" in text


def test_columns_that_nothing_can_be_learnt_from_are_left_out_and_named(table):
    rows = "\n".join(f"name {i},,{i % 3},{i % 2}" for i in range(30))
    data = table("name,empty,a,y\n" + rows)
    assert data.features == ("a",)
    assert data.left_out == ("name", "empty")
    assert "column 'name' is left out: 30 different texts in 30 rows" in data.notes
    assert "column 'empty' is left out: only missing values" in data.notes
    text = refusal(DataError, lambda: table("name,y\n" + "\n".join(f"n{i},1" for i in range(30))))
    assert "no column to learn from" in text


def test_ragged_rows_are_named_by_line(table):
    text = refusal(FormatError, lambda: table("a,b,y\n1,2,0\n1,2\n\n1,2,3,4\n"))
    assert "line 3 with 2, line 5 with 4" in text
    assert "3 cells in every row" in text


def test_numbers_that_do_not_parse_are_named(table):
    rows = "\n".join(f"{i}.5,{i % 2}" for i in range(10))
    text = refusal(DataError, lambda: table(f"a,y\n{rows}\n1.2.3,0\n"))
    assert "column 'a'" in text
    assert "'1.2.3' on line 12 in a column of numbers" in text
    text = refusal(DataError, lambda: table(f"a;y\n{rows.replace(',', ';')}\n1,5;0\n"))
    assert "a decimal point instead of the comma" in text


def test_infinity_is_named(table):
    text = refusal(DataError, lambda: table("a,y\n1,0\ninf,1\n3,0\n"))
    assert "'inf' on line 3" in text


def test_texts_as_a_regressions_target(table):
    text = refusal(DataError, lambda: table(FLOWERS, task="regression"))
    assert "texts such as 'rose'" in text


def test_an_unknown_target_gets_the_nearest(table):
    text = refusal(OptionError, lambda: table(FLOWERS, target="colr"))
    assert "length, colour, kind" in text
    assert "did you mean 'colour'?" in text
    assert "0 to 2" in refusal(OptionError, lambda: table(FLOWERS, target=3))


def test_one_class_only(table):
    assert "one class only, 'b'" in refusal(DataError, lambda: table("a,y\n1,b\n2,b\n"))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a,y\n\xff\xfe,1\n", "a byte at 4 that is not UTF-8"),
        (b"a,y\n1\0,1\n", "binary content"),
        (b'a,y\n"1,1\n', "line 2 cannot be read"),
        (b"a,a\n1,1\n", "the column name 'a' more than once"),
    ],
)
def test_files_that_are_no_tables(table, content, text):
    assert text in refusal(FormatError, lambda: table(content))


def test_empty_files(table):
    assert "no rows" in refusal(DataError, lambda: table(""))
    assert "a header alone" in refusal(DataError, lambda: table("a,b\n"))


def test_a_file_too_large(table, monkeypatch):
    monkeypatch.setattr("pellucid.data.csv_file.MAX_BYTES", 10)
    assert "needs:  at most 10 bytes" in refusal(FormatError, lambda: table(FLOWERS))


def test_rows_to_predict(tmp_path):
    (tmp_path / "rows.csv").write_text("length,colour\n1,red\n2,blue\n")
    assert read_rows(tmp_path / "rows.csv") == [
        {"length": "1", "colour": "red"},
        {"length": "2", "colour": "blue"},
    ]
