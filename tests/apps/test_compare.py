"""A comparison on its page: the conclusion, every figure and pair, what failed, and what is at work."""

import io
import json

import pandas as pd

from evalkit.compare.evaluation import ColumnGroup, Measured
from evalkit.compare.slices import Slices
from evalkit.run.measures import usual_metrics
from evalkit.run.requests import Made
from tests.apps.comparing import evaluation, headline, kept, linked, marked, shown, texts
from tests.compare.evaluations import a_look
from tests.compare.test_slices import FOUND

HALF, SHUFFLED = Made(how="half"), Made(how="shuffled")


def test_the_conclusion_is_the_first_line_and_the_rest_follows(app):
    made = evaluation("one", "two", "three")
    job = kept(made, sample="wine")
    page = app("compare", run=job.id)
    assert not page.exception
    assert headline(page) == made.conclusions[0]
    assert set(made.conclusions[1:]) <= set(texts(page))
    assert any("too few to set some aside" in text for text in texts(page))
    assert "Sample data, not yours" in marked(page)
    assert len(page.get("vega_lite_chart")) == 3
    assert len(page.toggle(key="all_charts").set_value(True).run().get("vega_lite_chart")) == 4
    page = app("compare", run=job.id)
    assert linked(page, "run") == job.id


def test_what_is_undecided_and_what_is_made_of_real_rows_comes_last(app):
    job = kept(evaluation("half", "mixed", "mine", "yours"))
    request = job.request()
    generators = dict(request.generators) | {"half": HALF, "mixed": SHUFFLED}
    (job.folder / "request.json").write_text(request.model_copy(update={"generators": generators}).model_dump_json())
    assert headline(app("compare", run=job.id)).startswith("mine is better than yours")


def test_a_star_stands_only_where_a_difference_may_be_concluded(app):
    figures = shown(app("compare", run=kept(evaluation("one", "two")).id), "0")
    assert figures["0"].str.contains("★").tolist() == [True, True, True, False]
    assert not figures["1"].str.contains("★").any()
    assert figures.loc[0, "0"] == "0.2 (0.16 to 0.25) ★"
    assert figures["better"].tolist() == ["lower", "lower", "higher", "higher"]


def test_no_star_where_nothing_is_decided(app):
    page = app("compare", run=kept(evaluation("one", "two", separable=False)).id)
    assert headline(page) == "one and two: no difference may be concluded"
    assert any("one below 0.07 would be noise" in text for text in texts(page))
    assert not shown(page, "0")["0"].str.contains("★").any()
    assert set(shown(page, "pair")["better"]) == {"not separable"}


def test_pairs_have_difference_interval_p_and_noise(app):
    pairs = shown(app("compare", run=kept(evaluation("one", "two")).id), "pair")
    first = pairs.iloc[0].to_dict()
    assert first == {
        "figure": "frechet",
        "pair": "one less two",
        "difference": "-0.1",
        "95 % interval": "-0.15 to -0.05",
        "p": "0.001",
        "noise below": "0.07",
        "rows needed": "about 140 (61 to 610)",
        "better": "one ★",
    }
    assert pairs["rows needed"].tolist() == ["about 140 (61 to 610)"] * 3 + ["more than 210"]


def test_what_failed_has_its_row_and_reason(app):
    page = app("compare", run=kept(evaluation("one", "two", failed=("kid",))).id)
    assert not page.exception
    assert shown(page, "0")["0"].tolist()[1] == "failed, see below"
    failed = shown(page, "why there is none")
    assert failed["generator"].tolist() == ["one", "two"]
    assert failed["why there is none"].tolist() == ["2 rows are too few: 3 are needed"] * 2
    assert len(page.get("vega_lite_chart")) == 3


def test_where_everything_failed_the_page_says_so(app):
    page = app("compare", run=kept(evaluation("one", "two", failed=("frechet", "kid", "precision", "recall"))).id)
    assert not page.exception
    assert "No figure could be measured" in marked(page)
    assert headline(page) == "No figure could be measured"
    assert len(shown(page, "why there is none")) == 8


def test_one_generator_has_figures_and_no_stars(app):
    page = app("compare", run=kept(evaluation("one")).id)
    assert not page.exception
    assert headline(page) == "one against small.csv: frechet 0.2 (0.16 to 0.25), kid 0.2 (0.16 to 0.25)"
    assert not shown(page, "0")["0"].str.contains("★").any()
    assert not [table for table in page.dataframe if "pair" in table.value]
    assert "One generator alone" in marked(page)


def test_names_never_meet_markdown(app, shown_text):
    hostile = "![x](http://canary.invalid/x) **b** :red[x] \u202egpj"
    made = evaluation(hostile, f"{hostile} 2", "![y](http://canary.invalid/y)", failed=("kid",))
    groups = tuple(ColumnGroup(name=f"{hostile} {i}", columns=("x",), measured=made.measured) for i in range(2))
    looks = tuple(a_look("cells", name) for name in (hostile, f"{hostile} 2"))
    more = {"looks": looks, "column_groups": groups, "slices": Slices(by="colour", found=FOUND)}
    page = app("compare", run=kept(made.model_copy(update=more)).id)
    assert not page.exception
    assert "http://canary" not in marked(page)
    assert "canary" not in " ".join(expander.label for expander in page.expander)
    assert "\u202e" not in " ".join([*texts(page), headline(page), *shown(page, "pair")["pair"]])
    tabs = [option for key in ("closer", "group", "sliced") for option in page.segmented_control(key=key).options]
    assert len(tabs) == 7
    assert not any("![" in tab for tab in tabs)
    assert any("![x](http://canary.invalid/x)" in text for text in texts(page))
    home = app()
    assert not home.exception
    assert "canary" not in marked(home)


def test_a_running_comparison_says_which_metric_is_measured(app):
    job = kept(evaluation("one", "two"), finished=False)
    usual = [name for name in usual_metrics("table") if name != "detector"]
    (job.folder / "heartbeat").touch()
    step = {"stage": "measuring", "done": 1, "total": 2 * len(usual), "figures": {}, "stage_seconds": 6.0}
    (job.folder / "progress.json").write_text(json.dumps(step))
    page = app("compare", run=job.id)
    assert not page.exception
    assert any(f"measuring {usual[0]} of two, metric 1 of {len(usual)}" in text for text in texts(page))
    page.button(key="stop").click().run()
    assert job.status().state == "stopping"
    assert page.button(key="stop").disabled


def test_a_comparison_that_failed_shows_its_sentence(app):
    job = kept(evaluation("one"), finished=False)
    (job.folder / "error.txt").write_text("column '**a**' is missing")
    page = app("compare", run=job.id)
    assert page.code[0].value == "column '**a**' is missing"
    page.button(key="again").click().run()
    assert page.button(key="begin")


def test_each_kind_of_run_opens_on_its_page(app, fitted):
    job = kept(evaluation("one", "two"))
    for other in ("detect", "train"):
        page = app(other, run=job.id)
        assert not page.exception
        assert "one is better than two" in headline(page)
    assert "Variational autoencoder" in marked(app("compare", run=fitted.id))


def test_home_lists_comparisons_with_their_conclusion(app):
    kept(evaluation("one", "two"))
    page = app()
    assert not page.exception
    assert "one is better than two: by frechet, kid and precision; 1 figure does not separate them" in texts(page)


def test_a_deleted_comparison_is_gone(app):
    job = kept(evaluation("one", "two"))
    page = app("compare", run=job.id)
    page.button(key="delete").click().run()
    assert not page.exception
    assert not job.folder.exists()
    assert page.button(key="begin")


def test_a_p_value_is_not_shown_as_nought(app):
    made = evaluation("one", "two")
    tiny = made.comparisons[0].model_copy(update={"p_value": 0.0})
    page = app("compare", run=kept(made.model_copy(update={"comparisons": (tiny, *made.comparisons[1:])})).id)
    assert shown(page, "pair")["p"].tolist() == ["under 0.0001", "0.001", "0.001", "0.4"]


def test_files_hold_every_figure_and_every_pair(app):
    from parts.compare_tables import figures_csv, pairs_csv

    made = evaluation("one", "two", failed=("kid",))
    figures = pd.read_csv(io.StringIO(figures_csv(made)))
    assert len(figures) == 8
    assert figures.loc[figures["figure"] == "kid", "reason"].tolist() == ["2 rows are too few: 3 are needed"] * 2
    assert figures.loc[0, ["generator", "value", "low", "high", "direction", "n"]].tolist() == ["one", 0.2, 0.16, 0.25, "lower", 89]
    pairs = pd.read_csv(io.StringIO(pairs_csv(made)))
    assert pairs["better"].tolist() == ["first", "first", "not separable"]
    assert pairs["rows needed at least"].tolist() == [61, 61, 212]
    assert pairs["rows needed"].isna().tolist() == [False, False, True]
    assert len(pd.read_csv(io.StringIO(figures_csv(evaluation("one", failed=()))))) == 4
    assert pairs_csv(evaluation("one")).strip() in ("", '""')


def test_a_path_length_is_explained_where_there_is_one(app):
    made = evaluation("one")
    length = made.measured[0].finding.model_copy(update={"name": "path_length", "direction": "neither"})
    measured = (*made.measured, Measured(generator="one", metric="path_length", finding=length))
    page = app("compare", run=kept(made.model_copy(update={"measured": measured})).id)
    assert not page.exception
    assert any(text.startswith("path_length: How far drawn images move") for text in texts(page))
    assert not any("path_length" in text for text in texts(app("compare", run=kept(made, "20260101-000000-ffffff").id)))


def test_slices_have_a_file_of_their_own(app):
    from parts.compare_tables import slices_csv

    found = pd.read_csv(
        io.StringIO(slices_csv(evaluation("first").model_copy(update={"slices": Slices(by="colour", found=FOUND)})))
    )
    assert found.loc[4, ["slice", "real_share", "figure within"]].tolist() == ["colour = red", 0.12, "kid"]
    assert found["reason"].str.contains("too few").all()
