"""What a pruned model may cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from prunus._base import check
from prunus.masking import Pattern


class Budget(NamedTuple):
    """One limit, in the unit of its name."""

    name: str
    limit: float

    @property
    def needs_labels(self) -> bool:
        """Whether a score tells if it is met."""
        return self.name == "max_accuracy_drop"


def budget_of(pattern: Pattern, targets: Mapping[str, Any], **budgets: Any) -> Budget | None:
    """Return the budget that is given; None where there is another target, or none for a pattern that takes none."""
    given = [name for name, value in budgets.items() if value is not None]
    if not given:
        return None
    if not pattern.takes_target:
        raise check.error(
            ValueError,
            given[0],
            f"expected None for pattern {pattern}, which says how much goes, got {budgets[given[0]]!r}",
        )
    name = check.exactly_one(**targets, **budgets)
    value = budgets[name]
    if name == "max_bytes":
        return Budget(name, check.integer(name, value, minimum=1))
    return Budget(name, check.number(name, value, 0, sys.float_info.max))
