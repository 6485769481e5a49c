"""What people's votes say: rankings, agreement, who is reliable, when to stop and how many votes to ask for."""

from evalkit.ratings.bradley_terry import rank
from evalkit.ratings.comparisons import OUTCOMES, Comparisons
from evalkit.ratings.elo import elo
from evalkit.ratings.ranking import Effect, Ranking

__all__ = ["OUTCOMES", "Comparisons", "Effect", "Ranking", "elo", "rank"]
