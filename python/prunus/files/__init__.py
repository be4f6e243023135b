"""The bytes of a file: written whole or not at all, and believed only after every check."""

from prunus.files.container import write_whole
from prunus.files.files import Contents, from_bytes, load, save, size_of, structure_of, to_bytes

__all__ = ["Contents", "from_bytes", "load", "save", "size_of", "structure_of", "to_bytes", "write_whole"]
