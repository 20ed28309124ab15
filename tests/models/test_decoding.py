"""Decoding against brute force: every sequence of a tiny vocabulary, with its probability."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pellucid.errors import OptionError
from pellucid.models.decoding import beam, greedy, sampled

BEGIN, END, V, LONGEST = 0, 1, 4, 4  # two tokens that can be written, 2 and 3, and 0, unlikely


class Table:
    """Logits that depend on the whole prefix, drawn once for all; it counts what it is asked."""

    def __init__(self, seed: int, scale: float = 1.5) -> None:
        rng = np.random.default_rng(seed)
        self.logits = {
            prefix: rng.normal(scale=scale, size=V)
            for n in range(LONGEST + 1)
            for prefix in itertools.product(range(V), repeat=n)
        }
        self.asked = 0

    def __call__(self, rows, prefixes):
        assert (prefixes[:, 0] == BEGIN).all()
        self.asked += len(prefixes)
        return np.array([self.logits[tuple(p)] for p in prefixes[:, 1:].tolist()])

    def log_p(self, sequence: tuple[int, ...]) -> float:
        """Of a sequence with its end, token by token: what a person would do."""
        total = 0.0
        for n, token in enumerate(sequence):
            z = self.logits[sequence[:n]]
            total += z[token] - math.log(sum(math.exp(v) for v in z))
        return total


def every_sequence():
    """All that can be written: those that end, and those that are cut off."""
    others = [t for t in range(V) if t != END]
    for n in range(LONGEST):
        yield from ((*s, END) for s in itertools.product(others, repeat=n))
    yield from itertools.product(others, repeat=LONGEST)


def ranked(table):
    """Every sequence, the likeliest first."""
    return sorted(every_sequence(), key=lambda s: -table.log_p(s))


def whole(written):
    return (*written.tokens, *[END] * written.ended)


def test_the_probabilities_of_all_sequences_sum_to_one():
    table = Table(0)
    assert sum(math.exp(table.log_p(s)) for s in every_sequence()) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_as_wide_as_there_are_sequences_is_exact(seed):
    table, count = Table(seed), len(list(every_sequence()))
    found = beam(table, BEGIN, END, LONGEST, count)
    assert [whole(w) for w in found] == ranked(table)
    for w in found:
        assert w.log_probability == pytest.approx(table.log_p(whole(w)))


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(seed):
    table = Table(seed)
    (alone,), (one,) = greedy(table, 1, BEGIN, END, LONGEST), beam(table, BEGIN, END, LONGEST, 1)
    assert (alone.tokens, alone.ended) == (one.tokens, one.ended)
    assert alone.log_probability == pytest.approx(one.log_probability)


def test_greedy_takes_the_likeliest_token_each_time():
    table = Table(3)
    prefix: tuple[int, ...] = ()
    while len(prefix) < LONGEST and (not prefix or prefix[-1] != END):
        prefix = (*prefix, int(np.argmax(table.logits[prefix])))
    assert whole(greedy(table, 1, BEGIN, END, LONGEST)[0]) == prefix


def test_a_wider_beam_finds_what_greedy_misses():
    tables = [Table(seed) for seed in range(40)]
    best = [ranked(t)[0] for t in tables]
    hits = [
        sum(
            whole(beam(table, BEGIN, END, LONGEST, width)[0]) == right
            for table, right in zip(tables, best, strict=True)
        )
        for width in (1, 3, 9)
    ]
    assert hits[0] < hits[1] <= hits[2]
    assert hits[2] >= 38


def test_a_beam_looks_at_no_more_than_its_width_at_a_time():
    table = Table(1)
    found = beam(table, BEGIN, END, LONGEST, 3)
    assert len(found) == 3
    assert table.asked <= 1 + 3 * (LONGEST - 1)


def test_several_sources_are_written_side_by_side():
    tables = [Table(seed) for seed in range(6)]

    def score(rows, prefixes):
        return np.concatenate(
            [tables[r](rows, p[np.newaxis]) for r, p in zip(rows, prefixes, strict=True)]
        )

    together = greedy(score, 6, BEGIN, END, LONGEST)
    for table, w in zip(tables, together, strict=True):
        (alone,) = greedy(table, 1, BEGIN, END, LONGEST)
        assert (w.tokens, w.ended, w.logs) == (alone.tokens, alone.ended, alone.logs)
    assert len({len(w.tokens) for w in together}) > 1  # they came to their ends at their own times


def test_what_is_cut_off_has_no_end():
    def score(rows, prefixes):
        return np.tile(np.array([-9.0, -9.0, 1.0, 0.0]), (len(prefixes), 1))

    (w,) = greedy(score, 1, BEGIN, END, 3)
    assert (w.tokens, w.ended, len(w.logs)) == ((2, 2, 2), False, 3)
    assert not any(w.ended for w in beam(score, BEGIN, END, 3, 2))


def test_draws_follow_the_probabilities():
    table, n = Table(2), 4000
    drawn = sampled(table, n, BEGIN, END, LONGEST, np.random.default_rng(0))
    counts: dict[tuple[int, ...], int] = {}
    for w in drawn:
        counts[whole(w)] = counts.get(whole(w), 0) + 1
        assert w.log_probability == pytest.approx(table.log_p(whole(w)))
    for sequence in ranked(table)[:10]:
        p = math.exp(table.log_p(sequence))
        assert abs(counts.get(sequence, 0) / n - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_cold_draws_are_greedy_and_the_key_decides_the_others():
    table = Table(5)
    (cold,) = sampled(table, 1, BEGIN, END, LONGEST, np.random.default_rng(0), temperature=0)
    assert cold == greedy(table, 1, BEGIN, END, LONGEST)[0]
    (one,) = sampled(table, 1, BEGIN, END, LONGEST, np.random.default_rng(0), top_k=1)
    assert one == cold
    twice = [sampled(table, 9, BEGIN, END, LONGEST, np.random.default_rng(7)) for _ in range(2)]
    assert twice[0] == twice[1]


def test_what_cannot_be_done_is_refused():
    with pytest.raises(OptionError, match=r"got:    a width of 0\n  needs:  at least 1"):
        beam(Table(0), BEGIN, END, LONGEST, 0)
    rng = np.random.default_rng(0)
    with pytest.raises(OptionError, match=r"got:    temperature -1\n  needs:  0 or more"):
        sampled(Table(0), 1, BEGIN, END, LONGEST, rng, temperature=-1)
    with pytest.raises(OptionError, match=r"got:    top-k 0"):
        sampled(Table(0), 1, BEGIN, END, LONGEST, rng, top_k=0)
