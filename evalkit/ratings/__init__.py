"""What people's votes say: rankings, agreement, who is reliable, when to stop and how many votes to ask for."""

from evalkit.ratings.agreement import COEFFICIENTS, agreement
from evalkit.ratings.bradley_terry import rank
from evalkit.ratings.comparisons import OUTCOMES, Comparisons
from evalkit.ratings.elo import elo
from evalkit.ratings.mean_ratings import MeanRatings, mean_ratings
from evalkit.ratings.plackett_luce import rank_best_worst, rank_orders
from evalkit.ratings.planning import Components, components, plan, votes_for_ranking, votes_needed
from evalkit.ratings.ranking import Effect, Leaderboard, Ranking, Strengths
from evalkit.ratings.rater_report import rater_report
from evalkit.ratings.sequential import Watched, watch
from evalkit.ratings.style import STYLES, style_counts, style_covariates, style_differences
from evalkit.ratings.true_labels import TrueLabels, true_labels
from evalkit.ratings.without_one import without_one

__all__ = [
    "COEFFICIENTS",
    "OUTCOMES",
    "STYLES",
    "Comparisons",
    "Components",
    "Effect",
    "Leaderboard",
    "MeanRatings",
    "Ranking",
    "Strengths",
    "TrueLabels",
    "Watched",
    "agreement",
    "components",
    "elo",
    "mean_ratings",
    "plan",
    "rank",
    "rank_best_worst",
    "rank_orders",
    "rater_report",
    "style_counts",
    "style_covariates",
    "style_differences",
    "true_labels",
    "votes_for_ranking",
    "votes_needed",
    "watch",
    "without_one",
]
