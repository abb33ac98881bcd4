"""The hidden states of recurrent modules, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..products.silence import silence
from .forward_graph import Edge, ForwardGraph

_TOLERANCE = 1e-4
"""Relative, of hidden states computed again: sums in another order differ by about 1e-6 a step of the sequence."""
_TOLERANCE_HALF = 1e-2
_FUNCTIONS = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn_tanh", "RNN_RELU": "rnn_relu"}


@dataclass(frozen=True)
class KeptRecurrence:
    """A call of an `nn.LSTM`, `nn.GRU` or `nn.RNN`."""

    module: Any
    edges: list[Edge]
    """Of all its results."""
    output: Tensor
    """Hidden states of its last layer, of a packed sequence those that there are; without a graph."""
    version: int
    argument: Tensor
    sizes: Tensor | None
    """Sequences that go on, by position, where it is a packed sequence."""
    state: Sequence[Tensor] | None
    """Initial, [layers × directions, sequences, units] each; None where it is zero."""


@dataclass(frozen=True)
class RecurrentActivation:
    """Hidden states of one layer in one direction, under the name of the weights that they are multiplied by."""

    layer: str
    weights: frozenset[str]
    """Names of all weights of that layer and direction."""
    is_rectified: bool
    calls: int
    """Of the module on the way to the loss; the first one is what this is of."""
    states: Tensor

    def rows(self) -> Tensor:
        """[examples and positions, units], in the values' own type."""
        return self.states.reshape(-1, self.states.shape[-1])


def kept_recurrence(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> KeptRecurrence | None:
    """None for what is no call of a recurrent module of PyTorch's own with a gradient."""
    if not isinstance(module, torch.nn.RNNBase) or module.mode not in _FUNCTIONS or not isinstance(result, tuple):
        return None
    given: Any = args[0] if args else kwargs.get("input")
    state = args[1] if len(args) > 1 else kwargs.get("hx")
    output, hidden = result
    sizes = getattr(output, "batch_sizes", None)
    if sizes is not None:
        state = None if state is None else module.permute_hidden(state, given.sorted_indices)
        given, output = given.data, output.data
    states = [state] if isinstance(state, Tensor) else state
    results = [output, *([hidden] if isinstance(hidden, Tensor) else hidden)]
    edges = [(each.grad_fn, each.output_nr) for each in results if each.grad_fn is not None]
    if not edges:
        return None
    return KeptRecurrence(module, edges, output.detach(), output._version, given, sizes, states)


def recurrent_activations(
    graph: ForwardGraph, kept: Sequence[KeptRecurrence], names: Mapping[int, str]
) -> list[RecurrentActivation]:
    """Of all recurrent modules on the way to the loss; `names` of the trained parameters, by id. Computes layers below
    a module's last again, and leaves them out where that does not give what the module gave."""
    calls: dict[int, list[KeptRecurrence]] = {}
    for each in kept:
        if any(graph.holds(edge) for edge in each.edges):
            calls.setdefault(id(each.module), []).append(each)
    found: list[RecurrentActivation] = []
    for every in calls.values():
        first = every[0]
        module = first.module
        directions = 2 if module.bidirectional else 1
        for index, states in _by_layer(first):
            for direction, part in enumerate(states.chunk(directions, dim=-1)):
                weights = [each for each in module.all_weights[index * directions + direction] if each.dim() == 2]
                own = [names[id(each)] for each in weights if id(each) in names]
                # The input's weights are the first.
                if len(own) == len(weights):
                    is_rectified = module.mode == "RNN_RELU"
                    found.append(RecurrentActivation(own[1], frozenset(own), is_rectified, len(every), part))
    return found


def _by_layer(kept: KeptRecurrence) -> list[tuple[int, Tensor]]:
    """The hidden states of each layer that they are known of, by its number; both directions side by side."""
    if kept.output._version != kept.version:
        return []
    last = kept.module.num_layers - 1
    if last == 0:
        return [(0, kept.output)]
    again = _run_again(kept)
    return [*enumerate(again[:-1]), (last, kept.output)]


def _run_again(kept: KeptRecurrence) -> list[Tensor]:
    """The output of each layer; nothing where it is not the module's own, as with dropout between the layers, whose
    masks are not known."""
    module = kept.module
    is_batched = kept.sizes is not None or kept.argument.dim() == 3
    if not is_batched or (module.training and module.dropout > 0):
        return []
    functions: Any = torch._VF  # type: ignore[attr-defined]
    run = getattr(functions, _FUNCTIONS[module.mode])
    directions = 2 if module.bidirectional else 1
    value = kept.argument.detach()
    outputs: list[Tensor] = []
    with torch.no_grad(), silence(), torch.backends.cudnn.flags(enabled=False):
        for layer in range(module.num_layers):
            part = slice(layer * directions, (layer + 1) * directions)
            weights = [each for direction in module.all_weights[part] for each in direction]
            state = _initial_state(kept, part)
            options = (module.bias, 1, 0.0, False, module.bidirectional)
            if kept.sizes is None:
                value = run(value, state, weights, *options, module.batch_first)[0]
            else:
                value = run(value, kept.sizes, state, weights, *options)[0]
            outputs.append(value)
        is_half = kept.output.dtype in (torch.float16, torch.bfloat16)
        difference = float((value - kept.output).norm())
        tolerance = _TOLERANCE_HALF if is_half else _TOLERANCE
        return outputs if difference <= tolerance * float(kept.output.norm()) else []


def _initial_state(kept: KeptRecurrence, part: slice) -> Any:
    module = kept.module
    if kept.state is not None:
        states = [each.detach()[part] for each in kept.state]
    else:
        sequences = (
            int(kept.sizes[0]) if kept.sizes is not None else kept.argument.shape[0 if module.batch_first else 1]
        )
        widths = [module.proj_size or module.hidden_size, module.hidden_size]
        count = part.stop - part.start
        states = [
            torch.zeros(count, sequences, width, dtype=kept.argument.dtype, device=kept.argument.device)
            for width in widths[: 2 if module.mode == "LSTM" else 1]
        ]
    return tuple(states) if module.mode == "LSTM" else states[0]
