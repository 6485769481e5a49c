import numpy as np
import pandas as pd

from tests.benchmarks.votes import figures
from tests.benchmarks.votes_trials import TRIALS, acknowledged, measured, serving, study_of, told_apart


def test_what_is_lost_and_what_is_doubled_is_counted():
    assert told_apart(["a", "b", "c"], ["c", "b", "b", "b"]) == {"lost": 1, "doubled": 2}


def test_an_acknowledgement_needs_a_sync_after_the_last_write():
    write, sync, sending, kept = "pwrite64(5</s-wal>, 1", "fdatasync(5</s-wal>)", 'write(1, "sending', 'write(1, "kept'
    other = "fsync(6</s-shm>)"
    for between, right in (
        ([write, sync], True),
        ([write, sync, write], False),
        ([sync], False),
        ([write, other], False),
        ([], False),
    ):
        assert acknowledged([sending, *between, kept], "s-wal") == [right]
    assert acknowledged([sending, write, sync, kept, sending, kept], "s-wal") == [True, False]


def test_a_lost_vote_and_a_slow_page_miss_their_bars():
    shared = {"cpu_seconds": 1.0, "load": 0.0, "n": 3}
    good = {"trial": "good", "lost": 0, "p50": 1.0, "p95": 399.0, "server_milliseconds": 1.0, "memory": 1.0}
    bad = good | {"trial": "bad", "lost": 1, "p95": 401.0}
    ranked = {"trial": "ranked", **{f"{kind}_{what}": [90.0, 95.0, 120.0] for kind in ("app", "plain") for what in ("cpu", "wall")}}
    holds = {one.figure: one.holds for one in figures(pd.DataFrame([shared | good, shared | bad, shared | ranked])) if one.bar}
    assert [title for title, held in holds.items() if not held] == [
        "bad: votes lost",
        "bad: 95 % of next questions within milliseconds",
    ]
    assert len(holds) == 6


def test_a_trial_is_measured(monkeypatch):
    monkeypatch.setitem(TRIALS, "small", lambda: serving(8, votes=3))
    found = measured("small")
    assert found["n"] == len(found["cpu"]) == 3
    assert np.isfinite(found["load"])
    assert found["cpu_seconds"] > 0


def test_a_study_has_its_raters(tmp_path):
    assert len(set(study_of(f"sqlite:///{tmp_path / 's.sqlite'}", items=2, raters=3))) == 3
