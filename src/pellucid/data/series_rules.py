"""Simple rules that look at the training part of a series alone: a logarithm, a season, a base."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.base import Array

__all__ = ["base_error", "base_lag", "drifts", "find_season", "grows", "naive"]

CLEARLY = 0.8  # a rule's other choice must be so much better
ALIKE = 0.3  # the autocorrelation from which steps are said to repeat themselves
MOST = 5000  # origins that are looked at, evenly taken
TREND = 0.5  # the correlation with time from which a level is said to drift


def grows(values: Array, season: int = 0) -> bool:
    """Whether the spread grows with the level, so that a logarithm makes it even.

    Over stretches of a season (else an eighth) with mean m and deviation s: s / m varies clearly
    less than s. All numbers must be above 0. Source: Guerrero 1993, with only these two powers.

    >>> t = np.arange(96)
    >>> grows(np.exp(t / 40) * (2 + np.sin(t)))
    True
    """
    if values.min() <= 0:
        return False
    size = max(season, 2) if season else max(2, len(values) // 8)
    count = len(values) // size
    if count < 3:
        return False
    pieces = values[-count * size :].reshape(count, size)
    m, s = pieces.mean(axis=1), pieces.std(axis=1)
    return bool(_variation(s / m) < CLEARLY * _variation(s))


def _variation(x: Array) -> float:
    """The deviation in units of the mean."""
    return float(x.std() / max(x.mean(), 1e-300))


def find_season(values: Array, candidates: Sequence[int]) -> int:
    """The season among the candidates at which the steps repeat themselves best, or 0.

    It must occur twice, and the autocorrelation of the steps x_t - x_{t-1} at it be above 0.3.

    >>> find_season(np.sin(np.arange(60) * np.pi / 6), [7, 12])
    12
    """
    steps = np.diff(values)
    found = {s: _autocorrelation(steps, s) for s in candidates if 2 * s <= len(values)}
    best = max(found, key=lambda s: found[s], default=0)
    return best if best and found[best] > ALIKE else 0


def _autocorrelation(x: Array, lag: int) -> float:
    if lag >= len(x):
        return 0.0
    x = x - x.mean()
    total = float(x @ x)
    return float(x[lag:] @ x[:-lag]) / total if total > 0 else 0.0


def drifts(values: Array) -> bool:
    """Whether the level goes with time, so that what comes lies beyond what was seen.

    >>> drifts(np.arange(10.0)), drifts(np.sin(np.arange(50)))
    (True, False)
    """
    t = np.arange(len(values))
    if values.std() == 0:
        return False
    return bool(abs(np.corrcoef(t, values)[0, 1]) > TREND)


def naive(values: Array, lag: int, horizon: int) -> Array:
    """The last ``lag`` of values (..., N), over and over: lag 1 is persistence, a season's is
    seasonal-naive. (..., horizon).

    >>> naive(np.array([1.0, 2.0, 3.0]), 2, 3).tolist()
    [2.0, 3.0, 2.0]
    """
    places = values.shape[-1] - lag + np.arange(horizon) % lag
    return np.asarray(values[..., places])


def base_error(values: Array, lag: int, horizon: int) -> float:
    """How far the truth of the next ``horizon`` rows spreads about a base, over the origins.

    Lag 0 is the mean; else the last ``lag`` rows go on, plus the mean change in ``lag`` rows.
    """
    if lag == 0:
        return float(values.std())
    if len(values) < lag + horizon:
        return np.inf
    seen = np.lib.stride_tricks.sliding_window_view(values, lag + horizon)
    seen = seen[:: max(1, len(seen) // MOST)]
    turns = np.arange(horizon) // lag + 1
    drift = float(np.mean(values[lag:] - values[:-lag]))
    off = seen[:, lag:] - naive(seen[:, :lag], lag, horizon) - turns * drift
    return float(np.sqrt(np.mean(np.square(off))))


def base_lag(values: Array, season: int, horizon: int) -> int:
    """What a network's forecast starts from: 0 the mean, 1 the last row, or the last season.

    The one about which the training part spreads least; a base more than the mean must be clearly
    better than it.

    >>> base_lag(np.sin(np.arange(96) * np.pi / 6) + np.arange(96), 12, 12)
    12
    """
    lags = [1, season] if season > 1 else [1]
    errors = {lag: base_error(values, lag, horizon) for lag in lags}
    best = min(errors, key=lambda lag: errors[lag])
    return best if errors[best] < CLEARLY * base_error(values, 0, horizon) else 0
