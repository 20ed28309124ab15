"""Element by element: sums, products, powers, comparisons, choices."""

import numpy as np

from pellucid.ops.rule import like, rule


@rule
class Add:
    """y = a + b."""

    numpy = np.add

    def forward(a, b):
        return a + b

    def backward(g, y, a, b, *, needs):
        da = like(g, a) if needs[0] else None
        db = like(g, b) if needs[1] else None
        return da, db


@rule
class Subtract:
    """y = a - b."""

    numpy = np.subtract

    def forward(a, b):
        return a - b

    def backward(g, y, a, b, *, needs):
        da = like(g, a) if needs[0] else None
        db = like(-g, b) if needs[1] else None
        return da, db


@rule
class Multiply:
    """y = a b."""

    numpy = np.multiply

    def forward(a, b):
        return a * b

    def backward(g, y, a, b, *, needs):
        da = like(g * b, a) if needs[0] else None
        db = like(g * a, b) if needs[1] else None
        return da, db


@rule
class Divide:
    """y = a / b."""

    numpy = np.divide

    def forward(a, b):
        return a / b

    def backward(g, y, a, b, *, needs):
        da = like(g / b, a) if needs[0] else None
        db = like(-g * y / b, b) if needs[1] else None
        return da, db


@rule
class Power:
    """y = a^b."""

    numpy = np.power

    def forward(a, b):
        return a**b

    def backward(g, y, a, b, *, needs):
        # where b is 0 the slope is 0, whatever the exponent: a^-1 could be infinite
        da = like(g * b * a ** (b - (b != 0)), a) if needs[0] else None
        if not needs[1]:
            return da, None
        # the limit of a^b log(a) at a = 0 is 0; a plain number for a must not widen the type
        log_a = np.log(np.where(a == 0, 1, a)).astype(y.dtype)
        return da, like(g * y * log_a, b)


@rule
class Negative:
    """y = -x."""

    numpy = np.negative

    def forward(x):
        return -x

    def backward(g, y, x):
        return (-g,)


@rule
class Square:
    """y = x^2."""

    numpy = np.square

    def forward(x):
        return x**2

    def backward(g, y, x):
        return (g * 2 * x,)


@rule
class Sqrt:
    """y = x^(1/2)."""

    numpy = np.sqrt

    def forward(x):
        return np.sqrt(x)

    def backward(g, y, x):
        return (g / (2 * y),)


@rule
class Exp:
    """y = e^x."""

    numpy = np.exp

    def forward(x):
        return np.exp(x)

    def backward(g, y, x):
        return (g * y,)


@rule
class Log:
    """y = log(x), the natural logarithm."""

    numpy = np.log

    def forward(x):
        return np.log(x)

    def backward(g, y, x):
        return (g / x,)


@rule
class Abs:
    """y = |x|; the slope at 0 is taken as 0."""

    numpy = np.absolute

    def forward(x):
        return np.abs(x)

    def backward(g, y, x):
        return (g * np.sign(x),)


@rule
class Clip:
    """y = x, held between min and max; no gradient where it is held."""

    def forward(x, *, min=None, max=None):
        return np.clip(x, min, max)

    def backward(g, y, x, *, min=None, max=None):
        inside = y == x
        return (g * inside,)


@rule
class Maximum:
    """y = the greater of a and b; equal values share the gradient."""

    numpy = np.maximum

    def forward(a, b):
        return np.maximum(a, b)

    def backward(g, y, a, b, *, needs):
        tie = np.where(a == b, g / 2, 0)
        da = like(np.where(a > b, g, tie), a) if needs[0] else None
        db = like(np.where(a < b, g, tie), b) if needs[1] else None
        return da, db


@rule
class Minimum:
    """y = the smaller of a and b; equal values share the gradient."""

    numpy = np.minimum

    def forward(a, b):
        return np.minimum(a, b)

    def backward(g, y, a, b, *, needs):
        tie = np.where(a == b, g / 2, 0)
        da = like(np.where(a < b, g, tie), a) if needs[0] else None
        db = like(np.where(a > b, g, tie), b) if needs[1] else None
        return da, db


@rule
class Where:
    """y = a where the condition holds, b elsewhere."""

    def forward(condition, a, b):
        return np.where(condition, a, b)

    def backward(g, y, condition, a, b, *, needs):
        da = like(np.where(condition, g, 0), a) if needs[1] else None
        db = like(np.where(condition, 0, g), b) if needs[2] else None
        return None, da, db


@rule
class Greater:
    """y = a > b, a truth value; no derivative."""

    numpy = np.greater

    def forward(a, b):
        return a > b


@rule
class GreaterEqual:
    """y = a >= b, a truth value; no derivative."""

    numpy = np.greater_equal

    def forward(a, b):
        return a >= b


@rule
class Less:
    """y = a < b, a truth value; no derivative."""

    numpy = np.less

    def forward(a, b):
        return a < b


@rule
class LessEqual:
    """y = a <= b, a truth value; no derivative."""

    numpy = np.less_equal

    def forward(a, b):
        return a <= b


@rule
class Equal:
    """y = (a == b), a truth value; no derivative."""

    numpy = np.equal

    def forward(a, b):
        return a == b


@rule
class NotEqual:
    """y = (a != b), a truth value; no derivative."""

    numpy = np.not_equal

    def forward(a, b):
        return a != b
