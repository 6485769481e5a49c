"""Arrays in, numbers out: intervals, tests, multiplicity, conformal ranks, tails; the one place for statistics."""

from evalkit.statistics.conformal import calibration_rows_needed, conformal_p_values
from evalkit.statistics.exact import binomial_test, paired_test, two_sample_test
from evalkit.statistics.intervals import (
    Interval,
    absolute_interval,
    bootstrap_interval,
    mean_interval,
    positive_interval,
    proportion_interval,
)
from evalkit.statistics.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from evalkit.statistics.ranking import auc, auc_interval
from evalkit.statistics.rows_needed import detectable_errors, times_as_many
from evalkit.statistics.shares import grouped_share_difference, share_difference
from evalkit.statistics.two_samples import auc_estimate, outside_test, rank_sum_test, share_test

__all__ = [
    "Interval",
    "absolute_interval",
    "auc",
    "auc_estimate",
    "auc_interval",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "binomial_test",
    "bootstrap_interval",
    "calibration_rows_needed",
    "conformal_p_values",
    "detectable_errors",
    "grouped_share_difference",
    "holm",
    "mean_interval",
    "outside_test",
    "paired_test",
    "positive_interval",
    "proportion_interval",
    "rank_sum_test",
    "share_difference",
    "share_test",
    "times_as_many",
    "two_sample_test",
]
