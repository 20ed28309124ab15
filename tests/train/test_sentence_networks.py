"""Networks that read sentences: what padding must not change, and every run is the same run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from runs import Kill, Killed, same

import pellucid
from pellucid import models, nn
from pellucid.autograd import Tensor
from pellucid.data.labelled_text import Sentences, made_reviews
from pellucid.data.words import SentencePreparation
from pellucid.errors import OptionError, ShapeError
from pellucid.models.influence import influence
from pellucid.models.sentences import BagOfWords, SentenceRNN, SentenceTransformer
from pellucid.random import generator

DATA = made_reviews(60)
KNOWN = SentencePreparation.of(DATA.texts, DATA.classes)
TRAIN, TEST = Sentences.of(DATA, KNOWN), Sentences.of(DATA.test, KNOWN)
SIZES = {"vocabulary": len(KNOWN.vocabulary), "classes": 2}
RNN: dict[str, Any] = {"model": "sentence-rnn", **SIZES, "embedding": 6, "hidden": 5}
SPECS: dict[str, dict[str, Any]] = {
    "bag": {"model": "bag-of-words", **SIZES},
    "lstm": {**RNN, "cell": "lstm", "dropout": 0.2},
    "gru, last": {**RNN, "cell": "gru", "pool": "last"},
    "lstm, both ways": {**RNN, "both_ways": True},
    "transformer": {
        "model": "sentence-transformer",
        **SIZES,
        "context": KNOWN.context,
        "width": 8,
        "heads": 2,
        "layers": 2,
        "dropout": 0.1,
    },
}


def network(name: str) -> nn.Module:
    return models.build(SPECS[name], generator(0, "weights"))


def fitted(name: str, **options: Any) -> pellucid.Run:
    return pellucid.fit(
        network(name),
        TRAIN,
        TEST,
        preparation=KNOWN,
        task="classification",
        classes=DATA.classes,
        epochs=2,
        batch_size=16,
        checkpoint_seconds=0.0,
        clip_norm=1.0,
        **options,
    )


@pytest.mark.parametrize("name", SPECS)
def test_more_padding_changes_nothing(name):
    if name == "lstm, both ways":
        pytest.skip("the way back starts in the padding")
    net = network(name).eval()
    tokens = np.array([[3, 9, 2, 0, 0], [4, 0, 0, 0, 0]])
    more = np.pad(tokens, ((0, 0), (0, 3)))
    assert np.allclose(net(tokens).data, net(more).data, atol=1e-6)
    assert np.allclose(net(tokens).data[1], net(tokens[1:, :1]).data[0], atol=1e-6)


@pytest.mark.parametrize("name", SPECS)
def test_order_matters_except_to_a_bag_of_words(name):
    net = network(name).eval()
    one, two = net(np.array([[3, 9, 2, 5], [5, 2, 9, 3]])).data
    assert np.allclose(one, two, atol=1e-6) is (name == "bag")


@pytest.mark.parametrize("name", SPECS)
def test_an_empty_row_gives_numbers(name):
    assert np.isfinite(network(name)(np.zeros((2, 4), int)).data).all()


def test_a_bag_of_words_is_a_linear_layer_on_counts():
    net = BagOfWords(20, 3)
    net.bias.data[:] = [0.5, -1.0, 2.0]
    linear = nn.Linear(20, 3)
    linear.weight.data[:], linear.bias.data[:] = net.embedding.weight.data.T, net.bias.data
    x = np.random.default_rng(0).integers(2, 20, (7, 9))
    counts = np.stack([np.bincount(row, minlength=20) for row in x]).astype(np.float32)
    assert np.allclose(net(x).data, linear(counts).data, atol=1e-6)


def test_the_mean_and_the_last_state_are_those_of_the_words():
    x = np.array([[3, 4, 5, 0], [6, 0, 0, 0]])
    for pool in ("mean", "last"):
        net = SentenceRNN(9, 2, embedding=4, hidden=3, pool=pool).eval()
        h = net.rnn(net.embedding(x))[0].data
        pooled = [h[0, :3].mean(axis=0) if pool == "mean" else h[0, 2], h[1, 0]]
        assert np.allclose(net(x).data, net.head(np.stack(pooled)).data, atol=1e-6)


def test_networks_say_what_they_need():
    with pytest.raises(OptionError, match="heads that divide the width"):
        SentenceTransformer(9, 2, context=4, width=6, heads=4)
    with pytest.raises(ShapeError, match="sentences of 5 words"):
        SentenceTransformer(9, 2, context=4, width=8)(np.ones((1, 5), int))
    with pytest.raises(ShapeError, match="one row of tokens a sentence"):
        BagOfWords(9, 2)(np.ones(5, int))


def test_attention_is_shared_out_among_the_words_that_are_there():
    net = network("transformer").train()
    x = TEST.x[:3]
    looks = net.attention(x)
    assert looks.shape == (2, 3, 2, x.shape[1], x.shape[1]) and net.training
    np.testing.assert_allclose(looks.sum(axis=-1), 1, atol=1e-6)
    for row, tokens in enumerate(x):
        assert not looks[:, row][..., tokens == 0].any()
    np.testing.assert_array_equal(looks, net.attention(x))  # without dropout


@pytest.mark.parametrize("name", SPECS)
def test_a_killed_run_goes_on_to_the_same_bits_and_eagerly_too(name, tmp_path):
    whole = fitted(name, out=tmp_path / "whole")
    eager = fitted(name, engine="eager")
    with pytest.raises(Killed):
        fitted(name, out=tmp_path / "cut", listeners=[Kill(4)])
    cut = pellucid.resume(tmp_path / "cut", TRAIN, TEST)
    assert same(whole.model, eager.model)
    assert same(whole.model, cut.model)
    losses = [[e["train_loss"] for e in run.record.epochs()] for run in (whole, eager, cut)]
    assert losses[0] == losses[1] == losses[2]


def test_a_loaded_run_reads_sentences(tmp_path):
    run = fitted("lstm", out=tmp_path / "run")
    loaded = pellucid.load(tmp_path / "run")
    assert loaded.problem.preparation.vocabulary == KNOWN.vocabulary
    texts = ["the plot was not bad at all .", "Zorro!"]
    assert np.array_equal(loaded.predict_proba(texts), run.predict_proba(texts))
    assert set(loaded.predict(texts)) <= {"bad", "good"}
    assert loaded.evaluate(TEST) == run.evaluate(TEST)


def test_influence_is_what_the_lead_loses_without_the_word():
    net = network("transformer").eval()
    before = [p.grad for p in net.parameters()]
    tokens = TRAIN.x[0]
    found = influence(net, tokens, 1)
    words = net.embedding(tokens[np.newaxis]).data.copy()
    words[0, 2] = 0
    whole, without = (
        z.data[0, 1] - z.data[0, 0]
        for z in (net(tokens[np.newaxis]), net.read(Tensor(words), Tensor(tokens[np.newaxis])))
    )
    assert found[2] == pytest.approx(whole - without, abs=1e-5)
    assert not found[tokens == 0].any()
    assert [p.grad for p in net.parameters()] == before
