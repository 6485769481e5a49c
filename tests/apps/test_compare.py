import base64
import io
import json
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evalkit.compare.closer_look import CloserLook, Exhibit, Shown
from evalkit.compare.evaluation import ColumnGroup, Measured, SizeCurve, SizePoint, Source
from evalkit.compare.slices import Centre, Slices
from evalkit.run import jobs, starting
from evalkit.run.measures import usual_metrics
from evalkit.run.requests import Drawn, EvaluateRequest, EvaluateSettings, Made
from evalkit.run.samples import SAMPLES
from tests.apps.comparing import evaluation, kept
from tests.compare.evaluations import a_look
from tests.compare.test_slices import FOUND

HALF, SHUFFLED = Made(how="half"), Made(how="shuffled")


def texts(page):
    return [text.value for text in page.text]


def marked(page):
    kinds = ("markdown", "caption", "warning", "error", "info")
    return " ".join(element.value for kind in kinds for element in getattr(page, kind))


def linked(page, name):
    value = page.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def headline(page):
    return page.markdown[0].value.replace("\\", "").removeprefix("#### ")


def shown(page, column):
    """The table that has such a column."""
    return next(table.value for table in page.dataframe if column in table.value)


@pytest.fixture
def started(monkeypatch):
    """What was asked to be compared, instead of comparisons."""
    asked = []

    def start_evaluation(reference, generators, **named):
        asked.append((reference, generators, named))
        folder = jobs.runs_folder() / f"20260101-000000-aaaaa{len(asked)}"
        folder.mkdir(parents=True)
        request = EvaluateRequest(data="a.csv", generators={"half": HALF}, settings=named["settings"])
        (folder / "request.json").write_text(request.model_dump_json())
        return jobs.Job(folder)

    monkeypatch.setattr(starting, "start_evaluation", start_evaluation)
    monkeypatch.delitem(sys.modules, "parts.compare_setup", raising=False)
    return asked


def test_one_click_compares_what_is_made_of_the_sample(app, started):
    page = app("compare")
    assert not page.exception
    assert "Train one or two" in marked(page)
    page.button(key="begin").click().run()
    assert not page.exception
    ((reference, generators, named),) = started
    assert reference == SAMPLES["wine"].path()
    assert generators == {"real half": HALF, "shuffled": SHUFFLED}
    assert named == {"fitted": None, "sample": "wine", "settings": EvaluateSettings(modality="table")}
    assert linked(page, "run") == "20260101-000000-aaaaa1"
    assert "Comparing generators" in headline(page)


def test_own_files_and_names_reach_the_comparison(app, started):
    page = app("compare")
    page.segmented_control(key="which").set_value("My files").run()
    assert page.button(key="begin").disabled
    assert "file of real data" in marked(page)
    page.file_uploader(key="reference_files_table").set_value([("real.csv", b"a\n1\n", "text/csv")]).run()
    assert page.button(key="begin").disabled
    assert "at least one generator" in marked(page)
    page.file_uploader(key="generator_1_own_table").set_value([("one.csv", b"a\n2\n", "text/csv")]).run()
    page.text_input(key="name_1_own").set_value("mine **b**").run()
    page.file_uploader(key="generator_2_own_table").set_value([("two.csv", b"a\n3\n", "text/csv")])
    page.number_input(key="seed").set_value(4)
    page.multiselect(key="metrics_table").set_value([usual_metrics("table")[0]]).run()
    assert page.file_uploader(key="generator_3_own_table")
    page.button(key="begin").click().run()
    assert not page.exception
    ((reference, generators, named),) = started
    assert reference.name == "real.csv"
    assert {name: bytes(upload.content) for name, upload in generators.items()} == {"mine **b**": b"a\n2\n", "two": b"a\n3\n"}
    expected = EvaluateSettings(modality="table", metrics=(usual_metrics("table")[0],), seed=4)
    assert named == {"fitted": None, "sample": None, "settings": expected}


def test_a_finished_fit_is_drawn_from(app, started, fitted):
    request = fitted.request().model_copy(update={"sample": "wine"})
    (fitted.folder / "request.json").write_text(request.model_dump_json())
    page = app("compare")
    page.multiselect(key="fits_table_wine").set_value([fitted.id])
    page.checkbox(key="made_shuffled_sample").uncheck()
    page.number_input(key="rows_drawn").set_value(50).run()
    page.button(key="begin").click().run()
    ((_, generators, _),) = started
    assert generators == {"real half": HALF, "Variational autoencoder": Drawn(model=fitted.model, rows=50)}


def test_fits_of_other_data_and_lost_models_are_not_offered(app, fitted):
    assert [each.key for each in app("compare").multiselect] == ["metrics_table"]
    request = fitted.request().model_copy(update={"sample": "wine"})
    (fitted.folder / "request.json").write_text(request.model_dump_json())
    fitted.model.rename(fitted.folder / "elsewhere")
    assert [each.key for each in app("compare").multiselect] == ["metrics_table"]


def test_nothing_chosen_is_not_started(app):
    page = app("compare")
    for how in ("half", "shuffled"):
        page.checkbox(key=f"made_{how}_sample").uncheck()
    page.run()
    assert page.button(key="begin").disabled
    assert "at least one generator" in marked(page)


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


def test_what_gives_a_generator_away_is_shown_one_generator_at_a_time(app):
    made = evaluation("one", "two")
    looks = (a_look("cells", "one"), a_look("text", "two"))
    page = app("compare", run=kept(made.model_copy(update={"looks": looks})).id)
    assert not page.exception
    assert any("is wide" in text for text in texts(page))
    assert any(text.startswith("What gives two away: 1 generated row equals a real one") for text in texts(page))
    assert page.segmented_control(key="closer").options == ["one: 3 finds", "two: 3 finds"]
    assert shown(page, "size")["size"].tolist() == ["1.5"]
    assert any("1 generated row equals" in text for text in texts(page))
    assert any("are among the oddest 5 %" in text and "it draws odd rows" in text for text in texts(page))
    assert any(text.startswith("• Row 0: ") and "usual 1 – 2" in text for text in texts(page))
    assert "Most convincing to the classifier" in marked(page)
    page.segmented_control(key="closer").set_value(1).run()
    assert not page.exception
    assert any("first line" in code.value for code in page.code)


def test_nothing_is_said_to_be_found_only_where_nothing_was(app):
    nothing = "Nothing was found that gives it away"
    copier = CloserLook(generator="one", n_copied=91, n_twins=95)
    odd = a_look("cells", "one").model_copy(update={"clues": (), "n_copied": 0, "copied": ()})
    for look, said in ((CloserLook(generator="one"), True), (copier, False), (odd, False)):
        job = kept(evaluation("one").model_copy(update={"looks": (look,)}), f"20260101-000000-{look.n_copied:02}{len(look.odd):04}")
        said_now = texts(app("compare", run=job.id))
        assert any(text.startswith(nothing) for text in said_now) == said
        assert any(text.endswith("0 of 91 shown.") for text in said_now) == (look is copier)


@pytest.mark.parametrize("kind", ["picture", "steps"])
def test_images_and_series_are_looked_at_as_what_they_are(app, kind):
    made = evaluation("one").model_copy(update={"looks": (a_look(kind, "one"),)})
    page = app("compare", run=kept(made).id)
    assert not page.exception
    charts = len(page.get("vega_lite_chart")) - 3
    assert (charts, len(page.get("image"))) == ((4, 0) if kind == "steps" else (0, 5))


def test_small_images_are_enlarged_with_hard_edges(app, monkeypatch):
    import streamlit

    seen = []
    monkeypatch.setattr(streamlit, "image", lambda image, caption, width, **_: seen.append((image, caption, width)))
    pixels, file = np.array([[0, 255, 90], [20, 140, 7]], dtype=np.uint8), io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    shown = Shown(row=7, kind="picture", picture=base64.b64encode(file.getvalue()).decode())
    look = CloserLook(generator="one", least=(Exhibit(shown=shown, realness=0.0085),))
    page = app("compare", run=kept(evaluation("one").model_copy(update={"looks": (look,)})).id)
    assert not page.exception
    ((image, caption, width),) = seen
    assert np.array_equal(image, pixels.repeat(32, axis=0).repeat(32, axis=1))
    assert (caption, width) == ("0.85 % real, image 7", 96)


def test_figures_over_the_number_of_rows_are_asked_for_and_shown(app, started):
    page = app("compare")
    page.checkbox(key="curves_table").check().run()
    page.button(key="begin").click().run()
    assert started[0][2]["settings"].curves
    points = tuple(SizePoint(rows=n, value=1 / n, low=0.5 / n, high=2 / n) for n in (50, 100))
    curves = tuple(SizeCurve(generator="one", figure=figure, points=points) for figure in ("kid", "frechet"))
    page = app("compare", run=kept(evaluation("one").model_copy(update={"curves": curves})).id)
    assert not page.exception
    assert page.selectbox(key="size_figure").options == ["kid", "frechet"]


def test_a_path_length_is_explained_where_there_is_one(app):
    made = evaluation("one")
    length = made.measured[0].finding.model_copy(update={"name": "path_length", "direction": "neither"})
    measured = (*made.measured, Measured(generator="one", metric="path_length", finding=length))
    page = app("compare", run=kept(made.model_copy(update={"measured": measured})).id)
    assert not page.exception
    assert any(text.startswith("path_length: How far drawn images move") for text in texts(page))
    assert not any("path_length" in text for text in texts(app("compare", run=kept(made, "20260101-000000-ffffff").id)))


def test_groups_of_columns_are_asked_for_and_shown(app, started):
    page = app("compare")
    for wrong, words in (("alcohol", "name = column, column"), ("a = nothing", "do not have")):
        page.text_area(key="column_groups").set_value(wrong).run()
        assert page.button(key="begin").disabled
        assert words in marked(page)
    page.text_area(key="column_groups").set_value("drink = alcohol, ash\nlook = hue").run()
    page.button(key="begin").click().run()
    assert started[0][2]["settings"].column_groups == {"drink": ("alcohol", "ash"), "look": ("hue",)}
    made, other = evaluation("one", "two"), evaluation("one", "two", failed=("kid",), separable=False)
    groups = tuple(
        ColumnGroup(name=name, columns=(name, "x"), measured=of.measured, comparisons=of.comparisons, conclusions=of.conclusions)
        for name, of in (("drink", made), ("look", other))
    )
    page = app("compare", run=kept(made.model_copy(update={"column_groups": groups})).id)
    assert not page.exception
    assert "drink (drink, x)" in texts(page)
    assert f"• {made.conclusions[0]}" in texts(page)
    page.segmented_control(key="group").set_value(1).run()
    assert not page.exception
    assert f"• {other.conclusions[0]}" in texts(page)
    assert any("why there is none" in table.value for table in page.dataframe)


def test_rows_that_generators_were_fitted_to_are_asked_for_and_passed_on(app, started):
    page = app("compare")
    page.multiselect(key="metrics_table").set_value(["nearest_share"]).run()
    assert page.button(key="begin").disabled
    assert "nearest_share needs the rows that the generators were fitted to" in marked(page)
    page.file_uploader(key="fitted_sample_table").set_value([("seen.csv", b"a\n1\n", "text/csv")]).run()
    page.button(key="begin").click().run()
    assert not page.exception
    assert started[0][2]["fitted"].name == "seen.csv"
    made = evaluation("one").model_copy(update={"fitted": Source(name="seen.csv", sha256="9" * 64, rows=80)})
    used = shown(app("compare", run=kept(made).id), "setting")
    assert any("seen.csv: 80 rows" in value for value in used["value"])


def test_slices_are_asked_for_and_missing_ones_are_named(app, started):
    page = app("compare")
    assert page.selectbox(key="slices_table").options[:2] == ["nothing", "clusters"]
    page.selectbox(key="slices_table").set_value("clusters").run()
    page.button(key="begin").click().run()
    assert started[0][2]["settings"].slices == "clusters"
    centres = (Centre(slice="colour = red", shown=Shown(row=3, kind="cells", cells=(("size", "1.5"),))),)
    made = evaluation("first", "two").model_copy(update={"slices": Slices(by="colour", found=FOUND, centres=centres)})
    page = app("compare", run=kept(made).id)
    assert not page.exception
    assert "• dropped: colour = red: 12 % of real rows, 1 % of generated" in texts(page)
    assert shown(page, "slice")["slice"].tolist()[0] == "colour = red"
    assert "\u202e" not in " ".join([*texts(page), *shown(page, "slice")["slice"]])
    assert shown(page, "size")["size"].tolist() == ["1.5"]
    page.segmented_control(key="sliced").set_value(1).run()
    assert "Slices by colour: none was compared." in texts(page)


def test_slices_have_a_file_of_their_own(app):
    from parts.compare_tables import slices_csv

    found = pd.read_csv(
        io.StringIO(slices_csv(evaluation("first").model_copy(update={"slices": Slices(by="colour", found=FOUND)})))
    )
    assert found.loc[4, ["slice", "real_share", "figure within"]].tolist() == ["colour = red", 0.12, "kid"]
    assert found["reason"].str.contains("too few").all()
