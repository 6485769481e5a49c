"""How a table's features meet a network: likelihood heads, and for families without likelihoods a continuous space."""

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.table_heads import TableHeads
from evalkit.backbones.heads.table_space import TableSpace

__all__ = ["Facts", "TableHeads", "TableSpace"]
