"""What gives a generator away, in plain words."""

from evalkit.discriminator.giveaways.giveaway import Giveaway, What
from evalkit.discriminator.giveaways.search import find_giveaways

__all__ = ["Giveaway", "What", "find_giveaways"]
