import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backbones.budget import Budget


def whole(minutes, fits, *, judging):
    """Minutes that everything takes, where each fit takes its share and each but the last is judged for so long; and the shares."""
    now = 0.0
    budget = Budget(minutes, fits, clock=lambda: 60 * now)
    shares = []
    for left in range(fits, 0, -1):
        shares.append(budget.share())
        now += shares[-1] + (judging if left > 1 else 0.0)
    return now, shares


@given(minutes=st.floats(0.01, 1000), fits=st.integers(1, 12), part=st.floats(0, 0.8))
def test_fits_and_judging_end_in_time(minutes, fits, part):
    took, shares = whole(minutes, fits, judging=part * minutes / fits)
    assert took <= minutes * (1 + 1e-9)
    assert took >= 0.9 * minutes
    assert all(share > 0 for share in shares)


@given(fits=st.integers(2, 12), part=st.floats(0, 0.8))
def test_fits_that_are_compared_get_about_as_much(fits, part):
    _, shares = whole(1.0, fits, judging=part / fits)
    later = shares[1:-1] or shares[:1]
    assert max(later) == pytest.approx(min(later), rel=0.05)
    assert max(shares) <= (1 + 1e-9) / fits


def test_a_fit_gets_some_time_even_where_none_is_left():
    _, shares = whole(1.0, 4, judging=5.0)
    assert shares[-1] == pytest.approx(0.1 / 4)


def test_fits_made_before_an_interruption_take_their_part_with_them():
    budget = Budget(4.0, 4, clock=lambda: 0.0)
    budget.skip(3)
    assert budget.share() == pytest.approx(1.0)
