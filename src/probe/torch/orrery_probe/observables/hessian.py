"""The Hessian of the loss that is stepped on, for methods that keep vectors of the weights' length."""

from __future__ import annotations

from ..products.living_graph import LivingGraph
from ..products.operator import SymmetricOperator
from .observable import Unmeasurable


def hessian_of(products: LivingGraph, vectors: int) -> SymmetricOperator:
    """Raises Unmeasurable where so many vectors would not fit in memory."""
    parameters = products.parameters
    dimension = sum(each.numel() for each in parameters)
    operator = SymmetricOperator(dimension, parameters[0].device, products.product, products.rounding)
    if operator.most_basis_vectors < min(vectors, dimension):
        raise Unmeasurable(
            "curvature-memory",
            f"What takes {vectors} vectors of {dimension} weights is left out of the curvature: they would not fit in "
            "the memory set aside for them.",
        )
    return operator
