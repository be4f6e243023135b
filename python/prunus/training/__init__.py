"""Epochs of gradient descent, under masks if there are any."""

from prunus.training.training import fit, train

__all__ = ["fit", "train"]
