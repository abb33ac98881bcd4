"""What a model in evaluation mode leaves out of training, whose curvature that of its steps is not."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

DROPOUT = "dropout is off"
AVERAGES = "batch normalization goes by its running averages, which stay as they are"


def left_out(model: nn.Module) -> list[str]:
    """Nothing of a model in training mode: parts of it may be meant to stay as they are, as in fine-tuning."""
    if model.training:
        return []
    found = {each for module in model.modules() for each in _left_out_by(module)}
    return [each for each in (DROPOUT, AVERAGES) if each in found]


def _left_out_by(module: nn.Module) -> Iterator[str]:
    if module.training:
        return
    if isinstance(module, nn.modules.dropout._DropoutNd):
        rate: object = module.p
    else:
        rate = module.dropout if isinstance(module, (nn.MultiheadAttention, nn.RNNBase)) else 0.0
    if isinstance(rate, float) and rate > 0:
        yield DROPOUT
    if isinstance(module, nn.modules.batchnorm._NormBase) and module.running_mean is not None:
        yield AVERAGES
