"""Searches for the best subset of every size: one function each of a system and what may be chosen."""
