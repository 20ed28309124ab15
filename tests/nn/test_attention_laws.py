"""What attention, embeddings and positions must satisfy whatever their numbers are."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn, no_grad, tensor
from pellucid.nn import functional as F
from pellucid.random import generator, step_key

from .cases.base import numbers

B, T, E = 3, 5, 8
NEAR = {"rtol": 1e-12, "atol": 1e-14}
LAYERS = {
    "encoder": lambda **how: nn.TransformerEncoderLayer(8, 2, 6, 0.0, "gelu", **how),
    "encoder, norm first": lambda **how: nn.TransformerEncoderLayer(
        8, 4, 6, 0.0, norm_first=True, **how
    ),
    "decoder": lambda **how: nn.TransformerDecoderLayer(8, 2, 6, 0.0, "gelu", **how),
}
every_layer = pytest.mark.parametrize("name", LAYERS)
every_encoder = pytest.mark.parametrize("name", [name for name in LAYERS if "encoder" in name])


def made(name: str, **how: Any) -> nn.Module:
    return LAYERS[name](generator=generator(1), **how).double()


def called(layer: nn.Module, x: Any, **how: Any) -> Any:
    """The layer on ``x``; a decoder looks at a memory that is always the same."""
    if isinstance(layer, nn.TransformerDecoderLayer):
        names = {"is_causal": "tgt_is_causal", "padding": "tgt_key_padding_mask"}
        memory = numbers((len(x), 4, E), 2.0)
        return layer(x, memory, **{names[k]: v for k, v in how.items()}).numpy()
    names = {"padding": "src_key_padding_mask"}
    return layer(x, **{names.get(k, k): v for k, v in how.items()}).numpy()


X = numbers((B, T, E), 0.3)


# -- attention --


def test_attention_does_not_feel_a_permutation_of_the_keys() -> None:
    q, k, v = (numbers((B, n, E), s) for n, s in ((T, 0.0), (7, 1.0), (7, 2.0)))
    order = np.array([3, 1, 6, 0, 2, 5, 4])
    mask = np.arange(T * 7).reshape(T, 7) % 3 > 0
    for hidden in (None, mask, np.where(mask, 0.5, -np.inf)):
        moved = None if hidden is None else hidden[:, order]
        y = F.scaled_dot_product_attention(q, k, v, hidden)
        again = F.scaled_dot_product_attention(q, k[:, order], v[:, order], moved)
        np.testing.assert_allclose(y.numpy(), again.numpy(), **NEAR)
    attention = nn.MultiheadAttention(E, 2, batch_first=True).double()
    y, weights = attention(q, k, v)
    again, moved = attention(q, k[:, order], v[:, order])
    np.testing.assert_allclose(y.numpy(), again.numpy(), **NEAR)
    np.testing.assert_allclose(weights.numpy()[:, :, order], moved.numpy(), **NEAR)


@every_layer
def test_without_positions_a_permutation_of_places_permutes_the_output(name: str) -> None:
    layer, order = made(name, batch_first=True), np.array([2, 0, 4, 1, 3])
    np.testing.assert_allclose(called(layer, X)[:, order], called(layer, X[:, order]), **NEAR)


@every_layer
@pytest.mark.parametrize("t", range(1, T))
def test_causal_attention_does_not_look_ahead(name: str, t: int) -> None:
    layer, later = made(name, batch_first=True), X.copy()
    later[:, t:] *= -2.0
    one, other = called(layer, X, is_causal=True), called(layer, later, is_causal=True)
    np.testing.assert_array_equal(one[:, :t], other[:, :t])
    assert (one[:, t:] != other[:, t:]).all()
    assert (called(layer, X)[:, :t] != called(layer, later)[:, :t]).all()


@every_encoder
def test_a_batch_of_n_is_n_batches_of_one(name: str) -> None:
    layer = made(name, batch_first=True)
    whole = called(layer, X)
    ones = [called(layer, X[i : i + 1])[0] for i in range(B)]
    np.testing.assert_allclose(whole, ones, **NEAR)
    np.testing.assert_allclose(whole, [called(layer, x) for x in X], **NEAR)


def test_a_batch_that_looks_elsewhere_is_batches_of_one() -> None:
    memory = numbers((B, 4, E), 2.0)
    for layer in (nn.MultiheadAttention(E, 2, batch_first=True), nn.Transformer(8, 2, 1, 1, 6)):
        layer.double().eval()
        if isinstance(layer, nn.Transformer):
            whole = layer(memory.swapaxes(0, 1), X.swapaxes(0, 1)).numpy().swapaxes(0, 1)
            ones = [layer(memory[i], X[i]).numpy() for i in range(B)]
        else:
            whole = layer(X, memory, memory)[0].numpy()
            ones = [layer(X[i], memory[i], memory[i])[0].numpy() for i in range(B)]
        np.testing.assert_allclose(whole, ones, **NEAR)


@every_encoder
def test_batch_first_only_turns_the_axes(name: str) -> None:
    first, last = made(name, batch_first=True), made(name)
    last.load_state_dict(first.state_dict())
    turned = called(last, X.swapaxes(0, 1), is_causal=True).swapaxes(0, 1)
    np.testing.assert_allclose(called(first, X, is_causal=True), turned, **NEAR)


@every_layer
def test_a_padded_key_changes_nothing(name: str) -> None:
    layer = made(name, batch_first=True)
    longer = np.concatenate([X, np.full((B, 2, E), 7.0)], axis=1)
    padding = np.arange(T + 2) >= T
    padded = called(layer, longer, padding=np.tile(padding, (B, 1)))
    np.testing.assert_allclose(padded[:, :T], called(layer, X), **NEAR)


def test_hidden_keys_get_no_weight_and_no_gradient() -> None:
    k = tensor(numbers((B, T, E), 1.0), requires_grad=True)
    v = tensor(numbers((B, T, E), 2.0), requires_grad=True)
    seen = np.arange(T) < 3
    for mask in (seen, np.where(seen, 0.0, -np.inf)):
        k.zero_grad(), v.zero_grad()
        F.scaled_dot_product_attention(X, k, v, mask.reshape(1, T)).sum().backward()
        assert k.grad is not None and v.grad is not None
        for g in (k.grad.numpy(), v.grad.numpy()):
            assert np.isfinite(g).all() and not g[:, 3:].any() and g[:, :3].any()


def test_the_two_boolean_masks_are_opposites_as_in_torch() -> None:
    attention = nn.MultiheadAttention(E, 1, batch_first=True).double()
    state = {name: np.zeros_like(v) for name, v in attention.state_dict().items()}
    state["in_proj_weight"] = np.concatenate([np.eye(E)] * 3)
    state["out_proj.weight"] = np.eye(E)
    attention.load_state_dict(state)
    hide = np.triu(np.ones((T, T), bool), 1)
    theirs = F.scaled_dot_product_attention(X, X, X, ~hide).numpy()
    np.testing.assert_allclose(attention(X, X, X, attn_mask=hide)[0].numpy(), theirs, **NEAR)


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("added", [{}, {"add_bias_kv": True}, {"add_zero_attn": True}])
def test_causal_is_its_mask_with_any_other_mask(need_weights: bool, added: dict[str, bool]) -> None:
    attention = nn.MultiheadAttention(E, 2, batch_first=True, **added).double()
    x = tensor(X)
    padding = np.zeros((B, T), bool)
    padding[1, 3:] = True
    later = nn.Transformer.generate_square_subsequent_mask(T, np.float64)
    for pad in (None, padding, np.where(padding, -np.inf, 0.5)):
        how = {"key_padding_mask": pad, "need_weights": need_weights}
        masks = [{"is_causal": True}, {"attn_mask": later}, {"attn_mask": later.numpy() < 0}]
        masks += [{"is_causal": True, "attn_mask": later}]
        one, *others = (attention(x, x, x, **how, **mask)[0].numpy() for mask in masks)
        for other in others:
            np.testing.assert_allclose(one, other, **NEAR)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("mask", [{}, {"is_causal": True}])
def test_one_product_for_q_k_v_gives_what_three_give(
    batch_first: bool, bias: bool, mask: dict[str, Any]
) -> None:
    attention = nn.MultiheadAttention(E, 2, bias=bias, batch_first=batch_first).double()
    results = []
    for need_weights in (False, True):
        x = tensor(X, requires_grad=True)
        attention.zero_grad()
        y, _ = attention(x, x, x, need_weights=need_weights, **mask)
        (y * numbers(y.shape, 1.0)).sum().backward()
        results.append([y, x.grad, *[p.grad for p in attention.parameters()]])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-11, atol=1e-13)


def test_plain_arrays_give_what_tensors_give() -> None:
    for array in (X, X[0]):
        attention = nn.MultiheadAttention(E, 2, batch_first=True).double()
        one, _ = attention(array, array, array, need_weights=False)
        other, _ = attention(*[tensor(array)] * 3, need_weights=False)
        np.testing.assert_allclose(one.numpy(), other.numpy(), **NEAR)


def test_a_key_that_is_detached_gets_no_gradient() -> None:
    attention = nn.MultiheadAttention(E, 2, batch_first=True).double()
    slopes = []
    for k in (tensor(X), tensor(X, requires_grad=True).detach()):
        x = tensor(X, requires_grad=True)
        same = x.detach() if k.data is not x.data else k
        attention(x, same, same, need_weights=False)[0].sum().backward()
        slopes.append(x.grad.numpy())
    np.testing.assert_array_equal(*slopes)
    x = tensor(X, requires_grad=True)
    attention(x, x, x, need_weights=False)[0].sum().backward()
    assert not np.allclose(x.grad.numpy(), slopes[0])


def test_gradients_of_a_learnt_bias_on_the_scores() -> None:
    attention = nn.MultiheadAttention(E, 2, batch_first=True).double()

    def biased(bias: Any) -> Any:
        return attention(*[tensor(X)] * 3, attn_mask=bias, need_weights=False)[0]

    assert pellucid.check_gradients(biased, numbers((T, T), 0.0)).error < 1e-6
    assert pellucid.check_gradients(biased, numbers((2 * B, T, T), 0.0)).error < 1e-6


@pytest.mark.parametrize("shape", [(T, 7), (1, 7), (B, 1, T, 7), (B, 4, T, 7)])
def test_grouped_queries_are_repeated_keys(shape: tuple[int, ...]) -> None:
    q = numbers((B, 4, T, 6), 0.0)
    k, v = numbers((B, 2, 7, 6), 1.0), numbers((B, 2, 7, 3), 2.0)
    mask = numbers(shape, 3.0)
    y = F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
    k, v = (np.repeat(x, 2, axis=1) for x in (k, v))
    again = F.scaled_dot_product_attention(q, k, v, mask)
    np.testing.assert_allclose(y.numpy(), again.numpy(), **NEAR)


def test_the_scale_is_one_over_the_root_of_the_width() -> None:
    y = F.scaled_dot_product_attention(X, X, X)
    again = F.scaled_dot_product_attention(X, X, X, scale=E**-0.5)
    np.testing.assert_allclose(y.numpy(), again.numpy(), **NEAR)
    assert not np.allclose(y.numpy(), F.scaled_dot_product_attention(X, X, X, scale=1.0).numpy())


# -- dropout --


def test_dropout_of_attention_draws_from_generators() -> None:
    runs = [
        F.scaled_dot_product_attention(X, X, X, dropout_p=0.5, generator=generator(4)).numpy()
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*runs)
    attention = nn.MultiheadAttention(E, 2, dropout=0.5, batch_first=True)
    x = tensor(X)
    for need_weights in (False, True):
        with step_key(0, 0, 1):
            one = attention(x, x, x, need_weights=need_weights)[0].numpy()
        with step_key(0, 0, 1):
            same = attention(x, x, x, need_weights=need_weights)[0].numpy()
        with step_key(0, 0, 2):
            other = attention(x, x, x, need_weights=need_weights)[0].numpy()
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()


def test_dropout_rests_in_eval_mode_and_drops_the_weights_while_training() -> None:
    attention = nn.MultiheadAttention(E, 2, dropout=0.5, batch_first=True)
    x = tensor(np.tile(X, (20, 1, 1)))
    _, weights = attention(x, x, x, average_attn_weights=False)
    share = (weights.numpy() == 0).mean()
    assert 0.45 < share < 0.55
    attention.eval()
    _, weights = attention(x, x, x)
    np.testing.assert_allclose(weights.numpy().sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(attention(x, x, x)[0].numpy(), attention(x, x, x)[0].numpy())


# -- the stacks --


def test_the_copies_of_a_stack_start_equal_and_learn_apart() -> None:
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 6), 2)
    first, second = stack.layers[0], stack.layers[1]
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
        assert one.data is not other.data
    whole = nn.Transformer(8, 2, 2, 2, 6)
    weights = [layer.linear1.weight.numpy() for layer in whole.encoder.layers]
    assert (weights[0] != weights[1]).any()


def test_initial_weights_are_torchs() -> None:
    attention = nn.MultiheadAttention(64, 4, generator=generator(2))
    w = attention.in_proj_weight.numpy()
    bound = (6 / (64 + 3 * 64)) ** 0.5
    assert 0.99 * bound < abs(w).max() <= bound
    assert not attention.in_proj_bias.numpy().any() and not attention.out_proj.bias.numpy().any()
    again = nn.MultiheadAttention(64, 4, generator=generator(2))
    np.testing.assert_array_equal(w, again.in_proj_weight.numpy())
    net = nn.Transformer(32, 4, 1, 1, 64, generator=generator(2))
    for name, p in net.named_parameters():
        if p.ndim > 1:
            bound = (6 / sum(p.shape)) ** 0.5
            assert 0.95 * bound < abs(p.numpy()).max() <= bound, name


def test_an_own_encoder_and_a_function_of_ones_own() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 6), 1)
    net = nn.Transformer(8, 2, 1, 1, 6, custom_encoder=encoder, activation=F.gelu)
    assert net.encoder is encoder
    assert net(X, X).shape == X.shape
    layer = nn.TransformerEncoderLayer(8, 2, 6, activation=nn.SiLU())
    again = nn.rebuild(json.loads(json.dumps(nn.describe(layer))))
    assert repr(again) == repr(layer)


def test_a_padding_mask_made_of_the_tokens_themselves() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(9, E, padding_idx=0)
            self.layer = nn.TransformerEncoderLayer(E, 2, 6, 0.0, batch_first=True)

        def forward(self, ids: Any) -> Any:
            return self.layer(self.tokens(ids), src_key_padding_mask=ids == 0)

    ids = np.array([[3, 1, 0, 0], [2, 5, 7, 1]])
    net = Reader().double()
    np.testing.assert_allclose(net(ids).numpy()[0, :2], net(ids[:1, :2]).numpy()[0], **NEAR)


# -- embeddings --


def test_an_embedding_is_a_linear_of_one_hot_rows() -> None:
    ids, table = np.array([[3, 0, 3], [1, 5, 3]]), tensor(numbers((6, 4), 0.0), requires_grad=True)
    g, results = numbers((2, 3, 4), 1.0), []
    hot = F.one_hot(ids, 6).astype(np.float64)
    for y in (F.embedding(ids, table), hot @ table):
        table.zero_grad()
        y.backward(g)
        results.append((y.numpy(), table.grad.numpy()))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, **NEAR)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_a_bag_is_an_embedding_brought_together(mode: str, dtype: Any) -> None:
    ids, table = np.array([[3, 0, 3], [1, 5, 3]], dtype), numbers((6, 4), 0.0)
    rows = F.embedding(ids, table)
    expected = getattr(np, mode)(rows.numpy(), axis=1)
    y = F.embedding_bag(ids, table, mode=mode)
    flat = F.embedding_bag(ids.ravel(), table, offsets=np.array([0, 3]), mode=mode)
    np.testing.assert_allclose(y.numpy(), expected, **NEAR)
    np.testing.assert_allclose(flat.numpy(), expected, **NEAR)


def test_many_tokens_of_a_small_dtype_add_up_in_the_right_rows() -> None:
    ids = generator(0).integers(0, 256, 3000).astype(np.uint8)
    table = tensor(np.zeros((256, 40)), requires_grad=True)
    F.embedding(ids, table).backward(np.ones((3000, 40)))
    np.testing.assert_array_equal(table.grad.numpy()[:, 7], np.bincount(ids, minlength=256))


def test_the_padding_row_starts_and_stays_zero() -> None:
    for layer in (nn.Embedding(5, 3, padding_idx=-1), nn.EmbeddingBag(5, 3, padding_idx=4)):
        assert layer.padding_idx == 4
        assert not layer.weight.numpy()[4].any() and layer.weight.numpy()[:4].all()
        layer(np.array([[4, 1], [4, 4]])).sum().backward()
        assert not layer.weight.grad.numpy()[4].any() and layer.weight.grad.numpy()[1].any()


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_pretrained_rows(kind: Any) -> None:
    rows = numbers((5, 3), 0.0)
    fixed, free = kind.from_pretrained(rows), kind.from_pretrained(rows, freeze=False)
    assert fixed.weight.dtype == np.float64
    assert not fixed.weight.requires_grad and free.weight.requires_grad
    with no_grad():
        free.weight[0] = 0.0
    np.testing.assert_array_equal(rows, numbers((5, 3), 0.0))  # a copy learns
    described = nn.describe(fixed)
    assert len(json.dumps(described)) < 300  # the numbers are no part of the architecture
    again = nn.rebuild(json.loads(json.dumps(described)))
    assert repr(again) == repr(fixed) and not again.weight.requires_grad
    assert copy.deepcopy(fixed).weight.requires_grad is False


def test_reprs_are_torchs() -> None:
    assert repr(nn.Embedding(5, 3, padding_idx=-1)) == "Embedding(5, 3, padding_idx=4)"
    bag = nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1, scale_grad_by_freq=True)
    assert repr(bag) == "EmbeddingBag(5, 3, scale_grad_by_freq=True, mode='sum', padding_idx=1)"


def test_one_hot() -> None:
    assert F.one_hot(np.array([[0, 2]])).tolist() == [[[1, 0, 0], [0, 0, 1]]]
    assert F.one_hot(1, 3).tolist() == [0, 1, 0]
    assert F.one_hot(np.array([], int), 3).shape == (0, 3)
    assert F.one_hot(np.array([1], np.uint8)).dtype == np.int64


# -- positions --


def test_sinusoidal_positions_are_those_of_the_paper() -> None:
    table = nn.SinusoidalPositions(50, 8).table.numpy()
    for t in (0, 1, 7, 49):
        for i in range(4):
            angle = t / 10000 ** (2 * i / 8)
            np.testing.assert_allclose(table[t, 2 * i], np.sin(angle), atol=1e-6)
            np.testing.assert_allclose(table[t, 2 * i + 1], np.cos(angle), atol=1e-6)


def test_a_step_in_sinusoidal_positions_is_a_rotation() -> None:
    p = nn.SinusoidalPositions(60, 8, dtype=np.float64).table.numpy().reshape(60, 4, 2)
    steps = (p[:50] * p[10:]).sum(axis=-1)  # the cosine of the same angle at every place
    np.testing.assert_allclose(steps, np.tile(steps[0], (50, 1)), atol=1e-12)


@pytest.mark.parametrize("kind", [nn.SinusoidalPositions, nn.LearnedPositions])
def test_positions_say_the_same_in_every_layout(kind: Any) -> None:
    first, last = kind(9, E, batch_first=True).double(), kind(9, E).double()
    last.load_state_dict(first.state_dict())
    y = first(X).numpy()
    np.testing.assert_array_equal(last(X.swapaxes(0, 1)).numpy().swapaxes(0, 1), y)
    np.testing.assert_array_equal(last(X[0]).numpy(), y[0])
    np.testing.assert_allclose(y - X, np.tile((y - X)[0], (B, 1, 1)), atol=1e-12)


def test_what_positions_save() -> None:
    assert list(nn.SinusoidalPositions(9, E).state_dict()) == []
    assert list(nn.LearnedPositions(9, E).state_dict()) == ["weight"]
    spread = nn.LearnedPositions(200, 50, generator=generator(1)).weight.numpy().std()
    assert 0.019 < spread < 0.021
