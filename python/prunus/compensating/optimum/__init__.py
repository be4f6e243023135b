"""A linear model on the weights that are left, where its own loss and penalty are least."""

from prunus.compensating.optimum.optimum import chosen_again, exchanges, has_optimum, optimum

__all__ = ["chosen_again", "exchanges", "has_optimum", "optimum"]
