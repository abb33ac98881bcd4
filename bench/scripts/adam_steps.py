"""Prints the milliseconds that an Adam step of each benchmark model takes in PyTorch on one thread, median after the
first."""

import math
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)
torch.manual_seed(1)

LENGTH, WIDTH, HEADS, WORDS = 32, 64, 4, 100


def multilayer_perceptron():
    network = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return network, torch.rand(256, 784), torch.arange(256) % 10


def convolutional_network():
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 32, 10),
    )
    return network, torch.rand(64, 1, 28, 28), torch.arange(64) % 10


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        normal = self.first(x)
        query, key, value = (
            layer(normal).view(-1, LENGTH, HEADS, WIDTH // HEADS).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        weights = (query @ key.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)).softmax(-1)
        x = x + self.out((weights @ value).transpose(1, 2).reshape(-1, LENGTH, WIDTH))
        return x + self.down(functional.gelu(self.up(self.second(x))))


def transformer():
    network = nn.Sequential(
        nn.Embedding(WORDS, WIDTH), Block(), Block(), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WORDS), nn.Flatten(0, 1)
    )
    return network, torch.randint(WORDS, (16, LENGTH)), torch.arange(16 * LENGTH) % WORDS


MODELS = {
    "multilayerPerceptron": multilayer_perceptron,
    "convolutionalNetwork": convolutional_network,
    "transformer": transformer,
}


def milliseconds(name, steps):
    network, inputs, labels = MODELS[name]()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    times = []
    for _ in range(1 + steps):
        began = time.perf_counter()
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(inputs), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


print("milliseconds", milliseconds(sys.argv[1], int(sys.argv[2])))
