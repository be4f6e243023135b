"""What happened, as a dict, as text and as drawings."""

from prunus.reporting.plots import (
    Sizes,
    axes_of,
    draw_choice,
    draw_coefficients,
    draw_curves,
    draw_frequencies,
    draw_loss,
)
from prunus.reporting.report import Report, in_words

__all__ = [
    "Report",
    "Sizes",
    "axes_of",
    "draw_choice",
    "draw_coefficients",
    "draw_curves",
    "draw_frequencies",
    "draw_loss",
    "in_words",
]
