"""Benchmarks: cases say what is computed, contenders how; run.py lets them run in turn."""
