"""Connectionist temporal classification: all the ways to spell a word over time."""

import numpy as np

from pellucid.ops.loss import averaged
from pellucid.ops.rule import helper, rule


@rule
class CTC:
    """L = mean over the words of -log P(y) / U, P(y) the sum over all the paths that spell y.

    x (T, B, C) log-probabilities; y (B, S) classes, of which the first U = target_lengths (B,)
    count; of the T steps the first input_lengths (B,) do. A path names a class or the blank at each
    step; read, it is without its repetitions, then without its blanks. No path long enough: L is
    infinite, or 0 with ``zero_infinity``. "mean" divides by U (at least 1), "sum" and "none" do
    not. Extras: the states, how probable each is (forward), -log P.

    dx = exp(x) - gamma, gamma the share of the paths that are in a class at a step: the slope where
    x comes out of log_softmax, which passes it on as it is. It is torch's; with x free to move in
    every direction it would be -gamma alone.
    Source: Graves et al. 2006, equations 5 to 16.
    """

    def forward(
        x,
        y,
        input_lengths,
        target_lengths,
        *,
        blank=0,
        zero_infinity=False,
        reduction="mean",
    ):
        states = ctc_states(y, target_lengths, blank)
        alpha = ctc_forward(x, states, input_lengths)
        last = 2 * np.expand_dims(target_lengths, 1)  # the blank after the word
        final = np.take_along_axis(alpha[-1], last, 1)[:, 0]
        before = np.take_along_axis(alpha[-1], np.maximum(last - 1, 0), 1)[:, 0]
        nll = -np.where(target_lengths > 0, np.logaddexp(final, before), final)
        losses = np.where(np.isinf(nll), 0, nll) if zero_infinity else nll
        if reduction == "mean":
            loss = (losses / np.maximum(target_lengths, 1).astype(x.dtype)).mean()
        else:
            loss = losses.sum() if reduction == "sum" else losses
        return loss, states, alpha, nll

    def backward(
        g,
        loss,
        states,
        alpha,
        nll,
        x,
        y,
        input_lengths,
        target_lengths,
        *,
        blank=0,
        zero_infinity=False,
        reduction="mean",
    ):
        slopes = ctc_slopes(x, states, alpha, nll, input_lengths)
        if zero_infinity:
            slopes = np.where(np.expand_dims(np.isinf(nll), -1), 0, slopes)
        if reduction == "mean":
            g = averaged(g, nll, reduction) / np.maximum(target_lengths, 1).astype(x.dtype)
        g = g if reduction == "sum" else np.expand_dims(g, -1)
        return g * slopes, None, None, None


@helper
def ctc_states(y, lengths, blank, out=None):
    """The states of a path (B, 2 S + 1): blank, y1, blank, y2, ..., blank; -1 past a word's end."""
    states = np.empty((y.shape[0], 2 * y.shape[1] + 1), np.int64) if out is None else out
    states[:] = blank
    states[:, 1::2] = y
    states[np.arange(states.shape[1]) > 2 * lengths[:, None]] = -1
    return states


@helper
def ctc_forward(x, states, lengths, out=None):
    """log P of being in each state after t steps, for t = 0 ... T: (T + 1, B, 2 S + 1).

    A path starts in the first blank, stays in a state or goes on to the next, and may leave out the
    blank between two classes that differ. After a word's own number of steps nothing moves.
    """
    shape = (x.shape[0] + 1, *states.shape)
    alpha = np.empty(shape, x.dtype) if out is None else out
    alpha[:] = -np.inf
    alpha[0, :, 0] = 0
    emitted = np.take_along_axis(x, np.maximum(states, 0)[None], axis=2)
    emitted = np.where(states >= 0, emitted, -np.inf)
    skips = states[:, 2:] != states[:, :-2]
    for t in range(x.shape[0]):
        now, new = alpha[t], alpha[t + 1]
        new[:] = now
        new[:, 1:] = np.logaddexp(new[:, 1:], now[:, :-1])
        new[:, 2:] = np.logaddexp(new[:, 2:], np.where(skips, now[:, :-2], -np.inf))
        new += emitted[t]
        new[:] = np.where((t < lengths)[:, None], new, now)
    return alpha


@helper
def ctc_slopes(x, states, alpha, nll, lengths, out=None):
    """exp(x) - gamma (T, B, C): gamma sums over the states of a class what passes through them.

    The way back over time: log P of spelling the rest from each state, times the way forward, over
    P(y). NaN for a word that no path spells.
    """
    slopes = np.empty(x.shape, x.dtype) if out is None else out
    np.exp(x, out=slopes)
    emitted = np.take_along_axis(x, np.maximum(states, 0)[None], axis=2)
    emitted = np.where(states >= 0, emitted, -np.inf)
    skips = states[:, 2:] != states[:, :-2]
    last = (states >= 0).sum(axis=1)[:, None] - 1
    place = np.arange(states.shape[1])
    end = np.where((place == last) | (place == last - 1), 0, -np.inf).astype(x.dtype)
    beta = np.full(states.shape, -np.inf, x.dtype)
    scale = np.where(np.isinf(nll), 0, nll)[:, None]  # what no path spells has no shares
    shares = np.empty((x.shape[0], *states.shape), x.dtype)
    for t in range(x.shape[0] - 1, -1, -1):
        beta = np.where((t + 1 == lengths)[:, None], end, beta)
        shares[t] = np.exp(alpha[t + 1] + beta + scale)
        before = beta + emitted[t]
        beta = before.copy()
        beta[:, :-1] = np.logaddexp(beta[:, :-1], before[:, 1:])
        beta[:, :-2] = np.logaddexp(beta[:, :-2], np.where(skips, before[:, 2:], -np.inf))
    words = np.arange(x.shape[1])
    for s in range(states.shape[1]):
        slopes[:, words, states[:, s]] -= shares[:, :, s]
    slopes[:, np.isinf(nll)] = np.nan
    slopes[np.arange(x.shape[0])[:, None] >= lengths] = 0
    return slopes
