"""The form of Compare: what is chosen reaches the comparison, and its result shows it."""

import sys

import pytest

from evalkit.compare.closer_look import Shown
from evalkit.compare.evaluation import ColumnGroup, SizeCurve, SizePoint, Source
from evalkit.compare.slices import Centre, Slices
from evalkit.run import jobs, starting
from evalkit.run.measures import usual_metrics
from evalkit.run.requests import Drawn, EvaluateRequest, EvaluateSettings, Given, Made
from evalkit.run.samples import SAMPLES
from tests.apps.comparing import evaluation, headline, kept, linked, marked, shown, texts
from tests.compare.test_slices import FOUND

HALF, SHUFFLED = Made(how="half"), Made(how="shuffled")


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
    yield asked
    # It has this fixture's start; the next test needs the real one.
    sys.modules.pop("parts.compare_setup", None)


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


@pytest.fixture
def failed():
    """A comparison of own files by chosen settings, which failed."""
    job = kept(evaluation("mine **b**", "two"), finished=False)
    for folder, name in (("data", "real.csv"), ("generator-1", "one.csv"), ("generator-2", "two.csv"), ("fitted", "seen.csv")):
        (job.folder / folder).mkdir()
        (job.folder / folder / name).write_text("size,weight\n1.5,2\n2.5,3\n")
    given = {"mine **b**": job.folder / "generator-1" / "one.csv", "two": job.folder / "generator-2" / "two.csv"}
    chosen = {"metrics": ("kid",), "curves": True, "slices": "clusters", "column_groups": {"a": ("size", "weight")}, "seed": 4}
    request = EvaluateRequest(
        data=job.folder / "data" / "real.csv",
        generators={"half": HALF} | {name: Given(data=path) for name, path in given.items()},
        fitted=job.folder / "fitted" / "seen.csv",
        settings=EvaluateSettings(modality="table", **chosen),
    )
    (job.folder / "request.json").write_text(request.model_dump_json())
    (job.folder / "error.txt").write_text("generator 'two': column 'weight' needs a number in every row")
    return job


def test_started_again_the_form_holds_all_that_was_given(app, started, failed):
    page = app("compare", run=failed.id)
    page.button(key="again").click().run()
    assert not page.exception
    assert linked(page, "again") == failed.id
    assert "Filled in as it was given before" in marked(page)
    assert {"real.csv", "one.csv", "two.csv", "seen.csv"} <= set(texts(page))
    page.button(key="begin").click().run()
    assert not page.exception
    ((reference, generators, named),) = started
    before = failed.request()
    assert reference == before.data
    assert generators == {"real half": HALF, **{name: before.generators[name].data for name in ("mine **b**", "two")}}
    assert named == {"fitted": before.fitted, "sample": None, "settings": before.settings}
    assert linked(page, "again") is None


def test_started_again_files_and_choices_may_change(app, started, failed):
    page = app("compare", again=failed.id)
    page.file_uploader(key="generator_2_own_table").set_value([("better.csv", b"size,weight\n1,2\n", "text/csv")]).run()
    page.checkbox(key="generator_1_own_table_before").uncheck().run()
    assert page.file_uploader(key="generator_3_own_table")
    page.number_input(key="seed").set_value(5).run()
    page.button(key="begin").click().run()
    ((_, generators, named),) = started
    assert [getattr(source, "name", source) for source in generators.values()] == [HALF, "better.csv"]
    assert named["settings"] == failed.request().settings.model_copy(update={"seed": 5})


def test_started_again_with_other_data_the_rest_is_as_in_a_fresh_form(app, started, failed):
    page = app("compare", again=failed.id)
    page.segmented_control(key="which").set_value("Sample data").run()
    page.selectbox(key="sample_name").set_value("digits").run()
    page.button(key="begin").click().run()
    ((reference, generators, named),) = started
    assert reference == SAMPLES["digits"].path()
    assert generators == {"real half": HALF, "shuffled": Made(how="shuffled")}
    assert named["fitted"] is None
    assert named["settings"].metrics is None


def test_what_is_not_here_any_more_is_asked_for_again(app, failed):
    before = failed.request()
    lost = {**before.generators, "drawn": Drawn(model=failed.folder / "nowhere", rows=30)}
    (failed.folder / "request.json").write_text(before.model_copy(update={"generators": lost}).model_dump_json())
    before.data.unlink()
    page = app("compare", again=failed.id)
    assert not page.exception
    assert "What was given before is not here any more: give it again" in marked(page)
    assert "A fit that rows were drawn from is not here any more" in marked(page)
    assert page.button(key="begin").disabled
    failed.folder.rename(failed.folder.with_name("gone"))
    page = app("compare", again=failed.id)
    assert not page.exception
    assert "Filled in" not in marked(page)


def test_a_sample_and_a_fit_that_were_chosen_are_chosen_again(app, started, fitted):
    (fitted.folder / "request.json").write_text(fitted.request().model_copy(update={"sample": "diabetes"}).model_dump_json())
    job = kept(evaluation("one"), sample="diabetes", finished=False)
    drawn = {"mine": Drawn(model=fitted.model, rows=50)}
    (job.folder / "request.json").write_text(job.request().model_copy(update={"generators": drawn}).model_dump_json())
    page = app("compare", again=job.id)
    page.button(key="begin").click().run()
    ((reference, generators, named),) = started
    assert (reference, named["sample"]) == (SAMPLES["diabetes"].path(), "diabetes")
    assert generators == {"Variational autoencoder": Drawn(model=fitted.model, rows=50)}
