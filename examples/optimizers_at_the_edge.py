"""The edge of stability of optimizers other than plain gradient descent: a plain PyTorch script.

    python optimizers_at_the_edge.py --optimizer adam

A tanh network fits the Chebyshev polynomial T4 on 64 points, all of them at every step. Every optimizer drives the
sharpness to a threshold of its own: the heavy ball to (2 + 2β)/η, Nesterov's momentum to (2 + 2β)/((1 + 2β)η). RMSprop
and Adam divide the gradient by a preconditioner; it is the Hessian so divided whose sharpness goes to 2/η and to 38/η,
while the plain one goes nowhere in particular.
"""

import argparse

import torch
from torch import nn

WIDTH = 24
# With the usual 0.9 the sharpness is thrown further below the threshold each time, and takes thousands of steps to
# return.
MOMENTUM = 0.5


def make_optimizer(name, parameters):
    if name == "heavy-ball":
        return torch.optim.SGD(parameters, lr=0.08, momentum=MOMENTUM)
    if name == "nesterov":
        return torch.optim.SGD(parameters, lr=0.05, momentum=MOMENTUM, nesterov=True)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=0.001)
    return torch.optim.Adam(parameters, lr=0.005)


def main():
    parser = argparse.ArgumentParser(description="Full-batch training at the edge of stability.")
    parser.add_argument("--optimizer", choices=["heavy-ball", "nesterov", "rmsprop", "adam"], default="adam")
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()

    torch.manual_seed(31)
    inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
    targets = 8 * inputs**4 - 8 * inputs**2 + 1
    network = nn.Sequential(nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))
    optimizer = make_optimizer(arguments.optimizer, network.parameters())

    for step in range(arguments.steps + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(inputs), targets)
        loss.backward()
        optimizer.step()
        if step % 500 == 0:
            print(f"step {step}  loss {loss.item():.3e}")


if __name__ == "__main__":
    main()
