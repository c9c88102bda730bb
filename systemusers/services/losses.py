"""When so much is missing in a list of Altinn's at once that a fault is likelier than removals by customers."""

from __future__ import annotations

A_FEW = 10
"""So many may be missing at once, however short the list was."""


def is_mass_loss(*, missing: int, total: int) -> bool:
    """More than a few, and more than half."""
    return missing > A_FEW and missing * 2 > total
