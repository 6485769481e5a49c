import re

import pytest

from evalkit.compare.charts import to_svg
from evalkit.compare.closer_look import CloserLook
from evalkit.compare.evaluation import ColumnGroup, SizeCurve, SizePoint, conclude
from evalkit.compare.evaluation_charts import AT_EQUALITY, MOST_GENERATORS, figures_of, interval_chart, size_chart, telling_first
from evalkit.compare.evaluation_report import evaluation_html, gallery_titles
from evalkit.discriminator import CLASSIFIER_TESTS, DETECTOR
from evalkit.metrics import METRICS
from tests.compare.evaluations import HOSTILE, ROWS, a_look, an_evaluation, comparison, failed, measured, share_of_odd


def dots(evaluation, name):
    return [row for rows in interval_chart(evaluation, name).to_dict()["datasets"].values() for row in rows if "generator" in row]


def test_a_chart_draws_a_dot_and_an_interval_a_generator():
    evaluation = an_evaluation()
    assert figures_of(evaluation) == ["frechet", "kid"]
    drawn = dots(evaluation, "frechet")
    assert [[round(row[end], 9) for end in ("low", "value", "high")] for row in drawn] == [[0.0, 0.1, 0.2], [0.2, 0.3, 0.4]]


@pytest.mark.parametrize(("name", "at"), [("kid", 0.0), ("c2st", 0.5), ("precision", None)])
def test_a_dashed_rule_stands_at_what_new_real_rows_would_have(name, at):
    evaluation = an_evaluation(measured=(measured("first", name, 0.3), measured("second", name, 0.4)))
    drawn = interval_chart(evaluation, name).to_dict()["datasets"].values()
    assert [row["at"] for rows in drawn for row in rows if "at" in row] == ([] if at is None else [at])
    svg = to_svg(interval_chart(evaluation, name))
    assert ("stroke-dasharray" in svg) == (at is not None)
    assert "The dashed line" in evaluation_html(evaluation)


def test_what_is_known_of_equality_is_of_figures_that_there_are():
    specs = (*METRICS.values(), *CLASSIFIER_TESTS.values(), DETECTOR)
    assert set(AT_EQUALITY) <= {figure for spec in specs for figure in spec.figures}


def test_figures_that_decide_something_are_drawn_first_and_the_rest_is_folded():
    names = ("frechet", "kid", "mmd", "coverage", "density", "c2st")
    found = tuple(measured(generator, name, 0.3) for name in names for generator in ("first", "second"))
    pairs = [comparison("first", "second", name, "second" if name == "c2st" else "not separable") for name in names]
    evaluation = an_evaluation(measured=found, comparisons=tuple(pairs))
    assert telling_first(evaluation) == ["c2st", "frechet", "kid", "mmd", "coverage", "density"]
    before, folded = evaluation_html(evaluation).split("2 more figures as charts")
    assert re.findall(r'aria-label="(\w+)"', before) == ["c2st", "frechet", "kid", "mmd"]
    assert re.findall(r'aria-label="(\w+)"', folded) == ["coverage", "density"]
    assert "as charts" not in evaluation_html(an_evaluation())


def test_what_failed_is_left_out_of_the_chart_and_named_in_the_report():
    evaluation = an_evaluation()
    drawn = dots(evaluation, "kid")
    assert [row["generator"] for row in drawn] == ["first"]
    report = evaluation_html(evaluation)
    assert "there are too few rows; draw more" in report
    assert "1 of them failed" in report


@pytest.mark.parametrize(
    ("value", "labels"),
    [(110.0, ("100", "120")), (1500.0, ("1400", "1600")), (0.003, ("0.002", "0.004")), (3e-7, ("2e-7", "4e-7"))],
)
def test_an_axis_says_its_numbers_as_people_do(value, labels):
    found = (measured("first", "frechet_plain", value, 0.4 * value),)
    drawn = to_svg(interval_chart(an_evaluation(("first",), measured=found), "frechet_plain"))
    assert all(f">{label}<" in drawn for label in labels)


def test_many_generators_stay_within_the_marks():
    evaluation = an_evaluation(tuple(f"g{i}" for i in range(60)))
    drawn = dots(evaluation, "frechet")
    assert len(drawn) == MOST_GENERATORS
    assert len(evaluation_html(evaluation)) < 2e6


def test_the_report_begins_with_the_conclusion_and_names_what_limits_it():
    report = evaluation_html(an_evaluation())
    assert "<h1>first is better than second: by frechet.</h1>" in report
    assert "The features were learned from the rows they are measured on." in report


def test_what_is_undecided_comes_last_and_the_headline_is_not_said_twice():
    names = ("first", "second", "third")
    verdicts = {("first", "second"): "not separable", ("first", "third"): "first", ("second", "third"): "first"}
    pairs = tuple(comparison(*pair, "frechet", better) for pair, better in verdicts.items())
    said = re.findall(
        "<(?:h1|li)>(.*?)[:.]", evaluation_html(an_evaluation(names, comparisons=pairs, conclusions=conclude(names, pairs)))
    )
    assert said[:3] == ["first is better than third", "second is better than third", "first and second"]
    alone = comparison("first", "second", "frechet", "not separable")
    report = evaluation_html(an_evaluation(comparisons=(alone,), conclusions=conclude(names[:2], (alone,))))
    assert "<h1>first and second: no difference may be concluded</h1>" in report
    assert "one below 0.14 would be noise" in report


def test_pairs_say_how_many_rows_would_tell_them_apart():
    pairs = (comparison("first", "second", "frechet", "first"), comparison("first", "second", "kid", "not separable"))
    report = evaluation_html(an_evaluation(comparisons=pairs))
    assert "<td>about 340 (180 to 1,400)</td>" in report
    assert "<td>more than 2,100</td>" in report
    assert "a smaller true difference would often be missed with so many rows" in report
    assert "only a lower bound can be said" in report
    (unsaid,) = an_evaluation(comparisons=(pairs[0].model_copy(update={"rows_needed": None}),)).comparisons
    assert "<td>cannot be said</td>" in evaluation_html(an_evaluation(comparisons=(unsaid,)))


def test_groups_of_columns_have_their_own_figures_and_pairs():
    pair = comparison("first", "second", "kid", "second")
    found = (measured("first", "kid", 0.5), failed("second", "kid"))
    group = ColumnGroup(
        name=HOSTILE,
        columns=("amount", HOSTILE),
        measured=found,
        comparisons=(pair,),
        conclusions=conclude(["first", "second"], [pair]),
    )
    report = evaluation_html(an_evaluation(column_groups=(group,)))
    assert "By groups of columns" in report
    assert "(amount, " in report
    assert "second is better than first: by kid." in report
    assert report.count("<th>rows needed</th>") == 2
    assert "<script" not in report.lower()
    assert "\u202e" not in report
    assert "By groups of columns" not in evaluation_html(an_evaluation())


def test_one_generator_is_asked_about_without_pairs():
    report = evaluation_html(an_evaluation(("only",)))
    assert "<h1>only against real: frechet 0.1 (0 to 0.2), kid 0.01 (-0.09 to 0.11)</h1>" in report
    assert "Which is better?" not in report


def test_figures_are_explained_as_far_as_the_catalogue_knows_them():
    found = (measured("first", "kid", 0.3), measured("first", "detector", 0.3), measured("first", "long gone", 0.3))
    _, _, folded = evaluation_html(an_evaluation(("first",), measured=found)).partition("What do the figures mean?")
    assert re.findall("<li><b>(.*?)</b>", folded) == ["kid", "oddest_share, oddness, oddness_gap"]
    assert f"<b>kid</b>: {METRICS['kid'].what_it_is}" in folded
    assert "figures mean?" not in evaluation_html(an_evaluation(("first",), measured=found[2:]))


def test_foreign_names_are_text():
    report = evaluation_html(an_evaluation((HOSTILE, "second")))
    assert "<script" not in report.lower()
    assert "\u202e" not in report
    assert "&lt;script&gt;" in report
    assert not re.search(r"""(?:src|href)\s*=\s*["']?\s*(?:http|javascript)""", report)


def test_the_same_evaluation_gives_the_same_bytes():
    assert evaluation_html(an_evaluation()) == evaluation_html(an_evaluation())


@pytest.mark.parametrize("kind", ROWS)
def test_a_closer_look_shows_rows_of_every_kind_as_text(kind):
    report = evaluation_html(an_evaluation(looks=(a_look(kind),)))
    assert "A closer look at <bdi>first</bdi>" in report
    assert "p under 0.0001" in report
    assert "Least convincing" in report
    assert "1 generated row equals a real one" in report
    assert "there are too few rows; give more" in report
    assert "20 % of generated rows (18 % to 22 %) are among the oddest 5 %" in report
    assert "62 % (" in report
    assert "usual 1 – 2)" in report
    which = {"picture": ", image 0<", "steps": ", series 0<"}.get(kind, "<")
    assert f">1 % real{which}" in report
    assert f">p 0.0021{which}" in report
    assert "<script" not in report.lower()
    assert "\u202e" not in report
    assert not re.search(r"""(?:src|href)\s*=\s*["']?\s*(?:http|javascript)""", report)
    assert ("data:image/png;base64,iVBORw0KGgo" in report) == (kind == "picture")


def test_what_gives_a_generator_away_stands_above_the_charts():
    clue = a_look("cells").clues[0].model_copy(update={"sentence": "'spend' has no decimals.", "p_value": 1e-9})
    rounded = CloserLook(generator="rounded", clues=(clue,) * 4)
    copier, by_chance = (CloserLook(generator=name, n_copied=91, n_twins=twins) for name, twins in (("copier", 3), ("chance", 90)))
    looks = (
        rounded,
        copier,
        by_chance.model_copy(update={"n_copied": 80}),
        CloserLook(generator="honest"),
        a_look("text", HOSTILE),
    )
    above = evaluation_html(an_evaluation(looks=looks)).partition("<figure")[0]
    told = "&#39;spend&#39; has no decimals (p under 0.0001)."
    assert f"<li>What gives rounded away: {told} {told} 2 more finds below.</li>" in above
    assert "What gives copier away: 91 generated rows equal a real one" in above
    assert above.count("<li>What gives") == 3
    assert "1 more find below" in above
    assert "<script" not in above.lower()


def test_rows_are_said_to_seem_real_only_where_they_do():
    look = a_look("cells")
    assert gallery_titles(look) == ("Least convincing to the classifier", "Most convincing to the classifier")
    apart = look.model_copy(update={"told_apart": share_of_odd(0.9)})
    assert [title.partition(":")[2] for title in gallery_titles(apart)] == [
        " these rows give themselves away",
        " these rows seem real",
    ]
    unreal = apart.model_copy(update={"least": look.most, "most": look.least})
    assert gallery_titles(unreal) == (
        "Least convincing to the classifier",
        "Most convincing to the classifier, though none seems real",
    )
    mixed = apart.model_copy(update={"most": look.most + look.least})
    assert gallery_titles(mixed)[1].endswith("though not all seem real")
    assert "though none seems real</h3>" in evaluation_html(an_evaluation(looks=(unreal,)))


def test_copies_that_are_not_shown_are_counted():
    look = a_look("cells")
    assert "no real row equals another. 1 of 91 shown.</p>" in evaluation_html(
        an_evaluation(looks=(look.model_copy(update={"n_copied": 91}),))
    )
    assert " shown.</p>" not in evaluation_html(an_evaluation(looks=(look,)))


def test_without_a_closer_look_there_is_no_empty_heading():
    assert "closer look" not in evaluation_html(an_evaluation())


def test_curves_over_the_number_of_rows_have_a_band_and_a_legend():
    points = tuple(SizePoint(rows=n, value=1 / n, low=0.5 / n, high=2 / n) for n in (50, 100, 200))
    curves = tuple(SizeCurve(generator=name, figure="kid", points=points) for name in ("first", HOSTILE))
    evaluation = an_evaluation(curves=curves)
    report = evaluation_html(evaluation)
    assert "still move with the number of rows" in report
    assert ">first<" in report
    assert "<script" not in report.lower()
    symbols = re.findall(r"role-legend-symbol.*?<path([^>]*)>", to_svg(size_chart(evaluation, "kid")))
    assert len(symbols) == 2
    assert not any('opacity="0.2"' in symbol for symbol in symbols)
    (rows,) = size_chart(evaluation, "kid").to_dict()["datasets"].values()
    assert [row["rows"] for row in rows] == [50, 100, 200] * 2
    assert "still move" not in evaluation_html(an_evaluation())
