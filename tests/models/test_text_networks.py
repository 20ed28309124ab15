"""Networks for text: what each place may see, what they are built from, how they write."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import nn
from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.models import BERT, GPT, TextRNN, build
from pellucid.models.filling import Filler
from pellucid.models.sampling import Sampler, chosen

V = 7
LETTERS = tuple("abcdef\n")
SMALL = {"vocabulary": V, "context": 8, "layers": 2, "heads": 2, "width": 8}
SPECS = {
    "gpt": {"model": "gpt", **SMALL},
    "bert": {"model": "bert", **SMALL},
    **{
        cell: {"model": "text-rnn", "vocabulary": V, "cell": cell, "embedding": 4, "hidden": 6}
        for cell in ("rnn", "lstm", "gru")
    },
}


def network(name, **options):
    return build({**SPECS[name], **options}, np.random.default_rng(1)).eval()


def tokens(n=3, length=8):
    return np.random.default_rng(0).integers(V, size=(n, length))


@pytest.mark.parametrize("name", SPECS)
def test_a_batch_is_as_good_as_its_rows(name):
    model, x = network(name), tokens()
    whole = model(x).data
    assert whole.shape == (3, 8, V)
    rows = np.concatenate([model(x[i : i + 1]).data for i in range(3)])
    np.testing.assert_allclose(rows, whole, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt", "rnn", "lstm", "gru"])
def test_no_place_sees_what_follows(name):
    model, x = network(name), tokens()
    other = x.copy()
    other[:, 5:] = (other[:, 5:] + 1) % V
    before, after = model(x).data, model(other).data
    np.testing.assert_allclose(before[:, :5], after[:, :5], atol=1e-6)
    assert np.abs(before[:, 5:] - after[:, 5:]).max() > 1e-3


def test_bert_sees_what_follows_and_its_mask_is_a_token_more():
    model, x = network("bert"), tokens()
    other = x.copy()
    other[:, 7] = model.mask
    assert model.mask == V and model.tokens.num_embeddings == V + 1
    assert np.abs(model(x).data[:, 0] - model(other).data[:, 0]).max() > 1e-6


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_and_a_seed_give_the_same_network_and_it_can_be_described(name):
    one, two = network(name), network(name)
    first, second = one.state_dict(), two.state_dict()
    assert all((first[path] == second[path]).all() for path in first)
    again = nn.rebuild(nn.describe(one))
    again.load_state_dict(one.state_dict())
    assert (again.eval()(tokens()).data == one(tokens()).data).all()


def test_the_first_weights_of_gpt_are_small_and_those_that_add_to_the_stream_smaller():
    model = build({**SPECS["gpt"], "width": 64, "layers": 8}, np.random.default_rng(0))
    found = dict(model.named_parameters())
    assert found["head.weight"].data.std() == pytest.approx(0.02, rel=0.1)
    adds = found["blocks.3.linear2.weight"].data
    assert adds.std() == pytest.approx(0.02 / 4, rel=0.1)
    assert not found["blocks.3.linear2.bias"].data.any()


@pytest.mark.parametrize("make", [GPT, BERT])
def test_heads_that_do_not_divide_the_width(make):
    with pytest.raises(OptionError) as error:
        make(V, width=10, heads=4)
    assert "got:    width 10 and 4 heads" in str(error.value)
    assert "needs:  heads that divide the width" in str(error.value)


@pytest.mark.parametrize("name", ["gpt", "bert"])
def test_more_places_than_the_context(name):
    with pytest.raises(ShapeError) as error:
        network(name)(tokens(2, 9))
    assert "got:    tokens of shape (2, 9)" in str(error.value)
    assert "needs:  (batch, places), at most 8 places" in str(error.value)


def test_an_unknown_cell():
    with pytest.raises(OptionError, match="did you mean 'lstm'"):
        TextRNN(V, "lstmm")


# -- writing on --


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_step_by_step_is_the_whole_text(name):
    model, x = network(name, layers=2), tokens(1, 6)
    state, found = None, []
    for t in range(6):
        z, state = model.step(x[:, t : t + 1], state)
        found.append(z.data[:, 0])
    np.testing.assert_allclose(np.stack(found, axis=1), model(x).data, atol=1e-6)


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_the_key_decides_what_is_written(name):
    sampler = Sampler(network(name), LETTERS)
    texts = [sampler.write("ab", 30, key=(seed,)) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 30 and set(texts[0]) <= set(LETTERS)


def test_at_temperature_0_the_likeliest_follows():
    model = network("gpt")
    text, told = "abc", Sampler(model, LETTERS).write("abc", 12, temperature=0)
    for letter in told:
        seen = np.array([[LETTERS.index(c) for c in text[-8:]]])
        assert letter == LETTERS[int(model(seen).data[0, -1].argmax())]
        text += letter


def test_a_text_ends_at_the_stop():
    sampler = Sampler(network("lstm"), LETTERS)
    whole = sampler.write("a", 200, key=(3,))
    assert "c" in whole
    assert sampler.write("a", 200, key=(3,), stop="c") == whole[: whole.index("c") + 1]


def test_top_k_and_temperature_shape_the_draw():
    z = np.array([0.0, 1.0, 2.0, 3.0])
    rng = np.random.default_rng(0)
    assert {chosen(z, 1.0, 2, rng) for _ in range(200)} == {2, 3}
    cold = np.mean([chosen(z, 0.5, None, rng) == 3 for _ in range(4000)])
    hot = np.mean([chosen(z, 2.0, None, rng) == 3 for _ in range(4000)])
    p = np.exp(z * 2) / np.exp(z * 2).sum()
    assert cold == pytest.approx(p[3], abs=0.03)
    p = np.exp(z / 2) / np.exp(z / 2).sum()
    assert hot == pytest.approx(p[3], abs=0.03)


def test_the_mode_of_the_network_comes_back():
    model = network("gpt", dropout=0.5).train()
    sampler = Sampler(model, LETTERS)
    assert sampler.write("a", 10, key=(1,)) == sampler.write("a", 10, key=(1,))
    assert model.training


@pytest.mark.parametrize(
    ("prompt", "options", "error", "words"),
    [
        ("", {}, DataError, "an empty prompt"),
        ("xyz", {}, DataError, "the character 'x' at place 0"),
        ("a", {"temperature": -0.5}, OptionError, "temperature -0.5"),
        ("a", {"temperature": float("nan")}, OptionError, "temperature nan"),
        ("a", {"top_k": 0}, OptionError, "top-k 0"),
    ],
)
def test_what_cannot_be_written_on_from(prompt, options, error, words):
    with pytest.raises(error, match=words):
        Sampler(network("gpt"), LETTERS).write(prompt, 5, **options)


# -- filling gaps --


def test_the_surest_gap_is_filled_first_and_then_known():
    model = network("bert")
    filler = Filler(model, LETTERS)
    filled = filler.fill("ab__ef", count=2)
    x = np.full((1, 8), V)
    x[0, :6] = [0, 1, V, V, 4, 5]
    p = filler.shares(x)[0, 2:4]
    first = int(p.max(axis=1).argmax())
    place, shares = filled.gaps[first]
    assert place == 2 + first
    assert shares[0][0] == filled.text[place] == LETTERS[int(p[first].argmax())]
    assert shares[0][1] == pytest.approx(p[first].max())
    x[0, place] = p[first].argmax()
    other = 5 - place
    assert filled.text[other] == LETTERS[int(filler.shares(x)[0, other].argmax())]
    assert filled.text[:2] + filled.text[4:] == "abef"


def test_a_text_longer_than_the_context_is_filled_too():
    filled = Filler(network("bert"), LETTERS).fill("abcdefabcdef_abcdefabc_efab_")
    assert [place for place, _ in filled.gaps] == [12, 22, 27]
    assert "_" not in filled.text and len(filled.text) == 28


@pytest.mark.parametrize(("text", "got"), [("", "an empty text"), ("abc", "a text without a gap")])
def test_nothing_to_fill(text, got):
    with pytest.raises(DataError, match=got):
        Filler(network("bert"), LETTERS).fill(text)
