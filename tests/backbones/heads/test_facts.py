import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit.backbones.heads import Facts
from evalkit.backbones.heads.facts import draw_in
from evalkit.core.errors import ShapeError
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import mixed_rows

finite = st.floats(allow_nan=False, allow_infinity=False)


def of(values: list[float], kind: str = "number") -> Facts:
    return Facts.fit(Rows(np.array(values)[:, None], (Feature(column="a", name="a", kind=kind),)))  # type: ignore[arg-type]


@given(values=arrays(float, st.integers(1, 30), elements=finite), new=finite)
def test_every_finite_value_has_a_finite_coordinate(values: np.ndarray, new: float) -> None:
    facts = of(values.tolist())
    drawn_in = draw_in(np.array([*values, new]), facts.center[0], facts.scale[0])
    coordinates = (drawn_in - facts.mean[0]) / facts.spread[0]
    assert np.isfinite(coordinates).all()
    assert facts.scale[0] > 0
    assert facts.spread[0] > 0


@given(values=arrays(float, 20, elements=st.floats(-1e6, 1e6)), factor=st.floats(0.01, 100))
def test_units_follow_the_data(values: np.ndarray, factor: float) -> None:
    spread = np.percentile(values, 75) - np.percentile(values, 25)
    if spread > 1e-3 and len(np.unique(values)) > 2:
        assert of((values * factor).tolist()).scale[0] == pytest.approx(of(values.tolist()).scale[0] * factor, rel=1e-6)


def test_a_few_wild_values_do_not_move_the_units() -> None:
    calm = np.linspace(-1, 1, 101).tolist()
    assert of([*calm, 1e300, -1e300]).scale[0] == pytest.approx(of(calm).scale[0], rel=0.05)


def test_two_values_are_a_boolean_and_three_are_not() -> None:
    assert of([5.0, -1.0, 5.0, np.nan]).heads == ("boolean",)
    assert of([5.0, -1.0, 0.0]).heads == ("number",)
    assert of([2.0, 2.0]).heads == of([2.0, 2.0], "count").heads == of([np.nan]).heads == ("constant",)
    assert of([1.0, 3.0], "count").heads == ("count",)


def test_a_mostly_zero_number_is_measured_by_its_other_values() -> None:
    assert of([0.0] * 80 + [1000.0] * 10 + [2000.0] * 10).scale[0] == pytest.approx(3 * 1500)


def test_missing_values_are_counted_and_never_certain() -> None:
    facts = of([1.0, np.nan, 2.0, 4.0])
    assert facts.can_miss.tolist() == [True]
    assert facts.missing[0] == pytest.approx(1.5 / 5)
    assert 0 < of([1.0, 2.0]).missing[0] < 0.5
    assert of([np.nan, np.nan]).missing[0] < 1


def test_state_round_trip_and_its_checks() -> None:
    facts = of([1.0, 2.0, 4.0])
    again = Facts.from_state(facts.to_state())
    assert again.heads == facts.heads
    assert again.center.tolist() == facts.center.tolist()
    with pytest.raises(ShapeError):
        Facts.from_state({**facts.to_state(), "center": np.zeros(2)})


def test_repeated_facts_are_those_of_features_that_come_again() -> None:
    rows = mixed_rows(50)
    twice = Rows(np.hstack([rows.values, rows.values]), rows.features * 2)
    repeated, fitted = Facts.fit(rows).repeated(2).to_state(), Facts.fit(twice).to_state()
    assert repeated.keys() == fitted.keys()
    for name, figures in fitted.items():
        np.testing.assert_array_equal(repeated[name], figures)
