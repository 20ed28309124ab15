"""The normal distribution function in plain NumPy, to the last digits of float64 or float32."""

import numpy as np

from pellucid.ops.rule import helper


@helper
def normal_cdf(x):
    """Phi(x), the share of a normal distribution below x; accurate in the far tails too.

    >>> bool(np.isclose(normal_cdf(np.array(1.959963984540054)), 0.975, rtol=1e-15))
    True
    """
    # The tail is Phi(-a) = exp(-a^2 / 2) P(t) for a >= 0, with a polynomial P, highest power first,
    # in t = (a - c) / (a + c); made by scripts/make_normal_cdf.py. Worst relative error: 2e-17 with
    # c = 5 (float64), 4e-8 with c = 4 (float32).
    if x.dtype == np.float32:
        c = 4.0
        coefficients = (
            1.9431029927982555e-05,
            -3.575377247438331e-05,
            -0.00017872835520125923,
            0.0006298207928571364,
            0.0005040076364525382,
            -0.00848831044854525,
            0.03086542634901529,
            -0.07170807057673206,
            0.12437922446719132,
            -0.1703976886287224,
            0.09441064130196894,
        )
    else:
        c = 5.0
        coefficients = (
            2.6192875820196505e-11,
            6.205719132562286e-11,
            -2.829833531697132e-10,
            -7.821126431048846e-10,
            1.8245563682878541e-09,
            6.001959109358437e-09,
            -1.0904969534450265e-08,
            -3.9425474655848224e-08,
            7.699476255696121e-08,
            2.4347540866204415e-07,
            -6.750090327905749e-07,
            -1.270115171395873e-06,
            6.6443960338695655e-06,
            9.613130602534602e-07,
            -6.04274773014077e-05,
            0.0001342768427993482,
            0.0002195507369271503,
            -0.002378844356699341,
            0.008991370550635857,
            -0.02341390048768684,
            0.04785535228416882,
            -0.08088387726412773,
            0.11606881188600329,
            -0.14345755526401197,
            0.07691930497500629,
        )
    a = np.abs(x)
    t = (a - c) / (a + c)
    p = coefficients[0] * t
    for coefficient in coefficients[1:-1]:
        p = (p + coefficient) * t
    tail = np.exp(-0.5 * a**2) * (p + coefficients[-1])
    return np.where(x < 0, tail, 1 - tail)
