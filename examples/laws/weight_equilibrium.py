"""L34: under AdamW the norm of a layer and the angle of a step come to what η, λ and β₁ say, within 1/(ηλ) steps.

The layers stand before a normalization, so that the loss does not feel their scale, and labels are mostly random, so
that gradients are mostly noise. With `--decay 0` nothing comes to an equilibrium, and the law does not apply.
"""

import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--decay", type=float, default=0.05)
arguments = parser.parse_args()

torch.manual_seed(1)
INPUTS, WIDTH, CLASSES, BATCH, STEPS = 16, 32, 10, 16, 6000


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(INPUTS, WIDTH, bias=False)
        self.norm1 = torch.nn.LayerNorm(WIDTH, elementwise_affine=False)
        self.second = torch.nn.Linear(WIDTH, WIDTH, bias=False)
        self.norm2 = torch.nn.LayerNorm(WIDTH, elementwise_affine=False)
        self.last = torch.nn.Linear(WIDTH, CLASSES)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.norm1(self.first(inputs)))
        return self.last(torch.tanh(self.norm2(self.second(hidden))))


network = Network()
teacher = torch.randn(INPUTS, CLASSES)
optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=arguments.decay)
for _ in range(STEPS):
    inputs = torch.randn(BATCH, INPUTS)
    labels = (inputs @ teacher + 8 * torch.randn(BATCH, CLASSES)).argmax(dim=1)
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(inputs), labels).backward()
    optimizer.step()
