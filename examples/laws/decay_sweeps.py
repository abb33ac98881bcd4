"""L36: the best weight decay of a language model, over words that each follow from the one before.

Run it with the decays 0.01, 0.1 and 1, then with `--steps 900` and the decays 0.01 and 0.1. It has six thousand
weights, where what is known of the law was seen on a hundred million and more: it does not apply, and says so.
"""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--decay", type=float, default=0.1)
parser.add_argument("--steps", type=int, default=300)
arguments = parser.parse_args()

torch.manual_seed(7)
WORDS, FEATURES, WIDTH, BATCH = 32, 16, 64, 16
scores = 1.5 * torch.randn(WORDS, WORDS)
model = nn.Sequential(nn.Embedding(WORDS, FEATURES), nn.Linear(FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WORDS))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.03, weight_decay=arguments.decay)
for _ in range(arguments.steps):
    words = torch.randint(WORDS, (BATCH,))
    following = torch.distributions.Categorical(logits=scores[words]).sample()
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(words), following).backward()
    optimizer.step()
