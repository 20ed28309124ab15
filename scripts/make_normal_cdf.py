"""Computes the polynomials behind the exact GELU: the tail of the normal distribution.

For a >= 0 the tail is Phi(-a) = exp(-a^2 / 2) * P(t) with t = (a - c) / (a + c), where P is smooth
on [-1, 1]; this prints Chebyshev fits of P as plain coefficients, highest power first, with their
worst error. Run: python scripts/make_normal_cdf.py (needs mpmath).
"""

import mpmath as mp

mp.mp.dps = 40


def tail_factor(t, c):
    """P(t): erfc(a / sqrt 2) / 2 * exp(a^2 / 2), which goes to 0 with 1 / a."""
    if t >= 1:
        return mp.mpf(0)
    a = c * (1 + t) / (1 - t)
    x = a / mp.sqrt(2)
    if x > 60:  # asymptotic series
        return sum(mp.fac2(2 * k - 1) * (-1) ** k / a ** (2 * k) for k in range(8)) / (
            a * mp.sqrt(2 * mp.pi)
        )
    return mp.erfc(x) * mp.exp(x * x) / 2


def fit(degree, c):
    """Power coefficients, lowest first, of the Chebyshev interpolant of P."""
    n = degree + 1
    nodes = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / n) for k in range(n)]
    values = [tail_factor(t, c) for t in nodes]
    cheb = [
        (2 - (j == 0)) * sum(values[k] * mp.cos(j * mp.acos(nodes[k])) for k in range(n)) / n
        for j in range(n)
    ]
    total = [mp.mpf(0)] * n
    before, now = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for weight in cheb:
        for i, p in enumerate(before):
            total[i] += weight * p
        after = [mp.mpf(0)] + [2 * p for p in now]
        for i, p in enumerate(before):
            after[i] -= p
        before, now = now, after
    return total


def worst(coefficients, c):
    """The largest relative error of P for a from 0 to 12 and the largest absolute one."""
    worst_relative = 0
    for i in range(600):
        a = mp.mpf(12) * i / 599
        t = (a - c) / (a + c)
        p = sum(q * t**k for k, q in enumerate(coefficients))
        true = tail_factor(t, c)
        worst_relative = max(worst_relative, abs(p - true) / true)
    return worst_relative


if __name__ == "__main__":
    for name, degree, c in (("float64", 24, mp.mpf(5)), ("float32", 10, mp.mpf(4))):
        coefficients = fit(degree, c)
        print(
            f"{name}: c = {mp.nstr(c)}, worst relative error {mp.nstr(worst(coefficients, c), 3)}"
        )
        print(",\n".join(mp.nstr(q, 18) for q in reversed(coefficients)))
