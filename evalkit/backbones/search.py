"""What a family lets a search vary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included.

    Attributes:
        low, high: the ends; whole numbers where both are.
        logarithmic: search evenly among orders of magnitude.
    """

    low: float
    high: float
    logarithmic: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: tuple[Any, ...]


SearchSpace = Mapping[str, Range | Choice]
"""By the name of the setting."""
