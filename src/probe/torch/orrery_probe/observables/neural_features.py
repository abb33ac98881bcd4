"""What features each dense layer has learned, against the gradients of the outputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..layers.kept_layers import KeptLayer, KeptLayers
from ..probe_set import ProbeSet
from ..products.evaluation import EvaluationPoint
from ..products.flat import flatten
from .feature_matrix import feature_alignment, feature_alignment_null
from .observable import Layered, Measurement, ObservedStep, Recording, Unmeasurable
from .random_matrix import chosen
from .turns import Turns

_MOST_OUTPUTS = 32
"""Backward passes, one an output."""
_MOST_UNITS = 256
"""Beyond it a matrix' square root takes seconds."""
_MOST_EXAMPLES = 128


class NeuralFeatures(Recording, Layered):
    """The neural feature ansatz of each dense layer, on the probe set's first batch: the cosine between W·Wᵀ and a
    power s of the mean outer product of the outputs' gradients by the layer's input, as defined in `feature_alignment`.
    Outputs are logits, for a cross-entropy.

    - `feature/nfa@layer`: s = ½.
    - `feature/nfaLinear@layer`: s = 1.

    Each with its null, that of random weights.
    """

    name = "feature/nfa"
    price = 1.0
    in_step_record = False
    needs_products = True
    needs_update = False

    def __init__(self, probe: ProbeSet) -> None:
        self._probe = probe
        self._turns = Turns()

    def applies(self, optimizer: torch.optim.Optimizer | None) -> bool:
        return True

    def measure(self, step: ObservedStep) -> Measurement | None:
        self._probe.look(step)
        layers = self._probe.layers
        if layers is None or layers.outputs is None:
            return None
        return self._probe.on_first(flatten(step.parameters), lambda point: self._alignments(layers, point))

    def _alignments(self, layers: KeptLayers, point: EvaluationPoint) -> Measurement:
        outputs = point.others[layers.outputs or 0]
        examples, count = outputs.shape
        if count > _MOST_OUTPUTS:
            raise Unmeasurable(
                "feature-outputs",
                f"Feature alignment is not measured: it takes a backward pass for each of the {count} outputs, and "
                f"{_MOST_OUTPUTS} are the most.",
            )
        some = torch.tensor(chosen(examples, _MOST_EXAMPLES), device=outputs.device)
        dense, omitted = self._usable(layers, point, outputs)
        products = [product for _, product in dense]
        by_output = [_derivatives(outputs[some, which].sum(), products) for which in range(count)]
        values: dict[str, float] = {}
        for index, (each, product) in self._turns.over(list(enumerate(dense))):
            units = product.shape[-1]
            weights = point.leaves[each.weight].detach().cpu().double().t()
            outer = torch.zeros(units, units, dtype=torch.float64, device="cpu")
            for derivatives in by_output:
                rows = derivatives[index][some].cpu().double()
                outer += rows.t() @ rows / len(some)
            aligned, expected = feature_alignment(weights, outer), feature_alignment_null(weights, outer)
            if aligned is None or expected is None:
                continue
            values[f"feature/nfa@{each.layer}"], values[f"feature/nfaLinear@{each.layer}"] = aligned
            values[f"feature/nfa@{each.layer}/null"], values[f"feature/nfaLinear@{each.layer}/null"] = expected
        method = f"gradients of {count} outputs by each layer's input, {self._probe.describe(1)}"
        return Measurement(values, method, omitted=omitted, sample=len(some))

    def _usable(
        self, layers: KeptLayers, point: EvaluationPoint, outputs: Tensor
    ) -> tuple[list[tuple[KeptLayer, Tensor]], list[Unmeasurable]]:
        """Dense layers with one row of their product for each example, and that product."""
        omitted = [_written_over(each.layer) for each in layers.layers if each.is_dense and each.product is None]
        found: list[tuple[KeptLayer, Tensor]] = []
        for each in layers.layers:
            product = None if each.product is None else point.others[each.product]
            if product is not None and product.dim() == 2 and len(product) == len(outputs):
                found.append((each, product))
        of_first = _derivatives(outputs[0, 0], [product for _, product in found])
        usable: list[tuple[KeptLayer, Tensor]] = []
        for (each, product), derivative in zip(found, of_first):
            if bool((derivative[1:] != 0).any()):
                omitted.append(_coupled(each.layer))
            elif product.shape[1] > _MOST_UNITS:
                omitted.append(_too_wide(each.layer, product.shape[1]))
            else:
                usable.append((each, product))
        return usable, omitted


def _derivatives(of: Tensor, by: Sequence[Tensor]) -> list[Tensor]:
    """Zero where it does not depend on one of them."""
    if not by:
        return []
    found = torch.autograd.grad(of, list(by), retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(each) if derivative is None else derivative.detach() for each, derivative in zip(by, found)
    ]


def _coupled(layer: str) -> Unmeasurable:
    return Unmeasurable(
        "feature-coupled",
        f"Feature alignment of {layer} is not measured: an example's output depends on other examples, as by batch "
        "normalization, so that it has no gradient of its own.",
    )


def _written_over(layer: str) -> Unmeasurable:
    return Unmeasurable(
        "feature-written-over",
        f"Feature alignment of {layer} is not measured: the function after it works in place, so that its product is "
        "lost.",
    )


def _too_wide(layer: str, units: int) -> Unmeasurable:
    return Unmeasurable(
        "feature-units",
        f"Feature alignment of {layer} is not measured: it has {units} units, and {_MOST_UNITS} are the most.",
    )
