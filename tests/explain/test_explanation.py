"""Every number of an explanation is the number that eager mode computes."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import pellucid
from pellucid import data, nn, optim
from pellucid.errors import OptionError
from pellucid.explain import explain
from pellucid.explain.entry import digits
from pellucid.ops import helper


def net(*sizes, **options):
    return nn.MLP(list(sizes), generator=np.random.default_rng(3), **options)


def sample(size):
    return np.random.default_rng(1).normal(size=size).astype(np.float32)


NETWORKS = {
    "relu": net(5, 7, 4, 3),
    "tanh": net(5, 7, 3, activation="tanh"),
    "gelu, batch norm, dropout": net(5, 7, 3, activation="gelu", batch_norm=True, dropout=0.3),
    "layer norm": nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 3)),
    "one layer": nn.Sequential(nn.Linear(5, 3)),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_the_numbers_are_eagers_own(name, kind):
    model, x = NETWORKS[name].train(), sample(5)
    y = 2 if kind == "classes" else sample(3)
    told = explain(model, x, y, optimizer=optim.Adam(model.parameters(), lr=0.01))
    assert model.training  # and nothing was changed
    assert all(p.grad is None for p in model.parameters())

    model.eval()
    loss = nn.CrossEntropyLoss() if kind == "classes" else nn.MSELoss()
    output = model(x[np.newaxis])
    result = loss(output, np.asarray(y)[np.newaxis])
    adam = optim.Adam(model.parameters(), lr=0.01)
    result.backward()
    assert told.value("loss").tobytes() == result.data.tobytes()
    paths = dict(model.named_parameters())
    assert len(told.moves) == len(paths)
    kept = {path: p.data.copy() for path, p in paths.items()}
    gradients = [p.grad.data for p in paths.values()]
    adam.step()
    for move, p, g, before in zip(
        told.moves, paths.values(), gradients, kept.values(), strict=True
    ):
        assert move.gradient.tobytes() == g.tobytes()
        assert told.value(f"d{move.name}").tobytes() == g.tobytes()
        assert move.before.tobytes() == before.tobytes()
        assert move.after.tobytes() == p.data.tobytes()
    for path, p in paths.items():
        p.data, p.grad = kept[path], None


def test_a_network_small_enough_to_do_by_hand():
    model = nn.Sequential(nn.Linear(2, 1))
    model[0].weight.data = np.array([[0.5, -2.0]], np.float32)
    model[0].bias.data = np.array([1.0], np.float32)
    text = str(explain(model, np.array([3.0, 0.25]), np.array([1.0])))
    # z = 1.5 - 0.5 + 1 = 2, loss = (2 - 1)^2 = 1, dz = 2, dW = 2 x, W - 0.1 dW
    assert "z1[0] = 3·0.5 + 0.25·(-2) + 1 = 2" in text
    assert "dL/dW1 = dL/dz1 · dz1/dW1" in text
    assert "dW1[0, 0] = 2·3 = 6" in text
    assert re.search(r"W1 +6\.0208 +6 +\[0, 0\] +0\.5 +-0\.1$", text, re.MULTILINE)
    assert "loss      MSELoss: 1" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_large_network_shows_what_matters_and_says_what_it_left_out():
    told = explain(net(300, 80, 10), sample(300), 4)
    text = str(told)
    assert "(76 of 80 numbers left out; from " in text
    assert "… 297 more" in text
    top = int(np.abs(told.value("z1")).argmax())
    assert f"z1[{top}] = " in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_true_class_and_its_rival_are_worked_out(tmp_path):
    train = data.digits().subset(np.arange(100))
    pellucid.fit(net(64, 20, 10), train, epochs=2, batch_size=20, out=tmp_path)
    run = pellucid.load(tmp_path)
    told = explain(run, train.x[3], int(train.y[3]))
    order = np.argsort(-run.outputs(train.x[3:4])[0])
    assert told.truth == train.y[3]
    assert told.rival == next(k for k in order if k != told.truth)
    for k in (told.truth, told.rival):
        assert f"z2[{k}] = " in str(told)
    assert told.picture.tolist() == (train.x[3] / 16).tolist()
    facts = dict(told.facts)
    assert facts["example"].startswith(f"it is {train.y[3]}; the network says ")


def test_a_loss_without_its_class_weights_says_so(tmp_path):
    train = data.toy("moons", samples=60, seed=1)
    pellucid.fit(net(2, 3, 2), train, epochs=1, out=tmp_path, class_weights="balanced")
    facts = dict(explain(pellucid.load(tmp_path), train.x[0], 1).facts)
    assert "without class weights" in facts["loss"]


def test_one_layer_alone():
    model = net(5, 7, 3)
    told = explain(model, sample(5), 1, layer="0")
    assert [(b.stage, [r.name for r in b.rows]) for b in told.blocks] == [
        ("forward", ["z1", "h1"]),
        ("backward", ["dz1", "dW1", "db1"]),
    ]
    assert not told.moves
    assert [b.stage for b in explain(model, sample(5), 1, layer="loss").blocks] == [
        "loss",
        "backward",
    ]
    with pytest.raises(OptionError, match=r"'hidden'\n.*one of 0, 1, 2, loss"):
        explain(model, sample(5), 1, layer="hidden")


@pytest.mark.parametrize("what", ["W1[3, 4]", "dW1[3,4]", "0.weight[3,4]", "b2[0]", "W2", "b1"])
def test_a_gradient_can_be_checked(what):
    (check,) = explain(net(5, 7, 3, activation="tanh"), sample(5), 1, check=what).checks
    assert check.agrees
    assert check.error < 1e-8
    assert check.shown == pytest.approx(check.numeric, rel=1e-5, abs=1e-7)
    assert "they agree" in str(check)


def test_a_wrong_gradient_is_found():
    @pellucid.op
    class Wrong:
        def forward(x):
            return x * x

        def backward(g, y, x):
            return (g * x,)  # half of what it should be

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(2, 2, generator=np.random.default_rng(0))

        def forward(self, x):
            return Wrong(self.line(x))

    (check,) = explain(Net(), sample(2), 1, check="line.weight[0, 1]").checks
    assert not check.agrees
    assert "they DIFFER" in str(check)


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("W9[0,0]", r"needs: .*one of W1, b1, W2, b2, or an entry such as W1\[0, 0\]"),
        ("W1[9,9]", r"a place in W1, whose shape is \(7, 5\)"),
        ("W1[3]", r"whose shape is \(7, 5\)"),
        ("W1[a]", "one of W1"),
    ],
)
def test_a_gradient_that_is_not_there(what, complaint):
    with pytest.raises(OptionError, match=complaint):
        explain(net(5, 7, 3), sample(5), 1, check=what)


def test_a_value_that_is_not_there():
    with pytest.raises(OptionError, match="'z9'"):
        explain(net(5, 7, 3), sample(5), 1).value("z9")


def test_the_page_stands_alone_and_trusts_nothing(tmp_path):
    told = explain(net(5, 7, 3), sample(5), 1, check="W1[0,0]")
    told.title = "<script>alert(1)</script>"
    told.picture = np.linspace(0, 1, 12).reshape(3, 4)
    told.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!data:)\w", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<details") == page.count("</details>") >= 6
    assert "data:image/png;base64," in page
    assert page == told.html()


def test_all_numbers_as_json():
    told = explain(net(5, 7, 3), sample(5), 1)
    content = json.loads(json.dumps(told.to_json()))
    lines = {line["name"]: line for line in content["lines"]}
    assert lines["dW1"]["formula"] == "dz1.T @ x"
    assert lines["dW1"]["shape"] == ["7", "5"]
    assert np.array(lines["dW1"]["value"], np.float32).tobytes() == told.value("dW1").tobytes()


@helper
def split_signs(x):
    """What is above 0, and how far the rest is below."""
    return np.maximum(x, 0), np.maximum(-x, 0)


@pellucid.op
class Leaky:
    """y = x where x > 0, else x / 8."""

    def forward(x):
        above, below = split_signs(x)
        return above - 0.125 * below

    def backward(g, y, x):
        above, below = split_signs(g)
        return (np.where(x > 0, above - below, 0.125 * g),)


def test_an_operation_with_a_helper_of_several_results():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 4, generator=np.random.default_rng(0))
            self.b = nn.Linear(4, 2, generator=np.random.default_rng(1))

        def forward(self, x):
            return self.b(Leaky(self.a(x)))

    model, x = Net(), sample(3)
    told = explain(model, x, 1, check="a.weight[1, 2]")
    z = model.a(x[np.newaxis]).data
    assert told.value("above_a").tobytes() == np.maximum(z, 0).tobytes()
    assert told.value("below_a").tobytes() == np.maximum(-z, 0).tobytes()
    text = str(told)
    assert "above_a = split_signs(z_a)[0]" in text
    assert "leaky_a = above_a - 0.125 * below_a" in text
    assert told.checks[0].agrees
    rows = {line["name"]: line for line in told.to_json()["lines"]}
    assert rows["below_a"]["shape"] == ["n", "4"]
    assert told.html().count("<details") == told.html().count("</details>")


def test_numbers_are_short():
    assert [digits(v) for v in (0.1234567, -1e-9, np.float32(3), True, 12)] == [
        "0.12346",
        "-1e-09",
        "3",
        "True",
        "12",
    ]
