"""L20 and L21: a tanh network fits the Chebyshev polynomial T4 by gradient descent, until curvature is at 2/η.

With all points in a step the weights then swing along the sharpest direction, by as much as the slopes of the sharpness
say; with `--batch 5` it is the curvature of batches along their own gradients that comes to 2/η. With `--momentum 0.5`
neither law applies. Steps are some milliseconds apart, as where data come from a disk: that leaves time to measure.
"""

import argparse
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--batch", type=int, default=60)
parser.add_argument("--rate", type=float, default=0.15)
parser.add_argument("--momentum", type=float, default=0.0)
parser.add_argument("--seed", type=int, default=3)
parser.add_argument("--steps", type=int, default=800)
parser.add_argument("--wait", type=float, default=0.03, help="seconds between steps")
arguments = parser.parse_args()

POINTS, WIDTH = 60, 10

torch.manual_seed(arguments.seed)
inputs = torch.linspace(-1, 1, POINTS).unsqueeze(1)
targets = 8 * inputs**4 - 8 * inputs**2 + 1
network = nn.Sequential(nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))
for layer in network:
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.zeros_(layer.bias)
optimizer = torch.optim.SGD(network.parameters(), lr=arguments.rate, momentum=arguments.momentum)

order = torch.arange(POINTS)
for step in range(arguments.steps):
    first = step * arguments.batch % POINTS
    if first == 0 and arguments.batch < POINTS:
        order = torch.randperm(POINTS)
    batch = order[first : first + arguments.batch]
    time.sleep(arguments.wait)
    optimizer.zero_grad()
    nn.functional.mse_loss(network(inputs[batch]), targets[batch]).backward()
    optimizer.step()
