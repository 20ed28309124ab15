"""predict.py answers as the run does, to the last bit, with nothing but NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from polar import network

import pellucid
from pellucid import data, nn
from pellucid.standalone import write_predict

CSV = "size,colour,kind\n" + "\n".join(
    f"{0.1 * k:.3f},{('red', 'blue', 'sea green')[k % 3] if k % 7 else ''},{('cat', 'dog')[k % 2]}"
    for k in range(42)
)


def net(*sizes, **options):
    return nn.MLP(list(sizes), generator=np.random.default_rng(3), **options)


def table(tmp_path, impute="median", target="kind"):
    path = tmp_path / "rows.csv"
    path.write_text(CSV)
    return data.load(str(path), target=target, impute=impute)


def bare(_):
    return np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 3


def toy(name):
    return lambda _: data.toy(name, samples=60, seed=1)


CASES = {
    "table": (toy("moons"), lambda: net(2, 8, 2), {}),
    "batch norm, gelu": (
        toy("moons"),
        lambda: net(2, 8, 2, activation="gelu", batch_norm=True, dropout=0.1),
        {},
    ),
    "helpers": (toy("moons"), network, {}),
    "one output": (toy("moons"), lambda: net(2, 8, 1), {"loss": "bce"}),
    "regression": (toy("sine"), lambda: net(1, 8, 1), {}),
    "images": (lambda _: data.digits().subset(np.arange(80)), lambda: net(64, 9, 10), {}),
    "bare arrays": (bare, lambda: net(3, 5, 3), {}),
    "texts and gaps": (table, lambda: net(4, 5, 2), {}),
    "many rows": (  # more than are predicted at a time
        lambda _: data.toy("moons", samples=1500, seed=1),
        lambda: net(2, 8, 2),
        {"epochs": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answers_are_the_runs_own(name, tmp_path, alone):
    make, model, settings = CASES[name]
    train = make(tmp_path)
    settings = {"epochs": 2, "batch_size": 20, "seed": 5, **settings}
    pellucid.fit(model(), train, out=tmp_path / "run", **settings)
    run = pellucid.load(tmp_path / "run")
    assert write_predict(run, tmp_path / "predict.py") == [tmp_path / "predict.py"]
    x = train[0] if isinstance(train, tuple) else train.x
    np.save(tmp_path / "x.npy", x)
    code = "import numpy as np, predict\nx = np.load('x.npy')\nnp.save('p', predict.predict(x))\n"
    if run.task == "classification":
        code += "np.save('q', predict.predict_proba(x))\n"
    alone(tmp_path, code + "predict.main('x.npy')")
    answers = np.load(tmp_path / "p.npy")
    assert answers.dtype == run.predict(x).dtype
    assert answers.tobytes() == run.predict(x).tobytes()
    if run.task == "classification":
        assert np.load(tmp_path / "q.npy").tobytes() == run.predict_proba(x).tobytes()


@pytest.fixture
def written(tmp_path):
    """A table's predict.py, beside the table."""
    pellucid.fit(net(4, 5, 2), table(tmp_path), epochs=2, out=tmp_path / "run")
    run = pellucid.load(tmp_path / "run")
    write_predict(run, tmp_path / "predict.py")
    return run


def test_rows_of_a_csv_file_are_read_as_in_training(written, tmp_path, alone):
    said = alone(tmp_path, "import predict; predict.main('rows.csv')").splitlines()
    assert [line.split("\t")[0] for line in said] == written.predict(table(tmp_path).x).tolist()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("size,colour\n1,green", "row 1: column 'colour': no training row has 'green'"),
        ("size\n1", "row 1: 'colour'"),
        ("size,colour\n1,red\nx,red", "row 2: could not convert string to float: 'x'"),
    ],
)
def test_bad_rows_are_named(written, tmp_path, alone, text, complaint):
    (tmp_path / "bad.csv").write_text(text)
    code = "import predict\ntry: predict.main('bad.csv')\nexcept SystemExit as e: print(e)"
    assert complaint in alone(tmp_path, code)


def test_a_gap_where_none_was_filled_is_refused(tmp_path, alone):
    (tmp_path / "rows.csv").write_text("a,b\n" + "\n".join(f"{k},{k % 2}" for k in range(20)))
    rows = data.load(str(tmp_path / "rows.csv"), target="b")
    pellucid.fit(net(1, 3, 2), rows, epochs=1, out=tmp_path / "run")
    write_predict(pellucid.load(tmp_path / "run"), tmp_path / "predict.py")
    (tmp_path / "bad.csv").write_text("a\nNA")
    code = "import predict\ntry: predict.main('bad.csv')\nexcept SystemExit as e: print(e)"
    assert "column 'a': a missing value" in alone(tmp_path, code)


def test_many_weights_stand_beside_the_file(tmp_path, alone):
    train = data.toy("moons", samples=60, seed=1)
    pellucid.fit(net(2, 10_000, 2), train, epochs=1, out=tmp_path / "run")
    run = pellucid.load(tmp_path / "run")
    files = write_predict(run, tmp_path / "read.py")
    assert [f.name for f in files] == ["read.py", "read_weights.npz"]
    code = f"import read; print(read.predict_proba({train.x[:2].tolist()!r}).tobytes().hex())"
    assert alone(tmp_path, code).strip() == run.predict_proba(train.x[:2]).tobytes().hex()


def test_samples_of_another_shape_are_refused(tmp_path, alone):
    pellucid.fit(
        net(64, 9, 10), data.digits().subset(np.arange(80)), epochs=1, out=tmp_path / "run"
    )
    write_predict(pellucid.load(tmp_path / "run"), tmp_path / "predict.py")
    np.save(tmp_path / "x.npy", np.zeros((2, 28, 28), np.uint8))
    code = "import predict\ntry: predict.main('x.npy')\nexcept SystemExit as e: print(e)"
    assert "samples of shape (28, 28); they must be (8, 8)" in alone(tmp_path, code)


def test_a_file_that_is_not_there_is_told_in_a_line(tmp_path, alone):
    digits = data.digits().subset(np.arange(80))
    pellucid.fit(net(64, 9, 10), digits, epochs=1, out=tmp_path / "run")
    write_predict(pellucid.load(tmp_path / "run"), tmp_path / "predict.py")
    code = (
        "import runpy, sys\nsys.argv = ['predict.py', 'nothing.npy']\n"
        "try: runpy.run_path('predict.py', run_name='__main__')\nexcept SystemExit as e: print(e)"
    )
    assert alone(tmp_path, code) == "nothing.npy: No such file or directory\n"
