"""Full-batch gradient descent on a small network: a plain PyTorch script.

A tanh network with 673 parameters fits the Chebyshev polynomial T4 on 64 points. The loss goes down all the time. Seen
from its curvature, something else happens: the sharpness climbs until the step size is only just stable, and then stays
there.
"""

import torch
from torch import nn

LEARNING_RATE = 0.05
WIDTH = 24
STEPS = 8000

torch.manual_seed(31)
inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
targets = 8 * inputs**4 - 8 * inputs**2 + 1

network = nn.Sequential(nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))
for layer in network:
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.zeros_(layer.bias)

optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

for step in range(STEPS + 1):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(network(inputs), targets)
    loss.backward()
    optimizer.step()
    if step % 1000 == 0:
        print(f"step {step}  loss {loss.item():.3e}")
