"""What is behind the figures, on rows with planted faults."""

import numpy as np
import pandas as pd
import pytest

from evalkit.compare.closer_look import tells_nothing
from evalkit.core.errors import CancelledError
from evalkit.core.sample import Images, Series, Texts
from evalkit.run import closer_look as module
from evalkit.run.evaluate import evaluate

N = 300


def frame(seed, n=N):
    draw = np.random.default_rng(seed)
    size = draw.normal(50, 9, n).round(2)
    return pd.DataFrame(
        {"size": size, "weight": (2 * size + draw.normal(0, 1, n)).round(1), "colour": draw.choice(["red", "blue"], n)}
    )


def look_of(real, drawn, **named):
    (look,) = evaluate(real, {"drawn": drawn}, metrics=["kid"], **named).looks
    return look


@pytest.fixture(scope="module")
def faulty():
    drawn = frame(1)
    drawn["size"] = drawn["size"].round(0)
    drawn.loc[drawn.index[:30]] = frame(0, 400).iloc[100:130].to_numpy()
    drawn.loc[200, "weight"] = 900.0
    return look_of(frame(0, 400), drawn)


def test_the_planted_fault_is_named_and_real_rows_stand_beside(faulty):
    assert faulty.clues[0].what == "decimals"
    assert faulty.clues[0].where == "size"
    assert all(clue.p_value <= 0.05 for clue in faulty.clues)
    assert faulty.control.low <= 0.5 <= faulty.control.high
    assert not faulty.failures


def test_galleries_go_from_the_worst_and_from_the_best(faulty):
    worst, best = ([each.realness for each in exhibits] for exhibits in (faulty.least, faulty.most))
    assert worst == sorted(worst)
    assert best == sorted(best, reverse=True)
    assert max(worst) < min(best)


def test_copies_are_shown_under_the_numbers_that_rows_have_in_the_given_data(faulty):
    assert 1 <= faulty.n_copied <= 30
    real, drawn = frame(0, 400), frame(1)
    drawn["size"] = drawn["size"].round(0)
    drawn.loc[drawn.index[:30]] = real.iloc[100:130].to_numpy()
    for pair in faulty.copied:
        assert pair.distance == 0
        assert pair.generated.row + 100 == pair.reference.row
        assert dict(pair.generated.cells) == dict(pair.reference.cells)
        assert float(dict(pair.reference.cells)["weight"]) == real["weight"][pair.reference.row]


def test_rows_of_one_law_have_nothing_that_gives_them_away():
    look = look_of(frame(0, 400), frame(3))
    assert look.clues == ()
    assert tells_nothing(look)
    assert look.n_copied <= 5


def test_images_texts_and_series_are_shown_as_what_they_are():
    draw = np.random.default_rng(0)
    pixels = [draw.integers(0, 255, (60, 8, 8, 1), dtype=np.uint8) for _ in range(2)]
    words = [[" ".join(draw.choice(["one", "two", "three", "four"], 6)) for _ in range(60)] for _ in range(2)]
    waves = [Series.of([draw.normal(size=(20, 2)) for _ in range(40)], channels=("a", "b")) for _ in range(2)]
    for (real, drawn), kind in (
        (map(Images.of, pixels), "picture"),
        (map(Texts.of, words), "text"),
        (waves, "steps"),
    ):
        look = look_of(real, drawn)
        assert {each.shown.kind for each in (*look.least, *look.most)} == {kind}
        assert look.told_apart is not None


def test_what_cannot_be_looked_at_is_a_failure_and_the_rest_goes_on():
    look = look_of(frame(0, 30), frame(1, 6))
    assert {failure.name for failure in look.failures} >= {"classifier and control", "what gives it away"}
    assert all(failure.reason and failure.remedy for failure in look.failures)
    assert look.told_apart is None
    assert look.least == ()


def test_nobody_looks_where_nobody_asked():
    assert evaluate(frame(0), {"drawn": frame(1)}, metrics=["kid"], closer=False).looks == ()


def test_a_stop_is_no_failure(monkeypatch):
    def stop(*rows, **named):
        raise CancelledError("stopped")

    monkeypatch.setattr(module, "gallery", stop)
    with pytest.raises(CancelledError):
        look_of(frame(0), frame(1))


def test_windows_of_few_series_count_as_stretches_and_have_no_control():
    draw = np.random.default_rng(0)
    few = [Series.of([draw.normal(size=(1500, 1)) for _ in range(3)], channels=("level",)) for _ in range(2)]
    look = look_of(*few)
    assert look.told_apart.low <= look.told_apart.value <= look.told_apart.high
    assert "by stretch" in look.told_apart.method
    assert look.control is None
