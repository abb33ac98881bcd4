"""What layers are called in series."""

from __future__ import annotations


def layer_name(parameter: str) -> str:
    """A layer's weight is called by its module's path; other matrices of a module, as recurrent ones, by their own
    name."""
    return parameter.removesuffix(".weight")
