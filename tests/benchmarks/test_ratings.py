import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.rating_work import WORK, labels, votes
from tests.benchmarks.ratings import BATCH, DESIGNS, KEY, REPLICATES, STOPS, drawn, figures, measure


def line(kind, name, first=0, **found):
    return dict(zip(KEY, (kind, name, first), strict=True)) | {"cpu_seconds": 1.0} | found


def test_batches_add_up_and_few_replicates_are_held_against_no_bar():
    assert REPLICATES % BATCH == 0
    name = next(iter(DESIGNS))
    batch = {"hits": 2850, "alone": 2600, "intervals": 3000, "replicates": 500}
    few = list(figures(pd.DataFrame([line("coverage", name, 0, **batch)])))
    assert [one.bar for one in few] == [None, None]
    all_of_them = list(figures(pd.DataFrame([line("coverage", name, first, **batch) for first in range(0, 2000, 500)])))
    assert (all_of_them[0].value, all_of_them[0].n, all_of_them[0].holds) == (0.95, 2000, True)
    assert all_of_them[1].bar is None


def test_false_stops_are_held_against_what_is_promised():
    run = measure("stops", next(iter(STOPS)), 0, None, None)
    made = list(figures(pd.DataFrame([run])))
    assert made[0].holds
    assert made[1].value > 0.3
    broken = list(figures(pd.DataFrame([run | {"stopped": 400}])))
    assert broken[0].holds is False


def test_every_piece_of_work_has_evalkit_and_a_peer():
    for work in {work for work, _ in WORK}:
        packages = [package for other, package in WORK if other == work]
        assert packages[0] == "evalkit"
        assert len(packages) > 1


def test_speed_is_the_median_of_runs_and_peers_have_no_bar():
    lines = [line("work", "alpha, evalkit", i, extra_mb=1.0, found={}) | {"cpu_seconds": s} for i, s in enumerate((1.0, 1.5, 9.0))]
    lines.append(line("work", "alpha, evalica", 0, extra_mb=1.0, found={}) | {"cpu_seconds": 2.0})
    made = {one.figure.split(", ")[-1]: one for one in figures(pd.DataFrame(lines))}
    assert (made["evalkit: CPU seconds"].value, made["evalkit: CPU seconds"].holds) == (1.5, True)
    assert made["evalica (counted up from 10): CPU seconds"].value == pytest.approx(200)


def test_what_is_drawn_is_the_same_for_all():
    assert votes(50, 5, 3).equals(votes(50, 5, 3))
    assert np.array_equal(labels(5, 4), labels(5, 4), equal_nan=True)
    for raters, items, n, skewed in DESIGNS.values():
        table = drawn(np.random.default_rng(0), raters, items, n, skewed)
        assert len(table) == n
        assert (table["left"] != table["right"]).all()
