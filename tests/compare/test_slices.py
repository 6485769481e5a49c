"""Slices in words, as a chart and in the report."""

import pytest

from evalkit.compare.closer_look import Shown
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.compare.slices import Centre, Slice, Slices, slice_sentence, slices_sentence
from evalkit.compare.slices_chart import MOST_DRAWN, slices_chart
from evalkit.core.evidence import Evidence, Failure
from tests.compare.evaluations import HOSTILE, ROWS, an_evaluation

NONE = Failure(name="kid", reason="3 rows on a side are too few: 20 are needed", remedy="draw more")


def a_slice(name, real, generated, p_value=0.001, generator="first", within=NONE):
    rows = {"real_rows": round(300 * real), "generated_rows": round(300 * generated)}
    ends = {"low": generated - real - 0.02, "high": generated - real + 0.02}
    shares = {"real_share": real, "generated_share": generated}
    return Slice(generator=generator, slice=name, p_value=p_value, within=within, **rows, **ends, **shares)


FOUND = (
    a_slice("colour = grey", 0.2, 0.21, p_value=1.0),
    a_slice("colour = green", 0.2, 0.5),
    a_slice("colour = blue", 0.4, 0.2),
    a_slice(HOSTILE, 0.0, 0.08),
    a_slice("colour = red", 0.12, 0.01),
)


@pytest.fixture
def slices():
    return Slices(by="colour", found=FOUND)


def test_missing_slices_come_first_and_what_may_be_chance_last(slices):
    assert [each.what for each in slices.of("first")] == ["dropped", "invented", "too few", "too many", ""]
    assert slice_sentence(slices.of("first")[0]) == "dropped: colour = red: 12 % of real rows, 1 % of generated"
    assert slices_sentence(slices, "first") == "Slices by colour: 4 of 5 shares differ by more than chance."
    one = Slices(by="colour", found=FOUND[-1:])
    assert slices_sentence(one, "first") == "Slices by colour: 1 of 1 shares differs by more than chance."
    assert slices_sentence(Slices(by="colour", found=FOUND[:1]), "first").endswith("no share of the 1 differs by more than chance.")


def test_the_chart_has_a_dot_and_an_interval_a_slice_and_bounds_them():
    many = tuple(a_slice(f"colour = {'x' * 60}{number}", 0.01, 0.01, p_value=1.0) for number in range(60))
    drawn = slices_chart(Slices(by="colour", found=(*many, *FOUND)), "first").to_dict()
    (rows,) = [found for found in drawn["datasets"].values() if "slice" in found[0]]
    assert len(rows) == len({row["slice"] for row in rows}) == MOST_DRAWN
    assert rows[0]["slice"] == "colour = red"
    assert rows[0]["low"] <= rows[0]["difference"] <= rows[0]["high"]
    assert [row["state"] for row in rows[:5]] == ["differs"] * 4 + ["may be chance"]


@pytest.mark.parametrize("kind", ROWS)
def test_the_report_names_what_is_missing_and_shows_the_centres(kind):
    within = Evidence(name="kid", value=0.1, low=0.05, high=0.15, n=30, method="by hand", seed=0)
    found = (*FOUND, a_slice("colour = red", 0.12, 0.11, p_value=1.0, generator="second", within=within))
    centres = (Centre(slice="cluster 1", shown=Shown(row=7, kind=kind, **ROWS[kind])),)
    report = evaluation_html(an_evaluation(slices=Slices(by="colour", found=found, centres=centres)))
    assert "Which parts of the data are missing?" in report
    assert "dropped: colour = red: 12 % of real rows, 1 % of generated" in report
    assert "-11.0 (-13.0 to -9.0)" in report
    assert "0.1 (0.05 to 0.15)" in report
    assert "none: 3 rows on a side are too few" in report
    assert "cluster 1" in report
    assert "<script>" not in report
    assert "\u202e" not in report
    assert "Which parts of the data are missing?" not in evaluation_html(an_evaluation())
