"""Networks that make pictures: written = eager, killed and resumed, and what their losses are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from runs import Kill, Killed, same

import pellucid
from pellucid import models, optim
from pellucid.autograd import Tensor
from pellucid.data import Arrays
from pellucid.data.pictures import bring_to_unit
from pellucid.errors import DataError, OptionError
from pellucid.nn import functional as F
from pellucid.random import generator, step_key
from pellucid.train.picture_loss import AdversarialLoss, NegativeELBO, PixelBCE, PixelMSE
from picture_runs import DIGITS, NETWORKS, network, train

RNG = np.random.default_rng(0)
X = DIGITS.x[:6].astype(np.float32) / 16


@pytest.mark.parametrize("name", NETWORKS)
def test_the_written_step_gives_the_bits_of_the_eager_one(name: str) -> None:
    one, two = (train(name, engine=engine) for engine in ("program", "eager"))
    assert same(one.model, two.model)
    for a, b in zip(one.record.epochs(), two.record.epochs(), strict=True):
        assert a["train_loss"] == b["train_loss"]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("steps", [2, 4])
def test_killed_at_any_step_and_resumed_gives_the_same_bits(
    tmp_path: Path, name: str, steps: int
) -> None:
    whole = train(name, tmp_path / "whole")
    with pytest.raises(Killed):
        train(name, tmp_path / "cut", listeners=[Kill(steps)], checkpoint_seconds=0.0)
    pictures = Arrays(DIGITS.x, DIGITS.x)
    run = pellucid.resume(tmp_path / "cut", pictures, model=network(name))
    assert same(run.model, whole.model)
    for a, b in zip(run.record.epochs(), whole.record.epochs(), strict=True):
        told = [k for k in a if k.startswith("train_")]
        assert [a[k] for k in told] == [b[k] for k in told]


def test_pictures_stay_as_they_are_in_memory() -> None:
    from pellucid.train.parts import Problem, make_part

    problem = Problem("pictures", (), bring_to_unit(DIGITS), np.dtype(np.float32), False)
    part = make_part("training", Arrays(DIGITS.x, DIGITS.x), problem)
    assert part.x is DIGITS.x and part.y is DIGITS.x
    assert part.targets(slice(2)).max() <= 1


def test_losses_are_their_formulas() -> None:
    z, y = RNG.normal(size=(3, 2, 4)), RNG.uniform(size=(3, 2, 4))
    p = 1 / (1 + np.exp(-z))
    bce = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() / 3
    assert PixelBCE()(Tensor(z), Tensor(y)).item() == pytest.approx(bce)
    assert PixelMSE()(Tensor(z), Tensor(y)).item() == pytest.approx(((p - y) ** 2).sum() / 3)
    mean, v = RNG.normal(size=(2, 3, 5))
    kl = (mean**2 + np.exp(v) - v - 1).sum() / 2 / 3
    packed = np.concatenate([z.reshape(3, -1), mean, v], axis=1)
    assert NegativeELBO()(Tensor(packed), Tensor(y)).item() == pytest.approx(bce + kl)


def test_one_gradient_holds_the_steps_of_both_players() -> None:
    """What critic and generator would each do by themselves, with the other one held."""
    net = network("gan")
    with step_key(0, 0, 0):
        AdversarialLoss(0.1)(net(Tensor(X)), Tensor(X)).backward()
    both = {name: p.grad.data for name, p in net.named_parameters()}
    alone = network("gan")
    with step_key(0, 0, 0):
        zero = Tensor(np.zeros((6, 3), np.float32))
        h = models.generate._drawn(zero, zero)
    made = alone.generator(h).tanh()
    for pictures, sure in ((X[:, None] * 2 - 1, 0.9), (made.data, 0.0)):
        opinion = alone.critic(Tensor(pictures))
        F.binary_cross_entropy_with_logits(opinion, np.full((6, 1), sure, np.float32)).backward()
    for name, p in alone.critic.named_parameters():
        np.testing.assert_allclose(both[f"critic.{name}"], p.grad.data, rtol=2e-4, atol=1e-6)
    made = alone.generator(h).tanh()
    F.softplus(-alone.critic(made)).mean().backward()
    for name, p in alone.generator.named_parameters():
        np.testing.assert_allclose(both[f"generator.{name}"], p.grad.data, rtol=2e-4, atol=1e-6)


def test_an_autoencoder_learns() -> None:
    run = train("autoencoder", epochs=40, lr=0.01)
    losses = [e["train_loss"] for e in run.record.epochs()]
    assert losses[-1] < losses[0] * 0.75
    made = run.predict(DIGITS.x)
    assert made.shape == DIGITS.x.shape and made.min() >= 0 and made.max() <= 1


def test_scores_of_each_kind() -> None:
    assert set(train("vae").evaluate(Arrays(DIGITS.x, DIGITS.x))) == {
        "loss", "rmse", "samples", "reconstruction", "kl",
    }  # fmt: skip
    found = train("gan").record.epochs()[-1]
    assert 0 <= found["train_deceived"] <= 1 and 0 <= found["train_recognised"] <= 1
    assert not math.isnan(found["train_loss"])


@pytest.mark.parametrize("name", ["gan", "dense gan"])
def test_a_critic_is_asked_of_made_pictures_too(name: str) -> None:
    run = train(name)
    real = Arrays(DIGITS.x, DIGITS.x)
    found = run.evaluate(real)
    assert set(found) == {"recognised", "deceived", "samples"}
    assert found == run.evaluate(real)
    points = generator("evaluate").standard_normal((70, 3), dtype=np.float32)
    net = run.model.eval()
    opinions = net.critic(net.generator(Tensor(points)).tanh()).data
    assert found["deceived"] == pytest.approx(float((opinions > 0).mean()), abs=0.02)
    net.critic[-1].bias.data[:] = 1e3  # takes everything for real
    assert run.evaluate(real) == {"recognised": 1.0, "deceived": 1.0, "samples": 70}
    net.critic[-1].bias.data[:] = -1e3
    assert run.evaluate(real) == {"recognised": 0.0, "deceived": 0.0, "samples": 70}


def test_a_critic_that_is_held_learns_again_afterwards() -> None:
    net = network("gan")
    net(Tensor(X))
    assert all(p.requires_grad for p in net.parameters())
    optim.Adam(net.parameters(), lr=0.1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OptionError) as caught:
        models.VAE([8, 8], latent=0)
    assert str(caught.value) == (
        "OptionError in latent space\n  got:    0 numbers\n  needs:  a whole number from 1"
    )
    with pytest.raises(DataError, match="pictures of one size, and the preparation"):
        pellucid.fit(network("autoencoder"), Arrays(DIGITS.x, DIGITS.x), task="pictures")
    with pytest.raises(OptionError, match="a variational model of pictures"):
        train("vae", loss="pixel_bce")
