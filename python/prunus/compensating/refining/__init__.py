"""Steps on what is left, all of it together, towards what the network put out before anything went, or towards the labels."""

from prunus.compensating.refining.settings import Refine, refine_of
from prunus.compensating.refining.towards import refined

__all__ = ["Refine", "refine_of", "refined"]
