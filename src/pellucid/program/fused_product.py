"""Matrix products of the fused form: quicker than a BLAS where small, alike on any threads.

A product is cut into tiles of a few rows and columns whose sums stay in the processor's registers.
Every number of the result is one sum, added up in one order, whichever tile or thread computes it.
Nothing is packed or blocked for caches: a BLAS overtakes where matrices are large (``LARGEST``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "all_finite",
    "compiled",
    "product_nn",
    "product_nt",
    "product_tn",
    "shares",
    "some_rows_nn",
]

# multiply-adds of a product, and numbers of a loop, from which two threads are quicker than one
LEAST_PRODUCT = 400_000

_INT = ir.IntType(64)
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def _width() -> tuple[int, int]:
    """Bytes in a vector register of this processor, and how many registers there are."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 32
    if features.get("avx2"):
        return 32, 16
    return 16, 32 if features.get("neon") else 16


_BYTES, _REGISTERS = _width()
# rows and columns of a tile of dot products: as many sums as leave room for their factors
_DOT = (6, 4) if _REGISTERS == 32 else (3, 3)
# rows of a tile of outer products, which is two vectors wide
_OUTER = 8 if _REGISTERS == 32 else 6


class _Pen:
    """Writes a tile as instructions: what an intrinsic's code generator needs, in a few words."""

    def __init__(self, context: Any, builder: Any, dtype: Any, lanes: int) -> None:
        self.context, self.builder, self.lanes = context, builder, lanes
        self.align = dtype.bitwidth // 8
        self.number = context.get_value_type(dtype)
        self.vector = ir.VectorType(self.number, lanes)
        self.kind = f"v{lanes}f{dtype.bitwidth}"
        self.zero = ir.Constant(self.vector, [0.0] * lanes)

    def start(self, array_type: Any, array: Any, offset: Any) -> Any:
        """The address of a number of an array."""
        data = self.context.make_array(array_type)(self.context, self.builder, array).data
        return self.builder.gep(data, [offset])

    def step(self, pointer: Any, stride: Any, k: int) -> Any:
        """``k`` strides further on."""
        return self.builder.gep(pointer, [self.builder.mul(stride, ir.Constant(_INT, k))])

    def load(self, pointer: Any) -> Any:
        """A vector of numbers that stand side by side."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        return self.builder.load(pointer, align=self.align)

    def store(self, vector: Any, pointer: Any) -> None:
        """Write a vector to where ``pointer`` points."""
        pointer = self.builder.bitcast(pointer, self.vector.as_pointer())
        self.builder.store(vector, pointer, align=self.align)

    def place(self, j: int) -> Any:
        """The place of the j-th vector of a row."""
        return ir.Constant(_INT, j * self.lanes)

    def spread(self, pointer: Any) -> Any:
        """One number in every lane."""
        empty = ir.Constant(self.vector, ir.Undefined)
        first = ir.Constant(ir.IntType(32), 0)
        one = self.builder.insert_element(empty, self.builder.load(pointer), first)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, empty, lanes)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c, rounded once."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.fma.{self.kind}"
        )
        return self.builder.call(function, [a, b, c])

    def total(self, vector: Any) -> Any:
        """The sum over the lanes."""
        kind = ir.FunctionType(self.number, [self.number, self.vector])
        name = f"llvm.vector.reduce.fadd.{self.kind}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        start = ir.Constant(self.number, -0.0)
        return self.builder.call(function, [start, vector], fastmath=("reassoc",))

    def sums(self, rows: int, columns: int, end: Any, by: int, body: Callable[..., Any]) -> Any:
        """``rows`` x ``columns`` sums over k = 0, by, ... below ``end``, all in registers.

        ``body(k, sums)`` gives the sums with the terms of one k.
        """
        builder = self.builder
        before = builder.block
        loop, after = (builder.append_basic_block(name) for name in ("terms", "summed"))
        zero = ir.Constant(_INT, 0)
        builder.cbranch(builder.icmp_signed("<", zero, end), loop, after)
        builder.position_at_end(loop)
        k = builder.phi(_INT)
        k.add_incoming(zero, before)
        held = [[builder.phi(self.vector) for _ in range(columns)] for _ in range(rows)]
        new = body(k, held)
        following = builder.add(k, ir.Constant(_INT, by))
        k.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
        builder.position_at_end(after)
        found = [[builder.phi(self.vector) for _ in range(columns)] for _ in range(rows)]
        for i in range(rows):
            for j in range(columns):
                held[i][j].add_incoming(self.zero, before)
                held[i][j].add_incoming(new[i][j], loop)
                found[i][j].add_incoming(self.zero, before)
                found[i][j].add_incoming(new[i][j], loop)
        return found


def _tile(write: Callable[..., None], lanes: int | None = None) -> Any:
    """An intrinsic that computes one tile: ``write(pen, arguments)`` writes its instructions.

    Arguments: the arrays A, B and C with, after each, where the tile's part begins and the strides.
    """

    @intrinsic
    def tile(typing, A, a, a_row, a_term, B, b, b_row, terms, C, c, c_row):
        n = types.intp
        signature = types.void(A, n, n, n, B, n, n, n, C, n, n)

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            dtype = signature.args[8].dtype
            pen = _Pen(context, builder, dtype, lanes or _BYTES * 8 // dtype.bitwidth)
            kinds = signature.args
            at = {
                "A": pen.start(kinds[0], given[0], given[1]),
                "B": pen.start(kinds[4], given[4], given[5]),
                "C": pen.start(kinds[8], given[8], given[9]),
            }
            write(pen, at, *given[2:4], *given[6:8], given[10])
            return context.get_dummy_value()

        return signature, generate

    return tile


def _dots(rows: int, columns: int) -> Any:
    """A tile of C = A B^T: sums of products of a row of A and a row of B, a vector at a time."""

    def write(pen, at, a_row, a_term, b_row, terms, c_row):
        builder = pen.builder
        left = [pen.step(at["A"], a_row, i) for i in range(rows)]
        right = [pen.step(at["B"], b_row, j) for j in range(columns)]
        whole = builder.and_(terms, ir.Constant(_INT, -pen.lanes))

        def body(k: Any, sums: Any) -> Any:
            b = [pen.load(builder.gep(row, [k])) for row in right]
            new = []
            for i, row in enumerate(left):
                a = pen.load(builder.gep(row, [k]))
                new.append([pen.fma(a, b[j], sums[i][j]) for j in range(columns)])
            return new

        found = pen.sums(rows, columns, whole, pen.lanes, body)
        totals = [
            [cgutils.alloca_once_value(builder, pen.total(found[i][j])) for j in range(columns)]
            for i in range(rows)
        ]
        with cgutils.for_range_slice(builder, whole, terms, ir.Constant(_INT, 1)) as (k, _):
            for i in range(rows):  # what is left of a vector, number by number
                a = builder.load(builder.gep(left[i], [k]))
                for j in range(columns):
                    b = builder.load(builder.gep(right[j], [k]))
                    more = builder.fma(a, b, builder.load(totals[i][j]))
                    builder.store(more, totals[i][j])
        for i in range(rows):
            place = pen.step(at["C"], c_row, i)
            for j in range(columns):
                to = builder.gep(place, [ir.Constant(_INT, j)])
                builder.store(builder.load(totals[i][j]), to)

    return _tile(write)


def _outers(rows: int, vectors: int, lanes: int | None = None) -> Any:
    """A tile of C = A B: one number of A times a stretch of a row of B, added up over the terms."""

    def write(pen, at, a_row, a_term, b_row, terms, c_row):
        builder = pen.builder

        def body(k: Any, sums: Any) -> Any:
            line = builder.gep(at["B"], [builder.mul(k, b_row)])
            terms = builder.gep(at["A"], [builder.mul(k, a_term)])
            b = [pen.load(builder.gep(line, [pen.place(j)])) for j in range(vectors)]
            new = []
            for i in range(rows):
                a = pen.spread(pen.step(terms, a_row, i))
                new.append([pen.fma(a, b[j], sums[i][j]) for j in range(vectors)])
            return new

        found = pen.sums(rows, vectors, terms, 1, body)
        for i in range(rows):
            place = pen.step(at["C"], c_row, i)
            for j in range(vectors):
                pen.store(found[i][j], builder.gep(place, [pen.place(j)]))

    return _tile(write, lanes)


# -- products of whole matrices: strips of tiles, shared out to the threads --


def _strip_of_dots(rows: int) -> Any:
    wide, narrow, columns = _dots(rows, _DOT[1]), _dots(rows, 1), _DOT[1]

    @njit(**_OPTIONS)
    def strip(A, B, C, i, first, last):
        K, N = A.shape[1], C.shape[1]
        j = first
        while j + columns <= last:
            wide(A, i * K, K, 1, B, j * K, K, K, C, i * N + j, N)
            j += columns
        while j < last:
            narrow(A, i * K, K, 1, B, j * K, K, K, C, i * N + j, N)
            j += 1

    return strip


def _strip_of_outers(vectors: int, lanes: int | None = None) -> Any:
    high, low, rows = _outers(_OUTER, vectors, lanes), _outers(1, vectors, lanes), _OUTER

    @njit(**_OPTIONS)
    def strip(A, row, term, B, C, j, first, last):
        K, N = B.shape
        i = first
        while i + rows <= last:
            high(A, i * row, row, term, B, j, N, K, C, i * N + j, N)
            i += rows
        while i < last:
            low(A, i * row, row, term, B, j, N, K, C, i * N + j, N)
            i += 1

    return strip


_dots_high, _dots_two, _dots_one = _strip_of_dots(_DOT[0]), _strip_of_dots(2), _strip_of_dots(1)
_outers_wide, _outers_one, _outers_rest = (
    _strip_of_outers(2),
    _strip_of_outers(1),
    _strip_of_outers(1, 1),
)
_HIGH = _DOT[0]


@njit(**_OPTIONS)
def _dots_between(A, B, C, first, last):
    """Columns ``first`` to ``last`` of C = A B^T."""
    rows, i = A.shape[0], 0
    while i + _HIGH <= rows:
        _dots_high(A, B, C, i, first, last)
        i += _HIGH
    while i + 2 <= rows:
        _dots_two(A, B, C, i, first, last)
        i += 2
    if i < rows:
        _dots_one(A, B, C, i, first, last)


@njit(**_OPTIONS)
def _outers_between(A, row, term, B, C, first, last):
    """Rows ``first`` to ``last`` of C = A B, where A is read by its strides."""
    columns, j = C.shape[1], 0
    lanes = _BYTES // C.itemsize
    while j + 2 * lanes <= columns:
        _outers_wide(A, row, term, B, C, j, first, last)
        j += 2 * lanes
    while j + lanes <= columns:
        _outers_one(A, row, term, B, C, j, first, last)
        j += lanes
    while j < columns:
        _outers_rest(A, row, term, B, C, j, first, last)
        j += 1


@njit(**_OPTIONS)
def _part(k, parts, size, grain):
    """Where the k-th of ``parts`` shares of ``size`` begins, at a multiple of ``grain``."""
    pieces = (size + grain - 1) // grain
    return min(size, (k * pieces // parts) * grain)


_COLUMNS = _DOT[1]


def compiled(function: Any) -> Any:
    """Compiled for threads, and kept for the next time where some folder can be written to."""
    try:
        return njit(**_OPTIONS, parallel=True, cache=True)(function)
    except RuntimeError:
        return njit(**_OPTIONS, parallel=True)(function)


@njit(**_OPTIONS)
def some_rows_nn(A, B, C, first, last):
    """Rows ``first`` to ``last`` of C = A B, on this thread."""
    _outers_between(A, A.shape[1], 1, B, C, first, last)


@compiled
def product_nt(A, B, C, threads):
    """C = A B^T, its columns shared out."""
    columns = C.shape[1]
    if threads == 1:
        _dots_between(A, B, C, 0, columns)
        return
    for k in prange(threads):
        first = _part(k, threads, columns, _COLUMNS)
        _dots_between(A, B, C, first, _part(k + 1, threads, columns, _COLUMNS))


@compiled
def product_nn(A, B, C, threads):
    """C = A B, its rows shared out."""
    rows = C.shape[0]
    if threads == 1:
        _outers_between(A, A.shape[1], 1, B, C, 0, rows)
        return
    for k in prange(threads):
        first = _part(k, threads, rows, _OUTER)
        _outers_between(A, A.shape[1], 1, B, C, first, _part(k + 1, threads, rows, _OUTER))


@compiled
def product_tn(A, B, C, threads):
    """C = A^T B, its rows shared out."""
    rows = C.shape[0]
    if threads == 1:
        _outers_between(A, 1, A.shape[1], B, C, 0, rows)
        return
    for k in prange(threads):
        first = _part(k, threads, rows, _OUTER)
        _outers_between(A, 1, A.shape[1], B, C, first, _part(k + 1, threads, rows, _OUTER))


@njit(nogil=True, fastmath={"reassoc"})
def all_finite(x):
    """Whether every number is: the sum of 0 x is 0 for finite numbers, NaN with any other."""
    zero = x.dtype.type(0)
    total = zero
    for i in range(x.size):
        total += x[i] * zero
    return total == 0


@compiled
def _begin(x):
    """Some parallel loop, so that Numba chooses how it runs threads."""
    for k in prange(x.size):
        x[k] = 0.0


def shares(work: int, threads: int) -> int:
    """The number of threads for a product of ``work`` multiply-adds: a table, never a timing."""
    return threads if threads > 1 and work >= LEAST_PRODUCT and _quick_threads() else 1


@functools.cache
def _quick_threads() -> bool:
    """Whether this Numba's threads wait for work by spinning: sleepers take 70 us to wake up."""
    _begin(np.empty(2))
    return numba.threading_layer() in ("omp", "tbb")
