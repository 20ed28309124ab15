"""Source that reads the rows of a CSV file as the run's table was read."""

from __future__ import annotations

__all__ = ["READ_ROWS"]

READ_ROWS = '''
def cell(text, name, values, seen):
    """A cell as a number: itself, or the place of a text in its column's values."""
    text = text.strip()
    if text.lower() in MISSING:
        if not FILLED:
            raise ValueError(f"column {name!r}: a missing value")
        return float("nan")
    if values is None:
        return float(text)
    if text not in [values[i] for i in seen]:
        raise ValueError(f"column {name!r}: no training row has {text!r}")
    return float(values.index(text))


def read(path):
    """The rows of a .npy file, or of a CSV file whose first line names the columns."""
    if path.endswith(".npy"):
        return np.load(path, allow_pickle=False)
    rows = []
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                rows.append([cell(row[c[0]], *c) for c in COLUMNS])
            except (KeyError, ValueError, AttributeError) as error:
                sys.exit(f"{path}, row {number}: {error}")
    return np.array(rows, np.float64).reshape(len(rows), len(COLUMNS))
'''.strip()
