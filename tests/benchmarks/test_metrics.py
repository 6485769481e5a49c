import pandas as pd
import pytest

from tests.benchmarks.metric_work import FRECHET, PRDC, RECORDS, WORK, features, records
from tests.benchmarks.metrics import CONTESTS, KEY, Contest, figures, measure


def lines(contest, seconds, extra, values):
    return pd.DataFrame(
        [
            dict(zip(KEY, (contest.work, contest.rows, contest.features, "AVX2", package, repeat), strict=True))
            | {"cpu_seconds": seconds[package] + repeat, "extra_mb": extra[package], "peak_mb": 100.0, "value": values[package]}
            for package in seconds
            for repeat in range(3)
        ]
    )


def test_a_process_of_its_own_gives_the_figure_its_seconds_and_its_memory():
    run = measure(FRECHET, 60, 4, "AVX2", "evalkit", 0, 1, None)
    assert run["value"] > 0
    assert run["cpu_seconds"] > 0
    assert 0 <= run["extra_mb"] < run["peak_mb"]


def test_every_contest_has_evalkit_and_a_peer_and_the_same_rows():
    for contest in CONTESTS:
        assert contest.packages[0] == "evalkit"
        assert contest.alone or len(contest.packages) > 1
    assert (features(20, 3)[0] == features(20, 3)[0]).all()
    assert {type(column[0]) for column in records(9, 4)[0].values()} >= {str}
    assert (PRDC, "prdc") in WORK


def test_bars_are_held_by_medians_and_by_the_best_peer():
    contest = Contest(RECORDS, 100, 5, faster=3.0, leaner=0.5, equal=1e-6)
    runs = lines(
        contest, {"evalkit": 0.0, "SDMetrics": 4.0}, {"evalkit": 9.0, "SDMetrics": 10.0}, {"evalkit": 1.0, "SDMetrics": 1.0}
    )
    made = {figure.figure.rpartition(": ")[2]: figure for figure in figures(runs, (contest,)) if figure.bar}
    ratio = made["times evalkit's CPU seconds that the fastest peer takes"]
    assert (ratio.value, ratio.holds) == (pytest.approx(5.0), True)
    assert made["evalkit's extra memory over the leanest peer's"].holds is False
    assert made["largest relative difference from a peer"].holds is True


def test_what_peers_cannot_do_is_held_to_its_peak():
    contest = Contest(PRDC, 100, 5, alone=True)
    (bar,) = [one for one in figures(lines(contest, {"evalkit": 1.0}, {"evalkit": 9.0}, {"evalkit": 0.0}), (contest,)) if one.bar]
    assert (bar.value, bar.holds) == (100.0, True)
