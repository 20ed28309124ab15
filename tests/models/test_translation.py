"""The networks that translate: shapes, padding, what they may see, and where they look."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.autograd import Tensor, no_grad
from pellucid.data.pairs import MARKS
from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.models import build
from pellucid.models.translator import Translator

V, S, T = 12, 6, 5
SPECS = {
    "transformer": {"model": "translation-transformer", "layers": 2, "heads": 2, "width": 8},
    "lstm": {"model": "translation-lstm", "embedding": 4, "hidden": 8},
}


@pytest.fixture(params=SPECS)
def net(request):
    spec = {**SPECS[request.param], "vocabulary": V, "source": S, "target": T}
    return build(spec, np.random.default_rng(3)).to(np.float64).eval()


def tokens(rows=3, places=T, seed=0):
    x = np.random.default_rng(seed).integers(3, V, (rows, S + places))
    x[1:, S - 2 : S] = 0
    x[2, 2:S] = 0
    x[:, S] = 1
    return x


def test_a_place_sees_the_target_up_to_it_and_all_of_the_source(net):
    x = tokens()
    with no_grad():
        y = net(x).data
        assert y.shape == (3, T, V)
        later = x.copy()
        later[:, S + 3 :] = 5
        assert np.array_equal(net(later).data[:, :3], y[:, :3])
        assert not np.allclose(net(later).data[:, 3:], y[:, 3:])
        other = x.copy()
        other[0, S - 1] = 3 + (x[0, S - 1] - 2) % (V - 3)
        assert (np.abs(net(other).data[0] - y[0]).max(axis=-1) > 0).all()


def test_no_attention_falls_on_padding(net):
    x = tokens()
    weights = net.alignment(x)
    assert weights.shape[1] == 3 and weights.shape[3:] == (T, S)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
    assert not weights[:, 1, ..., S - 2 :].any()
    assert not weights[:, 2, ..., 2:].any()
    assert weights[:, 0].all()


def test_the_map_shows_the_weights_of_the_forward_pass(net):
    x = tokens()
    source, target = Tensor(x[:, :S]), Tensor(x[:, S:])
    with no_grad():
        before, memory = net(x).data, net.encode(source)
        by_hand = (_of_lstm if hasattr(net, "combine") else _of_transformer)(net, target, memory, x)
    by_hand = np.where((x[:, :S] == 0)[:, np.newaxis, np.newaxis], -np.inf, by_hand)
    e = np.exp(by_hand - by_hand.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(net.alignment(x)[0], e / e.sum(axis=-1, keepdims=True), atol=1e-12)
    with no_grad():
        assert np.array_equal(net(x).data, before)  # the hooks are down again


def _of_lstm(net, target, memory, x):
    """The scores of Luong's equation 8, "general": h_t W_a m_s, as (B, 1, T, S)."""
    h = net._written(target, memory, Tensor(x[:, :S]) != 0).data
    return np.einsum("btw,bsw->bts", h @ net.score.weight.data.T, memory.data)[:, np.newaxis]


def _of_transformer(net, target, memory, x):
    """The scores of the first layer that looks at the source, (B, heads, T, S)."""
    layer = net.transformer.decoder.layers[0]
    seen = net._embed(target)
    q = layer.norm2(seen + layer._attend(layer.norm1(seen), None, None, True)).data
    W, b = layer.multihead_attn.in_proj_weight.data, layer.multihead_attn.in_proj_bias.data
    q, k = q @ W[:8].T + b[:8], memory.data @ W[8:16].T + b[8:16]
    q, k = (a.reshape(len(x), -1, 2, 4).transpose(0, 2, 1, 3) for a in (q, k))
    return q @ k.swapaxes(-1, -2) / 2


def test_a_shorter_target_gives_the_beginning_of_the_answer(net):
    x = tokens()
    with no_grad():
        y = net(x).data
        for t in range(1, T + 1):
            np.testing.assert_allclose(net(x[:, : S + t]).data, y[:, :t], atol=1e-12)


def test_tokens_of_another_width_are_refused(net):
    for x in (np.zeros((2, S), int), np.zeros((2, S + T + 1), int), np.zeros(S + 1, int)):
        with pytest.raises(ShapeError, match=r"a source, and T target tokens, 1 to 5"):
            net(x)


def test_heads_that_do_not_divide_the_width():
    spec = {**SPECS["transformer"], "vocabulary": V, "source": S, "target": T, "heads": 3}
    with pytest.raises(OptionError, match="got:    width 8 and 3 heads"):
        build(spec, np.random.default_rng(0))


# -- the translator --


@pytest.fixture
def translator(net):
    return Translator(net, (*MARKS, *"abcdefghi"))


def test_greedy_is_the_first_of_a_beam_of_one(translator):
    sources = ["abc", "i", "hgfedc", "aab"]
    for source, t in zip(sources, translator.translate(sources), strict=True):
        (best,) = translator.best(source, 1)
        assert (best.text, best.ended) == (t.text, t.ended)
        assert best.probability == pytest.approx(t.probability)
        assert np.prod(t.characters) == pytest.approx(t.probability)


def test_a_beam_gives_so_many_translations_the_likeliest_first(translator):
    found = translator.best("abc", 5)
    shares = [t.probability for t in found]
    assert len(found) == 5 and shares == sorted(shares, reverse=True)
    assert shares[0] >= translator.translate(["abc"])[0].probability - 1e-12


@pytest.mark.parametrize(("target", "rows"), [("", 1), ("ab", 3), ("abcd", 5), ("abcde", 5)])
def test_a_map_has_a_row_for_each_character_and_the_end(translator, target, rows):
    weights = translator.alignment("abc", target)
    assert weights.shape[2:] == (rows, 3)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)


def test_draws_depend_on_the_key_alone(translator):
    one, two, other = (translator.sample(["abc"] * 5, key=(k,)) for k in (1, 1, 2))
    assert one == two != other
    assert translator.sample(["abc"], temperature=0) == translator.translate(["abc"])


def test_training_mode_is_left_as_it_was(translator):
    translator.model.train()
    translator.translate(["ab"])
    assert translator.model.training


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", r"DataError in source\n  got:    an empty text\n  needs:  a text to translate"),
        ("abz", r"source 'abz'\n  got:    the character 'z' at place 2\n  needs:  one of the 9 "),
        ("abcabca", r"got:    7 characters\n  needs:  at most 6, the longest that the network"),
    ],
)
def test_sources_that_cannot_be_read(translator, source, words):
    with pytest.raises(DataError, match=words):
        translator.translate([source])
