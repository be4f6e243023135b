"""What every room stands on: checks of arguments, errors and warnings, registries, numbers of threads, types of arrays."""

from prunus._base import check, frames, scipy
from prunus._base.arrays import Bools, Doubles, Floats, Places, Shape
from prunus._base.check import MAKE_ONE
from prunus._base.config import show_config
from prunus._base.errors import FormatError, NotSupportedError
from prunus._base.frames import columns_of, frame_of, names_of
from prunus._base.records import record
from prunus._base.registry import registry
from prunus._base.tables import table
from prunus._base.threads import checked_threads, resolve_threads

__all__ = [
    "MAKE_ONE",
    "Bools",
    "Doubles",
    "Floats",
    "FormatError",
    "NotSupportedError",
    "Places",
    "Shape",
    "check",
    "checked_threads",
    "columns_of",
    "frame_of",
    "frames",
    "names_of",
    "record",
    "registry",
    "resolve_threads",
    "scipy",
    "show_config",
    "table",
]
