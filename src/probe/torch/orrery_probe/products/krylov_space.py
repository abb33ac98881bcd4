"""A growing space onto which a symmetric operator is projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import torch
from torch import Tensor

from .operator import SymmetricOperator, unit

_BREAKDOWN = 1e-13
"""Relative to the operator's scale: below it, the space is invariant for all that double precision can tell."""
_DEPENDENT = 1e-6
"""A start whose part outside the space is shorter than this says nothing that its single precision does not blur."""
_MOST_ATTEMPTS = 16
"""Of random directions in a row, to find one outside the space."""
_ASYMMETRY = 1e-2
"""Relative to the largest product so far. Rounding of products in single precision is a thousandth of it at most."""
_FIRST_CAPACITY = 8


class NonFiniteProduct(Exception):
    """A product with a NaN or an infinity: there is no eigenvalue to report."""

    def __init__(self) -> None:
        super().__init__(
            "A Hessian-vector product is not finite: the loss or its curvature overflows at these weights."
        )


class AsymmetricProduct(Exception):
    """Products that no symmetric operator has."""

    def __init__(self) -> None:
        super().__init__(
            "Hessian-vector products are not symmetric: some operation's derivative is not that of what it computes."
        )


@dataclass(frozen=True)
class RitzPairs:
    """Eigenpairs of the operator as the space shows it."""

    values: Tensor
    """Ascending, on the processor."""
    coefficients: Tensor
    """Column j holds the coefficients of the j-th Ritz vector in the basis."""

    @property
    def scale(self) -> float:
        """Largest value in absolute terms: the scale of rounding errors."""
        return float(self.values.abs().max())


class KrylovSpace:
    """With an orthonormal basis (Rayleigh and Ritz).

    From one start v it is the space of v, A·v, A²·v, …: Lanczos's iteration with full reorthogonalization (Golub and
    Van Loan 2013, §10.3). From several it holds them all, and then grows by the residual of the largest Ritz pair.
    """

    def __init__(
        self, operator: SymmetricOperator, starts: Sequence[Tensor], random_direction: Callable[[], Tensor]
    ) -> None:
        """`starts` are at least one, none zero; `random_direction` gives a new one where the space is invariant."""
        self.has_broken_down = False
        """Whether the space was invariant at some time, so that what it grew by was a random direction."""
        self._operator = operator
        self._starts = starts
        self._random_direction = random_direction
        self._storage = self._empty(_FIRST_CAPACITY)
        self._size = 0
        self._projected: list[Tensor] = []
        """Entry k holds the products of A with basis vector k along basis vectors 0 to k."""
        self._outside: list[tuple[int, Tensor]] = []
        """Parts of products outside the space, and which basis vector each is a product with."""
        self._scale = 0.0
        self._pairs: RitzPairs | None = None
        """Of the space as it is; None where it has grown since."""

    @property
    def products(self) -> int:
        return self._size

    @property
    def basis(self) -> Tensor:
        """One vector a row."""
        return self._storage[: self._size]

    def extend(self) -> None:
        """Adds one basis vector, by one product. Raises NonFiniteProduct, AsymmetricProduct."""
        newest = self._direction()
        self._append(newest)
        self._pairs = None
        image = self._operator.product(newest)
        length = float(image.norm())
        if not length < float("inf"):
            raise NonFiniteProduct
        self._scale = max(self._scale, length)
        image, along = orthogonalized(image, self.basis)
        along = along.cpu()
        self._projected.append(along)
        outside: list[tuple[int, Tensor]] = []
        for index, vector in self._outside:
            back = torch.dot(newest, vector)
            if abs(float(back) - float(along[index])) > _ASYMMETRY * self._scale:
                raise AsymmetricProduct
            outside.append((index, vector - back * newest))
        outside.append((self._size - 1, image))
        self._outside = [each for each in outside if float(each[1].norm()) > _BREAKDOWN * self._scale]

    def ritz_pairs(self) -> RitzPairs:
        if self._pairs is None:
            self._pairs = self._projected_pairs()
        return self._pairs

    def _projected_pairs(self) -> RitzPairs:
        matrix = torch.zeros(self._size, self._size, dtype=torch.float64, device="cpu")
        for index, column in enumerate(self._projected):
            matrix[: index + 1, index] = column
            matrix[index, : index + 1] = column
        values, coefficients = torch.linalg.eigh(matrix)
        return RitzPairs(values, coefficients)

    def residual(self, coefficients: Tensor) -> float:
        """Norm of A·y - θ·y for a Ritz pair (θ, y): some eigenvalue is no farther from θ."""
        vector = self._residual_vector(coefficients)
        return 0.0 if vector is None else float(vector.norm())

    def vector(self, coefficients: Tensor) -> Tensor:
        """The unit vector with these coefficients in the basis."""
        return unit(self.basis.t().mv(coefficients.to(self.basis)))

    def _residual_vector(self, coefficients: Tensor) -> Tensor | None:
        parts = [float(coefficients[index]) * vector for index, vector in self._outside]
        return torch.stack(parts).sum(0) if parts else None

    def _direction(self) -> Tensor:
        if self._size < len(self._starts):
            start = _independent_of(self.basis, self._starts[self._size])
            return self._fresh_direction() if start is None else start
        growth = self._growth()
        length = 0.0 if growth is None else float(growth.norm())
        if growth is not None and length > _BREAKDOWN * self._scale:
            # Where little is left of a product, or several cancel, rounding along the basis is no longer small beside
            # it.
            direction = unit(growth) if length > _DEPENDENT * self._scale else _independent_of(self.basis, growth)
            if direction is not None:
                return direction
        self.has_broken_down = True
        return self._fresh_direction()

    def _growth(self) -> Tensor | None:
        """What the largest Ritz vector's product has outside the space; None where the space is invariant."""
        if len(self._outside) < 2:
            return self._outside[0][1] if self._outside else None
        return self._residual_vector(self.ritz_pairs().coefficients[:, -1])

    def _fresh_direction(self) -> Tensor:
        for _ in range(_MOST_ATTEMPTS):
            # A space that was begun from the results of an earlier one may hold the very direction that comes first
            # again.
            direction = _independent_of(self.basis, self._random_direction())
            if direction is not None:
                return direction
        raise RuntimeError("No direction is left outside the space.")

    def _append(self, vector: Tensor) -> None:
        if self._size == len(self._storage):
            wider = self._empty(2 * self._size)
            wider[: self._size] = self._storage
            self._storage = wider
        self._storage[self._size] = vector
        self._size += 1

    def _empty(self, capacity: int) -> Tensor:
        operator = self._operator
        return torch.empty(capacity, operator.dimension, dtype=operator.working_type, device=operator.device)


def orthogonalized(vector: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """The part of a vector that is orthogonal to the rows of an orthonormal basis, and its parts along them."""
    along = basis.mv(vector)
    rest = vector - basis.t().mv(along)
    # Twice is enough: one pass leaves a part along the basis where most of the vector was subtracted (Parlett 1998,
    # §6.9).
    again = basis.mv(rest)
    return rest - basis.t().mv(again), along + again


def _independent_of(basis: Tensor, vector: Tensor) -> Tensor | None:
    """The unit vector of the part outside the space; None where that is next to nothing."""
    direction, _ = orthogonalized(unit(vector), basis)
    if not float(direction.norm()) >= _DEPENDENT:
        return None
    return unit(orthogonalized(unit(direction), basis)[0])
