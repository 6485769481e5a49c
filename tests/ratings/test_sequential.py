import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError, SchemaError, UndefinedError
from evalkit.ratings import watch


def votes(wins, raters=None) -> pd.DataFrame:
    """Votes between a and b, sides in turn; ``wins`` says who won: a, b or nobody."""
    rows = []
    for i, winner in enumerate(wins):
        left, right = ("a", "b") if i % 2 else ("b", "a")
        rows.append((left, right, "tie" if winner == "-" else "left" if winner == left else "right"))
    frame = pd.DataFrame(rows, columns=["left", "right", "outcome"])
    return frame if raters is None else frame.assign(rater=raters)


def test_a_clear_winner_is_decided_and_named():
    found = watch(votes("a" * 12), "a", "b")
    assert found.decided_after == 7
    assert "a is better than b" in found.decision
    assert watch(votes("b" * 12), "a", "b").decision == "stop: b is better than a"


def test_ties_and_both_bad_are_left_out():
    found, with_ties = watch(votes("aabab"), "a", "b"), watch(votes("aa-bab--"), "a", "b")
    assert (found.n, found.value) == (with_ties.n, with_ties.value) == (5, 0.6)


def test_equal_generators_stay_undecided():
    found = watch(votes("ab" * 100), "a", "b")
    assert found.decided_after is None
    assert found.low < 0.5 < found.high
    assert found.decision.startswith("go on")


def test_raters_with_tastes_are_counted_once_each():
    wins = "a" * 30 + "b" * 30
    by_vote = watch(votes(wins, raters=np.repeat([0, 1], 30)), "a", "b")
    by_rater = watch(votes(wins, raters=np.repeat([0, 1], 30)), "a", "b", by="rater")
    assert by_vote.decided_after == 7
    assert (by_rater.decided_after, by_rater.n) == (None, 2)


def test_what_cannot_be_watched():
    with pytest.raises(UndefinedError, match="prefers"):
        watch(votes("---"), "a", "b")
    with pytest.raises(InputError, match="no generator"):
        watch(votes("ab"), "a", "c")
    with pytest.raises(SchemaError, match="rater"):
        watch(votes("ab"), "a", "b", by="rater")
    with pytest.raises(InputError, match="alpha"):
        watch(votes("ab"), "a", "b", alpha=1.5)
