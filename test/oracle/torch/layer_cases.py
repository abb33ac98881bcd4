"""What the probe finds out about layers, from the graphs of small networks.

python layer_cases.py PACKAGE_FOLDER prints, by case, the largest error of each layer's activation against the one
written out (null where it is refused), pairs of layers whose balance is conserved, layers that the loss does not
scale with, and the layers of linear networks with the largest error of what is read off their graph.
"""

import json
import math
import os
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, sys.argv[1])
from orrery_probe.layers.activations import Layers
from orrery_probe.layers.calls import LayerCalls
from orrery_probe.layers.forward_graph import ForwardGraph
from orrery_probe.layers.homogeneity import degrees_of
from orrery_probe.layers.linear_stack import linear_stack
from orrery_probe.layers.pairs import layer_pairs

BATCH, INPUTS, HIDDEN, OUTPUTS = 7, 5, 6, 3


class Network(nn.Module):
    """The second layer after some function of the first one's product."""

    def __init__(self, between):
        super().__init__()
        self.first = nn.Linear(INPUTS, HIDDEN)
        self.second = nn.Linear(HIDDEN, OUTPUTS)
        self.between = between

    def forward(self, inputs):
        return self.second(self.between(self.first(inputs)))


class ComposedGelu(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def composed_swish(x):
    return x * torch.sigmoid(x)


def watched(network, inputs, loss_of):
    """The loss, and what is known of the layers that led to it."""
    calls = LayerCalls()
    original = nn.Module.__call__

    def call(module, *args, **kwargs):
        result = original(module, *args, **kwargs)
        calls.add(module, args, kwargs, result)
        return result

    nn.Module.__call__ = call
    try:
        loss = loss_of(network(inputs))
    finally:
        nn.Module.__call__ = original
    names = {id(each): name for name, each in network.named_parameters()}
    layers = Layers(ForwardGraph([(loss.grad_fn, loss.output_nr)]), calls, names)
    loss.backward()
    return layers, names


def errors(network, inputs, loss_of, expected):
    layers, _ = watched(network, inputs, loss_of)
    found = {each.layer: each for each in layers.activations if each.is_whole}
    return {
        layer: float((found[layer].rows() - values.detach()).abs().max()) if layer in found else None
        for layer, values in expected.items()
    }


def cross_entropy(outputs):
    return functional.cross_entropy(outputs, torch.arange(len(outputs)) % OUTPUTS)


def activations():
    functions = {
        "relu": torch.relu,
        "relu6": functional.relu6,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "gelu": functional.gelu,
        "silu": functional.silu,
        "elu": lambda x: functional.elu(x, 0.7),
        "selu": torch.selu,
        "leaky": lambda x: functional.leaky_relu(x, 0.2),
        "softplus": lambda x: functional.softplus(x, 2),
        "hardswish": functional.hardswish,
        "mish": functional.mish,
        "identity": lambda x: x,
        "ReLU in place": nn.ReLU(inplace=True),
        "PReLU": nn.PReLU(),
        "composed module": ComposedGelu(),
        "composed function": composed_swish,
    }
    report = {}
    for name, function in functions.items():
        network = Network(function)
        inputs = 2 * torch.randn(BATCH, INPUTS)
        product = functional.linear(inputs, network.first.weight, network.first.bias)
        hidden = function(product.clone())
        expected = {"first": hidden, "second": functional.linear(hidden, network.second.weight, network.second.bias)}
        report[name] = errors(network, inputs, cross_entropy, expected)
    # What follows a function is no part of it, and a loss is no function of a layer.
    inputs = torch.randn(BATCH, INPUTS)
    network = Network(lambda x: functional.dropout(functional.relu(x), 0.5))
    product = functional.linear(inputs, network.first.weight, network.first.bias)
    report["dropout after it"] = errors(network, inputs, cross_entropy, {"first": product.relu()})
    network = Network(torch.tanh)
    outputs = network(inputs).detach()
    report["written out error"] = errors(network, inputs, lambda given: ((given - 1) ** 2).mean(), {"second": outputs})
    network = Network(nn.BatchNorm1d(HIDDEN))
    normalization = network.between
    network.between = nn.Sequential(normalization, nn.ReLU())
    product = functional.linear(inputs, network.first.weight, network.first.bias)
    normalized = functional.batch_norm(product, None, None, normalization.weight, normalization.bias, True)
    report["batch normalization"] = errors(network, inputs, cross_entropy, {"first": normalized.relu()})
    return report


def pairs():
    shared = nn.Linear(HIDDEN, HIDDEN)
    networks = {
        "linear": (Network(lambda x: x), cross_entropy),
        "rectified": (Network(torch.relu), cross_entropy),
        "tanh": (Network(torch.tanh), cross_entropy),
        "dropout": (Network(lambda x: functional.dropout(x, 0.5)), cross_entropy),
        "skip connection": (Network(lambda x: x + torch.relu(x)), cross_entropy),
        "normalization": (Network(nn.LayerNorm(HIDDEN)), cross_entropy),
        "shared weights": (Network(lambda x: shared(shared(x))), cross_entropy),
    }
    penalized = Network(torch.relu)
    networks["penalty"] = (penalized, lambda outputs: cross_entropy(outputs) + penalized.first.weight.square().sum())
    report = {}
    for name, (network, loss_of) in networks.items():
        layers, names = watched(network, torch.randn(BATCH, INPUTS), loss_of)
        report[name] = [
            [names[id(each.first)], names[id(each.second)], "rectified" if each.is_rectified else "linear"]
            for each in layer_pairs(layers.graph, names)
        ]
    return report


class Matrices(nn.Module):
    """A linear network without modules."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Parameter(torch.randn(INPUTS, HIDDEN)), nn.Parameter(torch.randn(HIDDEN, OUTPUTS))
        self.bias = nn.Parameter(torch.randn(OUTPUTS))

    def forward(self, inputs):
        return inputs @ self.first @ self.second + self.bias


def stacks():
    """Layers of what is a linear network under a squared error, and how far inputs, outputs and errors that are read
    off its graph are from the true ones; null for another network."""
    inputs, targets = torch.randn(BATCH, INPUTS), torch.randn(BATCH, OUTPUTS)
    linear, unbiased = Network(lambda x: x), Network(lambda x: x)
    unbiased.first.bias = unbiased.second.bias = None
    biased_below, penalized, frozen = (Network(lambda x: x) for _ in range(3))
    biased_below.second.bias = None
    tied = Network(lambda x: tied.square(tied.square(x)))
    tied.square = nn.Linear(HIDDEN, HIDDEN)
    frozen.second.weight.requires_grad_(False)
    squared = functional.mse_loss
    cases = {
        "modules": (unbiased, squared),
        "biases": (linear, squared),
        "matrices, an error that is written out": (Matrices(), lambda given, wanted: ((given - wanted) ** 2).mean()),
        "an error the other way round": (linear, lambda given, wanted: (wanted - given).square().sum()),
        "views": (linear, lambda given, wanted: squared(given.reshape(-1), wanted.reshape(-1))),
        "a factor of the outputs": (linear, lambda given, wanted: torch.sub(wanted, given, alpha=2).square().mean()),
        "biases below only": (biased_below, squared),
        "tanh": (Network(torch.tanh), squared),
        "dropout": (Network(lambda x: functional.dropout(x, 0.5)), squared),
        "skip connection": (Network(lambda x: x + unbiased.first(inputs)), squared),
        "shared weights": (tied, squared),
        "penalty": (penalized, lambda given, wanted: squared(given, wanted) + penalized.first.weight.square().sum()),
        "frozen weights": (frozen, squared),
        "more targets than outputs": (linear, lambda given, wanted: squared(given, torch.stack([wanted, wanted]))),
        "cross-entropy": (linear, lambda given, _: cross_entropy(given)),
    }
    report = {}
    for name, (network, loss_of) in cases.items():
        names = {id(each): path for path, each in network.named_parameters()}
        outputs = network(inputs)
        loss = loss_of(outputs, targets)
        stack = linear_stack(ForwardGraph([(loss.grad_fn, loss.output_nr)]), names)
        if stack is None:
            report[name] = None
            continue
        pairs = [
            (stack.inputs(), inputs),
            (stack.outputs(inputs.cpu().double()), outputs),
            (stack.comparison.errors().reshape(outputs.shape), outputs - targets),
        ]
        report[name] = {
            "layers": [names[id(each.weight)] for each in stack.layers],
            "isBiased": stack.is_biased,
            "error": max(float((seen.cpu() - true.detach().cpu()).abs().max()) for seen, true in pairs),
        }
    return report


def invariance():
    """The degree of the loss in weights and bias of the first layer, and how much it really moves when they are
    doubled."""
    networks = {
        "layer normalization": nn.LayerNorm(HIDDEN, eps=1e-12),
        "batch normalization": nn.BatchNorm1d(HIDDEN, eps=1e-12),
        "rectifier and normalization": nn.Sequential(nn.ReLU(), nn.LayerNorm(HIDDEN, eps=1e-12)),
        "tanh and normalization": nn.Sequential(nn.Tanh(), nn.LayerNorm(HIDDEN, eps=1e-12)),
        "kept statistics": nn.BatchNorm1d(HIDDEN, eps=1e-12).eval(),
        "none": nn.Identity(),
    }
    report = {}
    for name, between in networks.items():
        network, inputs = Network(between).double(), torch.randn(BATCH, INPUTS).double()
        layers, _ = watched(network, inputs, cross_entropy)
        graph = layers.graph
        edges = [graph.parameter(each) for each in (network.first.weight, network.first.bias)]
        degree = degrees_of(graph, edges).get(graph.roots[0])
        before = float(cross_entropy(network(inputs)))
        with torch.no_grad():
            network.first.weight.mul_(2)
            network.first.bias.mul_(2)
        report[name] = {"degree": degree, "moves": abs(float(cross_entropy(network(inputs))) - before)}
    return report


class Recurrent(nn.Module):
    """A recurrent module and a layer on its last hidden states."""

    def __init__(self, module, last):
        super().__init__()
        self.recurrent = module
        self.head = nn.Linear(HIDDEN * (2 if module.bidirectional else 1), OUTPUTS)
        self.last = last

    def forward(self, given):
        return self.head(self.last(*self.recurrent(*given)))


def stepped(kind, inputs, hidden, cell, weights):
    """The next hidden and cell state, as the documentation of PyTorch has them."""
    by_input, by_hidden, input_bias, hidden_bias = weights
    own, past = inputs @ by_input.t() + input_bias, hidden @ by_hidden.t() + hidden_bias
    if kind == "RNN":
        return (own + past).clamp(min=0), cell
    if kind == "GRU":
        reset = torch.sigmoid(own[:, :HIDDEN] + past[:, :HIDDEN])
        update = torch.sigmoid(own[:, HIDDEN : 2 * HIDDEN] + past[:, HIDDEN : 2 * HIDDEN])
        new = torch.tanh(own[:, 2 * HIDDEN :] + reset * past[:, 2 * HIDDEN :])
        return (1 - update) * new + update * hidden, cell
    entering, forgetting, new, leaving = (own + past).chunk(4, 1)
    cell = torch.sigmoid(forgetting) * cell + torch.sigmoid(entering) * torch.tanh(new)
    return torch.sigmoid(leaving) * torch.tanh(cell), cell


def hidden_states(module, inputs, lengths, initial):
    """[sequences, positions, units] by the name of the recurrent weights; zero beyond the sequences' ends."""
    kind = type(module).__name__
    found, below = {}, inputs
    directions = 2 if module.bidirectional else 1
    for layer in range(module.num_layers):
        sides = []
        for direction in range(directions):
            index = layer * directions + direction
            states = torch.zeros(len(inputs), inputs.shape[1], HIDDEN)
            for row, length in enumerate(lengths):
                hidden, cell = (each[index, row : row + 1] for each in initial)
                order = range(length) if direction == 0 else reversed(range(length))
                for position in order:
                    entering = below[row : row + 1, position]
                    hidden, cell = stepped(kind, entering, hidden, cell, module.all_weights[index])
                    states[row, position] = hidden
            sides.append(states)
            found[f"recurrent.weight_hh_l{layer}{'_reverse' if direction else ''}"] = states
        below = torch.cat(sides, 2)
    return found


def recurrences():
    """Errors of hidden states against the recurrence written out, null where they are not known."""
    lengths = [2, 4, 3]
    inputs = torch.randn(3, 4, INPUTS)
    zero = (torch.zeros(4, 3, HIDDEN), torch.zeros(4, 3, HIDDEN))
    drawn = (torch.randn(2, 3, HIDDEN), torch.randn(2, 3, HIDDEN))

    def last_output(output, _):
        return output[:, -1]

    def last_hidden(_, hidden):
        return hidden[0][-1] if isinstance(hidden, tuple) else hidden[-1]

    def of_packed(output, hidden):
        return hidden[0][-1]

    packed = nn.utils.rnn.pack_padded_sequence(inputs, torch.tensor(lengths, device="cpu"), True, False)
    both = nn.LSTM(INPUTS, HIDDEN, 2, batch_first=True, bidirectional=True)
    gru = nn.GRU(INPUTS, HIDDEN, 2)
    rectified = nn.RNN(INPUTS, HIDDEN, nonlinearity="relu", batch_first=True)
    stacked = nn.LSTM(INPUTS, HIDDEN, 2, batch_first=True)
    dropped = nn.LSTM(INPUTS, HIDDEN, 2, batch_first=True, dropout=0.5)
    whole = [4, 4, 4]
    cases = {
        "LSTM, both directions": (both, (inputs,), last_output, whole, zero, None),
        "GRU from a state": (gru, (inputs.transpose(0, 1), drawn[0]), last_hidden, whole, drawn, (0, 1)),
        "rectified RNN": (rectified, (inputs,), last_hidden, whole, zero, None),
        "packed LSTM from a state": (stacked, (packed, drawn), of_packed, lengths, drawn, "packed"),
        "dropout between layers": (dropped, (inputs,), last_output, whole, zero, None),
    }
    report = {}
    for name, (module, given, last, of, initial, layout) in cases.items():
        network = Recurrent(module, last)
        layers, _ = watched(network, given, cross_entropy)
        found = {each.layer: each for each in layers.recurrent}
        report[name] = {}
        with torch.no_grad():
            for layer, states in hidden_states(module, inputs, of, initial).items():
                if layout == "packed":
                    states = nn.utils.rnn.pack_padded_sequence(states, torch.tensor(of, device="cpu"), True, False).data
                elif layout is not None:
                    states = states.transpose(*layout)
                rows = states.reshape(-1, HIDDEN)
                known = layer in found
                report[name][layer] = float((found[layer].rows() - rows).abs().max()) if known else None
    return report


if __name__ == "__main__":
    device = os.environ.get("ORRERY_TEST_TORCH_DEVICE", "cpu")
    if device != "cpu":
        torch.set_default_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(3)
    warnings.simplefilter("ignore")
    report = {
        "activations": activations(),
        "pairs": pairs(),
        "stacks": stacks(),
        "invariance": invariance(),
        "recurrences": recurrences(),
    }
    print(json.dumps(report))
