"""Random numbers depend on their key alone, and never on NumPy's global generator."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from pellucid.errors import OptionError
from pellucid.random import default_generator, generator, manual_seed, step_key


def _bits(rng, n=8):
    return rng.integers(2**63, size=n).tolist()


def _next():
    return _bits(default_generator())


def test_the_same_key_gives_the_same_bits():
    assert _bits(generator(7, "order", 3)) == _bits(generator(7, "order", 3))


@pytest.mark.parametrize(
    "other", [(8, "order", 3), (7, "augment", 3), (7, "order", 4), (7, 3, "order"), (7, "order")]
)
def test_another_key_gives_other_bits(other):
    assert _bits(generator(7, "order", 3)) != _bits(generator(*other))


def test_the_bits_of_a_key_never_change():
    # recorded: a saved run resumed by a later version must go on with the same numbers
    assert generator(0, "order", 3).integers(1000, size=5).tolist() == [327, 535, 814, 119, 714]


def test_numpy_integers_are_keys_too():
    assert _bits(generator(np.int64(7), np.uint8(3))) == _bits(generator(7, 3))


def test_manual_seed_repeats():
    manual_seed(5)
    first = [_next(), _next()]
    manual_seed(5)
    assert [_next(), _next()] == first
    assert first[0] != first[1]
    manual_seed(6)
    assert _next() != first[0]


def test_manual_seed_gives_the_generator_it_started():
    assert manual_seed(5) is default_generator()


def test_inside_a_step_the_kth_draw_has_a_key_of_its_own():
    with step_key(0, 2, 5):
        first, second = _next(), _next()
    assert first == _bits(generator(0, "step", 2, 5, 1))
    assert second == _bits(generator(0, "step", 2, 5, 2))


def test_a_step_draws_the_same_whatever_was_drawn_before_it():
    manual_seed(1)
    _next()
    with step_key(0, 2, 5):
        first = _next()
    manual_seed(2)
    with step_key(0, 2, 5):
        again = _next()
    assert first == again
    for other in [(1, 2, 5), (0, 3, 5), (0, 2, 6)]:
        with step_key(*other):
            assert _next() != first


def test_a_step_leaves_the_seeded_generator_alone():
    manual_seed(3)
    expected = [_next(), _next()]
    manual_seed(3)
    before = _next()
    with step_key(0, 0, 0):
        _next()
    assert [before, _next()] == expected


def test_steps_can_stand_inside_steps():
    with step_key(0, 0, 0):
        _next()
        with step_key(9, 9, 9):
            assert _next() == _bits(generator(9, "step", 9, 9, 1))
        assert _next() == _bits(generator(0, "step", 0, 0, 2))


def test_a_step_that_fails_is_left_behind():
    manual_seed(3)
    expected = _next()
    manual_seed(3)
    with pytest.raises(RuntimeError, match="inside"), step_key(0, 0, 0):
        raise RuntimeError("inside")
    assert _next() == expected


def test_another_thread_has_generators_of_its_own():
    manual_seed(3)
    expected = _next()
    manual_seed(3)
    with step_key(0, 0, 0):
        thread = threading.Thread(target=lambda: (manual_seed(8), _next()))
        thread.start()
        thread.join()
        assert _next() == _bits(generator(0, "step", 0, 0, 1))
    assert _next() == expected


def test_numpys_global_generator_is_neither_used_nor_changed():
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    manual_seed(3)
    with step_key(0, 0, 0):
        _next()
    _next()
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert before["state"]["pos"] == after["state"]["pos"]
    assert np.array_equal(before["state"]["key"], after["state"]["key"])


def test_a_negative_seed_is_refused():
    with pytest.raises(OptionError, match="needs:  a whole number from 0"):
        manual_seed(-1)
