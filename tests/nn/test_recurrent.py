"""Laws of the layers that remember."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.random import generator

from .cases.base import numbers, parameter

T, B, IN, H = 5, 3, 4, 6
KINDS = ["RNN", "LSTM", "GRU"]
every_kind = pytest.mark.parametrize("kind", KINDS)
X = numbers((T, B, IN), 0.4)


def made(kind: str, *sizes: int, **options: Any) -> Any:
    """A layer or cell of the kind, in float64, with weights by formula."""
    layer = getattr(nn, kind)(*(sizes or (IN, H)), **options).double()
    for i, (name, p) in enumerate(layer.named_parameters()):
        p.data[...] = parameter(name, p.shape, i)
    return layer


def filled(layer: Any, source: Any, **renamed: str) -> Any:
    """``layer`` with weights of ``source``, its endings renamed."""
    old, new = renamed["old"], renamed["new"]
    state = source.state_dict()
    layer.load_state_dict({n: state[n.removesuffix(new) + old] for n in layer.state_dict()})
    return layer


def parts(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [array for part in value for array in parts(part)]
    return [value.numpy()]


def close(one: Any, other: Any) -> None:
    for a, b in zip(parts(one), parts(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def states(kind: str, many: int, batch: int = B, out: int = H) -> Any:
    h, c = numbers((many, batch, out), 0.1), numbers((many, batch, H), 0.2)
    return (h, c) if kind == "LSTM" else h


def some(hx: Any, index: Any) -> Any:
    return tuple(s[index] for s in hx) if isinstance(hx, tuple) else hx[index]


@every_kind
def test_bidirectional_is_two_directions(kind: str) -> None:
    both = made(kind, bidirectional=True)
    forth = filled(made(kind), both, old="", new="")
    back = filled(made(kind), both, old="_reverse", new="")
    hx = states(kind, 2)
    y, ends = both(X, hx)
    y1, ends1 = forth(X, some(hx, slice(0, 1)))
    y2, ends2 = back(X[::-1].copy(), some(hx, slice(1, 2)))
    np.testing.assert_array_equal(y.numpy()[..., :H], y1.numpy())
    np.testing.assert_array_equal(y.numpy()[..., H:], y2.numpy()[::-1])
    for end, e1, e2 in zip(parts(ends), parts(ends1), parts(ends2), strict=True):
        np.testing.assert_array_equal(end, np.concatenate([e1, e2]))


@every_kind
def test_two_layers_are_one_behind_the_other(kind: str) -> None:
    both = made(kind, IN, H, 2)
    first = filled(made(kind), both, old="_l0", new="_l0")
    second = filled(made(kind, H, H), both, old="_l1", new="_l0")
    middle, ends1 = first(X)
    y, ends2 = second(middle)
    found, ends = both(X)
    close(found, y)
    for end, e1, e2 in zip(parts(ends), parts(ends1), parts(ends2), strict=True):
        np.testing.assert_array_equal(end, np.concatenate([e1, e2]))


@every_kind
@pytest.mark.parametrize("project", [0, 2])
def test_a_batch_of_n_is_n_batches_of_one_and_n_sequences(kind: str, project: int) -> None:
    if project and kind != "LSTM":
        return
    options = {"proj_size": project} if project else {}
    layer = made(kind, IN, H, 2, bidirectional=True, **options)
    hx = states(kind, 4, out=project or H)
    y, ends = layer(X, hx)
    for i in range(B):
        ones = slice(i, i + 1)
        mine = y[:, ones], *[pellucid.tensor(e[:, ones]) for e in parts(ends)]
        theirs, last = layer(X[:, ones], some(hx, (slice(None), ones)))
        close(mine, (theirs, last))
        alone, last = layer(X[:, i], some(hx, (slice(None), i)))
        close((y[:, i], *[pellucid.tensor(e[:, i]) for e in parts(ends)]), (alone, last))


@every_kind
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_over_a_sequence_is_its_cell_step_by_step(kind: str, bias: bool) -> None:
    layer = made(kind, bias=bias)
    cell = filled(made(f"{kind}Cell", bias=bias), layer, old="_l0", new="")
    hx = states(kind, 1)
    x = pellucid.tensor(X, requires_grad=True)
    y, ends = layer(x, hx)
    (y * numbers(y.shape, 1.0)).sum().backward()
    x_cell = pellucid.tensor(X, requires_grad=True)
    state = some(hx, 0)
    steps = []
    for t in range(T):
        state = cell(x_cell[t], state)
        steps.append(state[0] if kind == "LSTM" else state)
    stacked = np.stack(steps)
    (stacked * numbers(y.shape, 1.0)).sum().backward()
    close(y, stacked)
    for end, mine in zip(parts(ends), parts(state), strict=True):
        np.testing.assert_allclose(end[0], mine, rtol=1e-12)
    close(x.grad, x_cell.grad)
    for p, q in zip(layer.parameters(), cell.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-13)


@every_kind
def test_batch_first_is_a_transposition(kind: str) -> None:
    layer = made(kind, IN, H, 2, bidirectional=True)
    turned = made(kind, IN, H, 2, bidirectional=True, batch_first=True)
    hx = states(kind, 4)
    y, ends = layer(X, hx)
    z, ends_turned = turned(X.transpose(1, 0, 2), hx)
    np.testing.assert_array_equal(y.numpy(), z.numpy().transpose(1, 0, 2))
    for a, b in zip(parts(ends), parts(ends_turned), strict=True):
        np.testing.assert_array_equal(a, b)


@every_kind
def test_a_sequence_read_in_two_parts_is_the_whole(kind: str) -> None:
    layer = made(kind, IN, H, 2)
    whole, ends = layer(X)
    first, between = layer(X[:2])
    second, last = layer(X[2:], between)
    close(whole, pellucid.tensor(np.concatenate([first.numpy(), second.numpy()])))
    close(ends, last)


def test_the_last_states_carry_gradients() -> None:
    """A loss of h_n and c_n alone, over states that were given."""
    lstm = made("LSTM", IN, H, 2, proj_size=2)
    first = states("LSTM", 2, out=2)

    def ends(x: Any, h: Any, c: Any) -> Any:
        _, (h_n, c_n) = lstm(x, (h, c))
        return (h_n * 0.5).sum() + (c_n * numbers(c_n.shape, 0.7)).sum()

    assert pellucid.check_gradients(ends, X, *first).error < 1e-6


@pytest.mark.parametrize("asked", [True, False])
def test_the_backward_hook_sees_all_outputs(asked: bool) -> None:
    """Once for each backward, whether or not the data ask for a gradient."""
    lstm, seen = made("LSTM"), []
    lstm.register_full_backward_hook(lambda m, gx, gy: seen.append((gx, gy)))
    y, (h, c) = lstm(pellucid.tensor(X, requires_grad=asked))
    loss = (y * 2).sum() + (c * 3).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert len(seen) == 2
    for (gx,), (gy, gh, gc) in seen:
        assert (gx is not None) == asked
        assert gy.tolist() == np.full(y.shape, 2.0).tolist()
        assert gh is None
        assert gc.tolist() == np.full(h.shape, 3.0).tolist()


def test_great_numbers_do_not_overflow() -> None:
    for kind in KINDS:
        layer = made(kind).float()
        x = pellucid.tensor(np.full((T, B, IN), 1e4, np.float32), requires_grad=True)
        y, _ = layer(x)
        y.sum().backward()
        assert np.isfinite(y.numpy()).all()
        assert np.isfinite(x.grad.numpy()).all()


def test_dropout_stands_between_the_layers_while_training() -> None:
    lstm = nn.LSTM(IN, H, 2, dropout=0.5, generator=generator(1)).double()
    plain = nn.LSTM(IN, H, 2).double()
    plain.load_state_dict(lstm.state_dict())
    np.testing.assert_array_equal(lstm.eval()(X)[0].numpy(), plain(X)[0].numpy())
    lstm.train()
    first, (h, _) = lstm(X)
    assert not np.array_equal(first.numpy(), plain(X)[0].numpy())
    np.testing.assert_array_equal(h.numpy()[0], plain(X)[1][0].numpy()[0])  # the first layer's
    lstm.generator = generator(9)
    second = lstm(X)[0].numpy()
    lstm.generator = generator(9)
    np.testing.assert_array_equal(second, lstm(X)[0].numpy())


def test_initial_weights_lie_within_the_bound() -> None:
    for kind in KINDS:
        layer = getattr(nn, kind)(3, 16, 2, bidirectional=True, generator=generator(3))
        again = getattr(nn, kind)(3, 16, 2, bidirectional=True, generator=generator(3))
        values = np.concatenate([p.data.ravel() for p in layer.parameters()])
        assert 0.24 < np.abs(values).max() <= 0.25
        for p, q in zip(layer.parameters(), again.parameters(), strict=True):
            np.testing.assert_array_equal(p.data, q.data)


def test_workspace_or_not_the_bits_are_the_same() -> None:
    from pellucid.ops.recurrent import gru, gru_back, lstm, lstm_back, rnn, rnn_back

    cells = {"RNN": (rnn, rnn_back), "LSTM": (lstm, lstm_back), "GRU": (gru, gru_back)}
    for kind, (forth, back) in cells.items():
        W, R, b, d = (p.data for p in made(kind).parameters())
        more = {"RNN": ("tanh",), "LSTM": (None,), "GRU": ()}[kind]
        h0 = (None, None) if kind == "LSTM" else (None,)
        found = forth(X, *h0, W, R, b, d, *more)
        y, *kept = found if isinstance(found, tuple) else (found,)
        dy = numbers(y.shape, 2.0)
        args = {
            "RNN": (dy, y, R, "tanh"),
            "LSTM": (dy, *kept, None, R, None),
            "GRU": (dy, y, *kept, None, R),
        }[kind]
        for helper, given in ((forth, (X, *h0, W, R, b, d, *more)), (back, args)):
            one = helper(*given)
            fresh = one if isinstance(one, tuple) else (one,)
            space = tuple(np.full_like(a, np.nan) for a in fresh)
            other = helper(*given, out=space if isinstance(one, tuple) else space[0])
            other = other if isinstance(other, tuple) else (other,)
            for a, o, s in zip(fresh, other, space, strict=True):
                assert o is s
                assert a.flags.c_contiguous
                np.testing.assert_array_equal(a, o)
