"""Tables of rows by token: Embedding and EmbeddingBag."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from pellucid.autograd import Tensor, no_grad, tensor
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.functional.embedding import padding_row, refuse_renorm, refuse_sparse
from pellucid.nn.module import Module, Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """What both have: a weight of one row a token, and torch's options for it."""

    weight: Parameter

    def _set_up(
        self,
        shape: tuple[int, int],
        padding_idx: int | None,
        norms: tuple[float | None, float],
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Any,
        freeze: bool,
        dtype: DTypeLike,
        generator: np.random.Generator | None,
    ) -> None:
        who = type(self).__name__
        if min(shape) < 1:
            raise OptionError(
                who, got=f"{shape[0]} tokens, {shape[1]} wide", needs="at least 1 of both"
            )
        refuse_renorm(who, *norms)
        refuse_sparse(who, sparse)
        self.num_embeddings, self.embedding_dim = shape
        self.padding_idx = padding_row(who, padding_idx, shape[0])
        self.max_norm, self.norm_type = norms
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if weight is None:
            self.weight = Parameter(np.empty(shape, dtype), requires_grad=not freeze)
            self.reset_parameters(generator)
            return
        given = np.array(weight.data if isinstance(weight, Tensor) else weight)
        if given.shape != shape:
            raise ShapeError(
                who, got=f"a weight of shape {given.shape}", needs=f"one row a token: {shape}"
            )
        self.weight = Parameter(given, requires_grad=not freeze)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the rows again, from N(0, 1); the row of ``padding_idx`` is 0."""
        init.normal_(self.weight, generator=generator)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    @classmethod
    def _from_table(cls, embeddings: Any, options: dict[str, Any]) -> Self:
        given = embeddings if hasattr(embeddings, "dtype") else tensor(embeddings)
        values = np.asarray(given.data if isinstance(given, Tensor) else given)
        if values.ndim != 2 or values.dtype.kind != "f":
            raise ShapeError(
                f"{cls.__name__}.from_pretrained",
                got=f"embeddings of shape {values.shape} and dtype {values.dtype}",
                needs="one row of floating-point numbers a token: (vocabulary, width)",
            )
        options = {**options, "dtype": values.dtype}
        made = cls(*values.shape, **options, _weight=values)  # type: ignore[call-arg]
        made._arguments = values.shape, options  # what nn.describe writes down: not the numbers
        return made


class Embedding(_Table):
    """y = W[ids]: for each token its row of W, ids (...) -> (..., embedding_dim).

    The rows are learnt; they start from N(0, 1), as in torch, and the row of ``padding_idx`` as 0,
    where it stays: it gets no gradient. ``scale_grad_by_freq`` divides the gradient of a row by how
    often its token occurs in the batch.

    Raises DataError for a token outside the vocabulary, DtypeError for ids that are no whole
    numbers, and OptionError for ``max_norm`` and ``sparse``, which Pellucid has not. A written
    program cannot look at the ids: there NumPy refuses a token that is too large, and counts one
    below 0 from the end.

    >>> Embedding(65, 8)(np.zeros((2, 5), int)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._set_up(
            (num_embeddings, embedding_dim),
            padding_idx,
            (max_norm, norm_type),
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            dtype,
            generator,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An Embedding with a copy of ``embeddings`` (V, D) as its rows, fixed if ``freeze``.

        >>> Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]])([1]).tolist()
        [[3.0, 4.0]]
        """
        options = {
            "padding_idx": padding_idx,
            "max_norm": max_norm,
            "norm_type": norm_type,
            "scale_grad_by_freq": scale_grad_by_freq,
            "sparse": sparse,
            "_freeze": freeze,
        }
        return cls._from_table(embeddings, options)

    def forward(self, input: Tensor) -> Tensor:
        """The rows of the tokens."""
        return F.embedding(
            input, self.weight, self.padding_idx, scale_grad_by_freq=self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        by_frequency = ", scale_grad_by_freq=True" if self.scale_grad_by_freq else ""
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}{by_frequency}"


class EmbeddingBag(_Table):
    """The sum, mean or maximum of the rows of each bag of tokens: (bags, embedding_dim).

    ids (bags, N), or (N,) with ``offsets`` (bags,): where in ids each bag begins; with
    ``include_last_offset`` one number more, the length of ids. For ``mode="sum"`` the rows may be
    weighed by ``per_sample_weights``. A token ``padding_idx`` does not count, an empty bag gives 0.
    Raises as Embedding does, and DataError for offsets that do not rise from 0.

    >>> EmbeddingBag(65, 8)(np.array([3, 1, 4, 1]), offsets=np.array([0, 3])).shape
    (2, 8)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
        _freeze: bool = False,
    ) -> None:
        super().__init__()
        self.mode = choose("EmbeddingBag", mode, ("sum", "mean", "max"))
        self.include_last_offset = include_last_offset
        self._set_up(
            (num_embeddings, embedding_dim),
            padding_idx,
            (max_norm, norm_type),
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            dtype,
            generator,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """An EmbeddingBag with a copy of ``embeddings`` (V, D) as its rows, fixed if ``freeze``.

        >>> EmbeddingBag.from_pretrained([[1.0, 2.0], [3.0, 4.0]])([[1, 0]]).tolist()
        [[2.0, 3.0]]
        """
        options = {
            "max_norm": max_norm,
            "norm_type": norm_type,
            "scale_grad_by_freq": scale_grad_by_freq,
            "mode": mode,
            "sparse": sparse,
            "include_last_offset": include_last_offset,
            "padding_idx": padding_idx,
            "_freeze": freeze,
        }
        return cls._from_table(embeddings, options)

    def forward(self, input: Tensor, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """One row a bag."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            scale_grad_by_freq=self.scale_grad_by_freq,
            mode=self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        by_frequency = ", scale_grad_by_freq=True" if self.scale_grad_by_freq else ""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        options = f"{by_frequency}, mode={self.mode!r}{padding}"
        return f"{self.num_embeddings}, {self.embedding_dim}{options}"
