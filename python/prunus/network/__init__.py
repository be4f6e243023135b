"""The one representation of a model: immutable layers, what goes through them forwards and backwards, what comes out."""

from prunus.network.functions import ACTIVATION_NUMBER, ACTIVATIONS, OUTPUTS
from prunus.network.layer import Layer
from prunus.network.network import Network
from prunus.network.own_problem import as_fitted, of_output
from prunus.network.parts import WIDEST
from prunus.network.passes import Forward, Trace, outputs_of, trace, widest
from prunus.network.provenance import Provenance
from prunus.network.row_curvature import row_curvatures
from prunus.network.structure import Structure

__all__ = [
    "ACTIVATIONS",
    "ACTIVATION_NUMBER",
    "OUTPUTS",
    "WIDEST",
    "Forward",
    "Layer",
    "Network",
    "Provenance",
    "Structure",
    "Trace",
    "as_fitted",
    "of_output",
    "outputs_of",
    "row_curvatures",
    "trace",
    "widest",
]
