"""Tables of numbers and categories as rows of numbers: what encoders, imputers and scalers of single columns come to."""

from prunus.data.encoding.encoding import Encoding
from prunus.data.encoding.parts import NOWHERE, Lookup, Numbers
from prunus.data.encoding.rows import Rows
from prunus.data.encoding.table import Table

__all__ = ["NOWHERE", "Encoding", "Lookup", "Numbers", "Rows", "Table"]
