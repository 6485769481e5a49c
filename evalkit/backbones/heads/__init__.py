"""Likelihood heads: how a network's outputs become probabilities of a table's values. Shared by every family that has them."""

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.table_heads import TableHeads

__all__ = ["Facts", "TableHeads"]
