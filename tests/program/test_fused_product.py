"""Products of the fused form: right at every size, and alike on one thread and on two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fused form needs Numba, an extra")

from pellucid.program import fused_product
from pellucid.program.fused_product import all_finite, product_nn, product_nt, product_tn, shares

# (rows, terms, columns): ones, remainders of every tile, and a network's
SIZES = [(1, 1, 1), (2, 3, 5), (7, 16, 4), (9, 17, 33), (32, 65, 10), (13, 100, 70), (64, 30, 128)]
DTYPES = [np.float32, np.float64]


def numbers(*shape: int, dtype: Any) -> Any:
    return np.random.default_rng(len(shape) + shape[0]).normal(size=shape).astype(dtype)


def all_three(
    rows: int, terms: int, columns: int, dtype: Any, threads: int
) -> list[tuple[Any, Any]]:
    """Each product beside NumPy's in float64."""
    found = []
    for product, a, b in [
        (product_nn, (rows, terms), (terms, columns)),
        (product_nt, (rows, terms), (columns, terms)),
        (product_tn, (terms, rows), (terms, columns)),
    ]:
        A, B = numbers(*a, dtype=dtype), numbers(*b, dtype=dtype)
        C = np.full((rows, columns), np.nan, dtype)
        product(A, B, C, threads)
        left = A.T if product is product_tn else A
        right = B.T if product is product_nt else B
        found.append((C, left.astype(np.float64) @ right.astype(np.float64)))
    return found


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_products_are_right(size: tuple[int, int, int], dtype: Any) -> None:
    near = 2e-6 if dtype is np.float32 else 1e-14
    for C, expected in all_three(*size, dtype, 1):
        np.testing.assert_allclose(C, expected, atol=near * size[1], rtol=near)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_change_no_bit(size: tuple[int, int, int], dtype: Any) -> None:
    for threads in (2, 3):
        pairs = zip(all_three(*size, dtype, 1), all_three(*size, dtype, threads), strict=True)
        for (one, _), (more, _) in pairs:
            assert one.tobytes() == more.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_does_not_depend_on_the_batch_that_it_is_in(dtype: Any) -> None:
    A, B = numbers(23, 50, dtype=dtype), numbers(9, 50, dtype=dtype)
    whole, one = np.empty((23, 9), dtype), np.empty((1, 9), dtype)
    product_nt(A, B, whole, 1)
    for i in range(23):
        product_nt(A[i : i + 1], B, one, 1)
        assert one.tobytes() == whole[i].tobytes()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 17, 99])
def test_one_bad_number_is_found(bad: float, place: int) -> None:
    x = np.full(100, 3e38, np.float32)  # its square would overflow
    assert all_finite(x)
    x[place] = bad
    assert not all_finite(x)


def test_small_products_stay_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_product, "_quick_threads", lambda: True)
    assert shares(1000, 2) == 1
    assert shares(10_000_000, 2) == 2
    assert shares(10_000_000, 1) == 1


def test_threads_that_sleep_are_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_product, "_quick_threads", lambda: False)
    assert shares(10_000_000, 2) == 1
