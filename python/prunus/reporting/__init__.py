"""What happened, as a dict and as text."""

from prunus.reporting.report import Report

__all__ = ["Report"]
