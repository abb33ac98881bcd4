"""Watches a PyTorch script train. Standard library and torch only."""

PROTOCOL_VERSION = 1
