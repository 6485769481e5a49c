"""The one door: Evidence where there is agreement to speak of, a Failure where there is none."""

import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.ratings import COEFFICIENTS, Comparisons, agreement
from tests.ratings.agreement.published import FOUR_JUDGES, FOUR_OBSERVERS, units
from tests.ratings.drawn_votes import votes


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_every_coefficient_gives_evidence_or_says_why_not(coefficient):
    table = [row[:2] for row in FOUR_JUDGES] + [[3, 3]]
    found = agreement(table, coefficient=coefficient)
    assert isinstance(found, Evidence)
    assert (found.n, found.direction, found.settings["coefficient"]) == (7, "higher", coefficient)
    undefined = agreement([[1, 1], [1, 1], [1, 1]], coefficient=coefficient)
    assert isinstance(undefined, Failure)
    assert undefined.reason


def test_settings_are_handed_on_and_kept():
    found = agreement(units(FOUR_OBSERVERS), scale="ordinal", seed=3)
    assert found.value == pytest.approx(0.815387503755)
    assert (found.settings["scale"], found.seed) == ("ordinal", 3)
    with pytest.raises(InputError, match="coefficient must be"):
        agreement(FOUR_JUDGES, coefficient="pearson")


def test_votes_agree_whichever_side_was_which():
    table = votes(0, n=800, raters=8, items=4, left=0.0, ties=0.2).drop_duplicates(["rater", "item", "left", "right"])
    table = table[table["left"] < table["right"]]
    plain = agreement(Comparisons.of(table).preferences(), seed=0)
    turned = table.rename(columns={"left": "right", "right": "left"}).replace({"outcome": {"left": "right", "right": "left"}})
    assert agreement(Comparisons.of(turned).preferences(), seed=0) == plain
    assert plain.value > 0
