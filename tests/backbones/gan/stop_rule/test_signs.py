import numpy as np
import pytest
from scipy.spatial.distance import cdist

from evalkit.backbones.gan.stop_rule import Group, energy_distance, signs
from evalkit.backbones.gan.stop_rule.signs import COVERAGE, NEARNESS, SPREAD
from evalkit.core.seeds import generator


def group(key: str, n: int, scale: float = 1.0) -> Group:
    rows = scale * generator(0, key).normal(size=(n, 3))
    return Group(rows, rows[:, 0])


def seen(drawn: Group) -> dict[str, float]:
    return signs(group("training", 200), group("held out", 60), drawn, 0.8, seed=0)


def test_draws_from_the_same_law_look_like_real_rows() -> None:
    figures = seen(group("drawn", 400))
    assert figures[SPREAD] == pytest.approx(1.0, abs=0.15)
    assert figures[NEARNESS] == pytest.approx(1.0, abs=0.15)
    assert figures[COVERAGE] > 0.9


def test_copies_and_crowds_show() -> None:
    training = group("training", 200)
    copies = Group(np.tile(training.places, (2, 1)), np.tile(training.verdicts, 2))
    assert seen(copies)[NEARNESS] == 0.0
    assert seen(group("drawn", 400, scale=0.05))[SPREAD] < 0.2
    assert seen(group("drawn", 400, scale=0.05))[COVERAGE] < 0.3


def test_rows_that_are_all_alike_are_no_sign_of_anything() -> None:
    flat = Group(np.zeros((50, 2)), np.zeros(50))
    figures = signs(flat, flat, flat, 0.8, seed=0)
    assert figures[SPREAD] == figures[NEARNESS] == figures[COVERAGE] == 1.0


def test_energy_distance_is_its_definition_and_zero_between_equals() -> None:
    first, second = group("a", 20).places, group("b", 30, scale=2.0).places
    expected = 2 * cdist(first, second).mean() - cdist(first, first).mean() - cdist(second, second).mean()
    assert energy_distance(first, second) == pytest.approx(expected)
    assert energy_distance(first, first) == pytest.approx(0.0, abs=1e-12)
