"""The running form: the bits of the eager network, for every layer, loss, optimizer and change."""

from __future__ import annotations

import builtins
import dis
import inspect
import math
import re
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import classes, mlp, numbers

import pellucid
from pellucid import nn, op, optim
from pellucid.errors import DataError, DtypeError, GradientError, OptionError, ShapeError
from pellucid.ops import normal, shape
from pellucid.program import Program, load

X, Y = numbers((9, 5)), classes(9, 3)
CE = nn.CrossEntropyLoss()


def sgd(params: Any) -> optim.Optimizer:
    return optim.SGD(params, lr=0.1)


def write(
    model: nn.Module | None = None, loss: Any = CE, make: Any = sgd, **changes: Any
) -> Program:
    model = model or mlp(5, 6, 3)
    return pellucid.write(model, loss, make(model.parameters()), (X, Y), **changes)


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_activation_with_and_without_batch_norm(activation: str, batch_norm: bool) -> None:
    write(mlp(5, 8, 6, 3, activation=activation, batch_norm=batch_norm, dropout=0.2)).verify()


OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "ascent": lambda p: optim.SGD(p, lr=0.1, maximize=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
    "rmsprop centred": lambda p: optim.RMSprop(p, centered=True, momentum=0.5, weight_decay=0.01),
    "adagrad": lambda p: optim.Adagrad(p, lr_decay=0.1, initial_accumulator_value=0.1),
    "adam": optim.Adam,
    "amsgrad": lambda p: optim.Adam(p, amsgrad=True, weight_decay=0.01),
    "adamw": optim.AdamW,
    "adadelta": lambda p: optim.Adadelta(p, weight_decay=0.01),
    "adamax": lambda p: optim.Adamax(p, lr=0.01),
    "adamax, all options": lambda p: optim.Adamax(p, betas=(0.8, 0.9), weight_decay=0.01),
    "nadam": lambda p: optim.NAdam(p, lr=0.01),
    "nadam without decay of momentum": lambda p: optim.NAdam(p, momentum_decay=0, weight_decay=0.1),
    "nadam, decoupled": lambda p: optim.NAdam(p, weight_decay=0.1, decoupled_weight_decay=True),
    "radam": lambda p: optim.RAdam(p, lr=0.01, weight_decay=0.01),
    "radam, decoupled": lambda p: optim.RAdam(
        p, betas=(0.8, 0.9), weight_decay=0.1, decoupled_weight_decay=True
    ),
    "rprop": optim.Rprop,
    "rprop within bounds": lambda p: optim.Rprop(p, lr=0.1, etas=(0.7, 1.4), step_sizes=(0, 0.2)),
    "rprop upwards": lambda p: optim.Rprop(p, lr=0.001, maximize=True),
    "asgd": lambda p: optim.ASGD(p, lr=0.1, lambd=0.1, t0=3, weight_decay=0.01),
}
CHANGES: list[dict[str, float]] = [
    {},
    {"l1": 1e-3},
    {"l2": 1e-3},
    {"clip_norm": 0.1},
    {"clip_value": 0.01},
    {"l1": 1e-3, "l2": 1e-3, "clip_norm": 0.5, "clip_value": 0.05},
]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("changes", CHANGES, ids=lambda c: "+".join(c) or "plain")
def test_every_optimizer_with_every_change(name: str, changes: dict[str, float]) -> None:
    write(make=OPTIMIZERS[name], **changes).verify()


LOSSES: dict[str, tuple[Any, Any]] = {
    "cross-entropy": (CE, Y),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.2), Y),
    "weighted": (nn.CrossEntropyLoss(weight=np.array([1, 2, 3], np.float32)), Y),
    "summed": (nn.CrossEntropyLoss(reduction="sum"), Y),
    "probabilities": (CE, np.eye(3, dtype=np.float32)[Y]),
    "mse": (nn.MSELoss(), numbers((9, 3), 2)),
    "mse summed": (nn.MSELoss(reduction="sum"), numbers((9, 3), 2)),
    "mae": (nn.L1Loss(), numbers((9, 3), 2)),
    "huber": (nn.HuberLoss(), numbers((9, 3), 2)),
    "bce with logits": (nn.BCEWithLogitsLoss(), np.eye(3, dtype=np.float32)[Y]),
    "positive weight": (
        nn.BCEWithLogitsLoss(pos_weight=np.array([1, 2, 3], np.float32)),
        np.eye(3, dtype=np.float32)[Y],
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name: str) -> None:
    loss, y = LOSSES[name]
    model = mlp(5, 6, 3)
    pellucid.write(model, loss, sgd(model.parameters()), (X, y)).verify()


def test_probabilities_through_a_sigmoid_and_bce() -> None:
    model = nn.Sequential(*mlp(5, 6, 3), nn.Sigmoid())
    y = np.eye(3, dtype=np.float32)[Y]
    pellucid.write(model, nn.BCELoss(), sgd(model.parameters()), (X, y)).verify()


@pytest.mark.parametrize(
    "layer",
    [
        nn.LayerNorm(6),
        nn.LayerNorm(6, bias=False),
        nn.LayerNorm(6, elementwise_affine=False),
        nn.BatchNorm1d(6, affine=False),
        nn.BatchNorm1d(6, track_running_stats=False),
        nn.BatchNorm1d(6, momentum=None),
        nn.Dropout(1.0),
        nn.Softmax(dim=1),
        nn.LogSoftmax(dim=1),
        nn.Identity(),
        nn.GELU(approximate="tanh"),
        nn.Softplus(beta=2.0),
        nn.Linear(6, 6, bias=False),
    ],
    ids=repr,
)
def test_every_other_layer(layer: nn.Module) -> None:
    write(nn.Sequential(nn.Linear(5, 6), layer, nn.Linear(6, 3))).verify()


def test_images_through_flatten_and_float64() -> None:
    model = nn.Sequential(nn.Flatten(), *mlp(6, 4, 3, dtype=np.float64))
    x = numbers((9, 2, 3)).astype(np.float64)
    pellucid.write(model, CE, sgd(model.parameters()), (x, Y)).verify()


def test_shared_and_frozen_parameters() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen = nn.Linear(5, 6).requires_grad_(False)
            self.twice = nn.Linear(6, 6)
            self.out = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            h = self.twice(self.frozen(x).tanh()).relu()
            return self.out(self.twice(h) + h)

    model = Shared()
    before = model.frozen.weight.data.copy()
    write(model, make=lambda p: optim.Adam([q for q in p if q.requires_grad])).verify()
    assert np.array_equal(model.frozen.weight.data, before)


def test_values_only_a_user_would_write() -> None:
    """Indexing, concatenation, where, broadcasting, several axes: all from the same table."""

    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(5, 6), nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            h = self.a(x)
            top = h.max(axis=1, keepdims=True)
            gate = np.where(h > 0, h, 0.1 * h) / (1 + np.exp(-top))
            joined = np.concatenate([gate, h[:, :1], h[:, -1:] ** 2], axis=1)
            return self.b(joined - joined.mean(axis=1, keepdims=True))

    write(Odd()).verify()


@op
class Doubled:
    """y = 2 x."""

    def forward(x: Any) -> Any:
        return 2 * x

    def backward(g: Any, y: Any, x: Any) -> Any:
        return (2 * g,)


@op
class Foreign:
    """y = x, by way of Python's own numbers."""

    def forward(x: Any) -> Any:
        return np.array([[math.fsum([v]) for v in row] for row in x], x.dtype)

    def backward(g: Any, y: Any, x: Any) -> Any:
        return (g,)


class With(nn.Module):
    def __init__(self, operation: Any) -> None:
        super().__init__()
        self.a, self.b, self.operation = nn.Linear(5, 6), nn.Linear(6, 3), operation

    def forward(self, x: Any) -> Any:
        return self.b(self.operation(self.a(x)))


def test_an_operation_of_ones_own_is_written_and_foreign_code_is_refused() -> None:
    write(With(Doubled)).verify()
    with pytest.raises(GradientError, match="a loop over the values"):
        write(With(Foreign))


def test_a_branch_on_a_value_is_refused_with_the_place() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            z = self.a(x)
            return z if z.sum() > 0 else -z

    with pytest.raises(GradientError) as caught:
        write(Branching())
    assert "got:    a branch on a value (if, and, or, while)" in str(caught.value)
    assert "try:    np.where(condition, a, b) in place of if" in str(caught.value)


def test_a_network_that_depends_on_the_batch_size_is_refused() -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            return self.a(x) if x.shape[0] > 10 else self.a(x) * 2

    with pytest.raises(GradientError, match="one program for every batch size"):
        write(Sized())


def test_other_batch_sizes_work_and_other_inputs_are_refused() -> None:
    program = write()
    for n in (1, 4, 9, 30):
        assert program(numbers((n, 5)), classes(n, 3)) is not None
    for x, y, error, text in (
        (numbers((4, 6)), Y[:4], ShapeError, r"x of shape \(4, 6\)\n  needs:  shape \(n, 5\)"),
        (X.astype(np.float64), Y, DtypeError, r"try:    x.astype\(np.float32\)"),
        (X, np.full(9, 3), DataError, "labels from 0 to 2"),
    ):
        with pytest.raises(error, match=text):
            program(x, y)


def test_nothing_moves_when_a_number_is_not_finite() -> None:
    model = mlp(5, 6, 3)
    program = write(model, make=lambda p: optim.Adam(p))
    before = model.state_dict()
    assert program(np.full((4, 5), np.inf, np.float32), Y[:4]) is None
    for name, array in model.state_dict().items():
        assert array.tobytes() == before[name].tobytes()
    assert program(X, Y) is not None  # and it goes on
    assert model.state_dict()["0.weight"].tobytes() != before["0.weight"].tobytes()


def test_weights_are_written_in_place_and_a_replaced_array_is_noticed() -> None:
    model = mlp(5, 6, 3)
    program = write(model)
    model.load_state_dict(mlp(5, 6, 3).state_dict())
    assert program(X, Y) is not None
    model[0].weight.data = model[0].weight.data.copy()
    with pytest.raises(OptionError, match="whose array was replaced"):
        program(X, Y)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.eval(),
        lambda m: setattr(m[2], "p", 0.5),
        lambda m: m.__setitem__(1, nn.Tanh()),
        lambda m: m.append(nn.Tanh()),
        lambda m: m[0].requires_grad_(False),
    ],
    ids=["eval mode", "an option", "another layer", "one more layer", "frozen"],
)
def test_a_network_that_changed_since_is_noticed(change: Any) -> None:
    model = mlp(5, 6, 3, dropout=0.2)
    program = write(model)
    rng = np.random.default_rng
    assert program(X, Y, rng) is not None
    change(model)
    with pytest.raises(OptionError, match="write"):
        program(X, Y, rng)


def test_an_option_that_is_turned_on_is_noticed_and_one_that_moves_is_followed() -> None:
    model = mlp(5, 6, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    program = pellucid.write(model, CE, optimizer, (X, Y))
    before = model[0].bias.data.copy()
    optimizer.param_groups[0]["lr"] = 0.0
    program(X, Y)
    assert np.array_equal(model[0].bias.data, before)
    optimizer.param_groups[0]["momentum"] = 0.9
    with pytest.raises(OptionError, match="turned on or off"):
        program(X, Y)


def test_dropout_needs_a_generator() -> None:
    with pytest.raises(OptionError, match=r"a draw \(number 1\) without a generator"):
        write(mlp(5, 6, 3, dropout=0.5))(X, Y)


@pytest.mark.parametrize("name", ["adam", "nadam", "radam", "rprop", "asgd", "adadelta", "adamax"])
def test_the_state_is_the_optimizers_own(name: str) -> None:
    model, twin = mlp(5, 6, 3), mlp(5, 6, 3)
    program, eager = write(model, make=OPTIMIZERS[name]), OPTIMIZERS[name](twin.parameters())
    for _ in range(3):
        program(X, Y)
        eager.zero_grad()
        CE(twin(X), Y).backward()
        eager.step()
    one, two = program.optimizer.state_dict(), eager.state_dict()
    for i, slots in two["state"].items():
        assert one["state"][i].keys() == slots.keys()
        for slot, value in slots.items():
            assert np.array_equal(one["state"][i][slot], value)
            assert type(one["state"][i][slot]) is type(value)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.grad is not None and q.grad is not None
        assert np.array_equal(p.grad.data, q.grad.data)


@pytest.mark.parametrize("name", ["adam", "nadam", "radam", "rprop", "asgd"])
def test_a_program_written_in_the_middle_of_training_goes_on(name: str) -> None:
    model, twin = mlp(5, 6, 3), mlp(5, 6, 3)
    make = OPTIMIZERS[name]
    first, eager = make(model.parameters()), make(twin.parameters())
    for net, optimizer in ((model, first), (twin, eager)) * 6:
        optimizer.zero_grad()
        CE(net(X), Y).backward()
        optimizer.step()
    program = pellucid.write(model, CE, first, (X, Y))
    program(X, Y)
    eager.zero_grad()
    CE(twin(X), Y).backward()
    eager.step()
    assert np.array_equal(model[0].weight.data, twin[0].weight.data)


def test_parameters_that_have_done_other_numbers_of_steps_are_refused() -> None:
    """The step has one t: that of the first parameter would be wrong for the others."""
    model = mlp(5, 6, 3)
    adam = optim.Adam(model.parameters())
    CE(model(X), Y).backward()
    model[0].weight.grad = None
    adam.step()
    with pytest.raises(GradientError, match="parameters that have done different numbers of steps"):
        pellucid.write(model, CE, adam, (X, Y))


def test_an_optimizer_that_needs_a_closure_is_refused() -> None:
    with pytest.raises(GradientError) as caught:
        write(make=optim.LBFGS)
    assert str(caught.value) == (
        "GradientError in program of LBFGS\n"
        "  got:    an optimizer that looks at the loss several times in one step\n"
        "  needs:  one that takes one gradient a step\n"
        '  try:    engine="eager", which is what fit falls back to'
    )


def test_the_numbers_that_go_with_the_step_are_told_at_the_top() -> None:
    source = write(make=optim.NAdam).source
    assert "given     mu_product is the product of mu" in source
    assert "mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))" in source
    assert "given" not in write(make=optim.Adam).source.partition("import")[0]


def test_the_pairs_of_rprop_may_move_between_steps() -> None:
    model, twin = mlp(5, 6, 3), mlp(5, 6, 3)
    program, eager = write(model, make=optim.Rprop), optim.Rprop(twin.parameters())
    for k in range(4):
        for optimizer in (program.optimizer, eager):
            optimizer.param_groups[0]["step_sizes"] = (1e-6, 0.02 / (k + 1))
        program(X, Y)
        eager.zero_grad()
        CE(twin(X), Y).backward()
        eager.step()
    assert np.array_equal(model[0].weight.data, twin[0].weight.data)


def test_verify_notices_a_wrong_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = load.load

    def broken(source: str, name: str) -> Any:
        return real(source.replace("np.maximum(z1, 0", "np.maximum(z1, 1"), name)

    monkeypatch.setattr("pellucid.program.program.load", broken)
    with pytest.raises(GradientError, match="verify, step 0"):
        write().verify()


def test_the_program_is_loaded_from_a_real_file() -> None:
    program = write()
    path = Path(inspect.getfile(program._module))
    assert path.read_text(encoding="utf-8") == program.running_source
    assert "def make(n" in inspect.getsource(program._module.make)
    try:
        program._steps.get(9) or program._make(9)
        program._steps[9](X[:4], Y, None, lr=0.1)
    except ValueError as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        assert last.filename == str(path)
        assert "np.matmul(x" in (last.line or "")
    else:
        pytest.fail("a batch of another size went through")


def test_a_folder_that_cannot_be_written_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert load.cache_folder().name.startswith("pellucid-")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert load.cache_folder().name.startswith("pellucid-")
    write()(X, Y)


def test_no_memory_is_taken_inside_the_step() -> None:
    """Every array of the step is a buffer made once: no line of the step assigns a new one."""
    source = write(make=optim.Adam).running_source
    body = source.partition("    def step(")[2].splitlines()[1:]
    assigned = [text for text in body if re.search(r" = np\.\w+\(", text)]
    assert not assigned


def test_lines_are_found_by_layer_and_rule() -> None:
    program = write()
    found = program.line_of("2", "Linear", "forward")
    assert found is not None
    number, text = found
    assert text == "z2 = h1 @ W2.T + b2"
    assert program.source.splitlines()[number - 1].strip().startswith(text)
    assert program.line_of("9", "Linear", "forward") is None


@pytest.mark.parametrize("helper", [normal.normal_cdf, shape.scatter])
def test_a_helper_stands_alone(helper: Any) -> None:
    """Its source goes to the top of a program that imports NumPy and nothing else."""
    codes = [inspect.unwrap(helper).__code__]
    used: set[str] = set()
    for code in codes:
        codes += [part for part in code.co_consts if inspect.iscode(part)]
        used |= {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    assert used <= {"np", *vars(builtins)}


def test_two_parameters_with_one_gradient_get_it_both() -> None:
    class TwoBiases(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(5, 3)
            self.b = nn.Parameter(np.zeros(3, np.float32))
            self.c = nn.Parameter(np.zeros(3, np.float32))

        def forward(self, x: Any) -> Any:
            return self.a(x) + (self.b + self.c)

    write(TwoBiases()).verify()


def test_an_infinite_gradient_is_not_clipped_into_a_finite_one() -> None:
    model = mlp(5, 6, 3)
    model[0].weight.data[:] = 1e20
    program = write(model, clip_value=0.1)
    before = model.state_dict()
    assert program(np.full((4, 5), 1e30, np.float32), Y[:4]) is None
    for name, array in model.state_dict().items():
        assert array.tobytes() == before[name].tobytes()


def test_an_optimizer_whose_first_step_is_another_is_refused() -> None:
    with pytest.raises(GradientError, match="a first step unlike the others"):
        write(make=lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5))
