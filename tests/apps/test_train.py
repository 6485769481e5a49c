import io
import json
import shutil
import sys
import zipfile

import pandas as pd
import pytest

from evalkit.compare.words import held_out_words
from evalkit.core.progress import silent
from evalkit.run import jobs, starting
from evalkit.run.families import families
from evalkit.run.models import load_model
from evalkit.run.requests import FitRequest, FitSettings
from evalkit.run.samples import SAMPLES
from evalkit.run.watched_fit import watched_fit


def texts(page):
    return [text.value for text in page.text]


def marked(page):
    return " ".join(
        element.value for kind in ("markdown", "caption", "warning", "error", "info") for element in getattr(page, kind)
    )


def linked(page, name):
    value = page.query_params.get(name)
    return value[0] if isinstance(value, list) else value


@pytest.fixture
def started(monkeypatch):
    """Requests to start a fit, instead of fits."""
    asked = []

    def start(data, **named):
        asked.append((data, named))
        folder = jobs.runs_folder() / f"20260101-000000-aaaaa{len(asked)}"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(FitRequest(data="a.csv", settings=named["settings"]).model_dump_json())
        return jobs.Job(folder)

    monkeypatch.setattr(starting, "start", start)
    monkeypatch.delitem(sys.modules, "parts.fit_setup", raising=False)
    yield asked
    # It has this fixture's start; the next test needs the real one.
    sys.modules.pop("parts.fit_setup", None)


def test_the_first_visit_says_what_will_be_seen_and_has_a_sample(app):
    page = app("train")
    assert not page.exception
    assert "rows that the model draws on its way beside real ones" in marked(page)
    assert any("Sample data, not yours" in text for text in texts(page))
    assert page.button(key="begin").disabled is False


def test_one_click_starts_the_sample(app, started):
    page = app("train").button(key="begin").click().run()
    assert not page.exception
    ((data, named),) = started
    assert data == SAMPLES["wine"].path()
    assert named == {"sample": "wine", "settings": FitSettings(backbone="vae", modality="table")}
    assert linked(page, "run") == "20260101-000000-aaaaa1"
    assert "Getting ready" in marked(page)


@pytest.mark.parametrize("sample", ["weather", "digits"])
def test_families_are_those_of_the_data(app, sample):
    page = app("train", sample=sample)
    modality = SAMPLES[sample].modality
    offered = page.selectbox(key=f"backbone_{modality}")
    assert offered.options == [*(spec.title for spec in families(modality).values()), "Best of all families"]
    first = next(iter(families(modality).values()))
    assert first.what_it_is in marked(page)


def test_own_files_and_settings_reach_the_fit(app, started):
    page = app("train")
    page.segmented_control(key="which").set_value("My files").run()
    assert page.button(key="begin").disabled
    page.file_uploader(key="files_table").set_value([("mine.csv", b"a,b\n1,2\n", "text/csv")])
    page.selectbox(key="backbone_table").set_value("auto")
    page.segmented_control(key="how_long").set_value("Steps")
    page.number_input(key="seed").set_value(7)
    page.run()
    page.number_input(key="steps").set_value(300).run()
    page.button(key="begin").click().run()
    ((data, named),) = started
    assert (data.name, bytes(data.content)) == ("mine.csv", b"a,b\n1,2\n")
    assert named == {"sample": None, "settings": FitSettings(backbone="auto", steps=300, modality="table", seed=7)}


def test_a_second_start_names_the_fit_that_runs(app, started, fitted):
    (fitted.folder / "fitted.json").unlink()
    (fitted.folder / "heartbeat").touch()
    page = app("train").button(key="begin").click().run()
    assert started == []
    assert "Another fit is at work" in marked(page)
    assert "small.csv" in texts(page)
    page.button(key="begin_anyway").click().run()
    assert len(started) == 1


def test_the_held_out_figure_is_the_first_line(app, fitted):
    page = app("train", run=fitted.id)
    assert not page.exception
    assert page.markdown[0].value.replace("\\", "") == f"#### {held_out_words(fitted.outcome().held_out)}"
    assert "Variational autoencoder" in marked(page)


def test_the_slider_shows_what_was_drawn_at_a_step(app, fitted):
    step = fitted.previews.steps()[0]
    page = app("train", run=fitted.id)
    assert page.dataframe[0].value.equals(page.dataframe[0].value)
    final = page.dataframe[0].value
    page.select_slider(key=f"step-{fitted.id}").set_value(str(step)).run()
    assert not page.exception
    assert linked(page, "step") == str(step)
    assert f"Drawn by step {step}" in marked(page)
    assert not page.dataframe[0].value.equals(final)
    assert app("train", run=fitted.id, step=str(step)).select_slider(key=f"step-{fitted.id}").value == str(step)


@pytest.mark.parametrize("step", ["7", "x", "-1"])
def test_a_link_with_an_unknown_step_shows_the_finished_model(app, fitted, step):
    page = app("train", run=fitted.id, step=step)
    assert not page.exception
    assert "Drawn by the finished model" in marked(page)


def test_the_way_between_two_rows_moves_with_the_slider(app, fitted):
    page = app("train", run=fitted.id)
    way = page.dataframe[2].value
    assert len(way) == 3
    page.slider(key="way_place").set_value(100).run()
    moved = page.dataframe[2].value
    pd.testing.assert_frame_equal(moved.iloc[[0, 2]], way.iloc[[0, 2]])
    pd.testing.assert_series_equal(moved.iloc[1], moved.iloc[2], check_names=False)


def test_panels_that_the_family_lacks_are_not_shown(app, fitted):
    labels = [expander.label for expander in app("train", run=fitted.id).expander]
    assert labels == ["The way from one row to another", "Use it on the command line"]


@pytest.mark.parametrize(
    ("sample", "backbone", "fold"),
    [
        ("weather", "recurrent_lm", "What surprised the model?"),
        ("pump", "transformer_lm", "How does a series go on?"),
        ("digits", "vae", "The way from one row to another"),
        ("pump", "vae", "The way from one row to another"),
        ("wine", "diffusion", "From a row to noise, and from noise to a row"),
        ("wine", "gan", None),
    ],
)
def test_each_modality_and_family_has_its_panels(app, sample, backbone, fold):
    spec = SAMPLES[sample]
    settings = FitSettings(backbone=backbone, steps=5, modality=spec.modality)
    request = FitRequest(data=spec.path(), sample=sample, settings=settings)
    job = jobs.Job(jobs.runs_folder() / "20260101-000000-abcde0")
    job.folder.mkdir(parents=True)
    (job.folder / "request.json").write_text(request.model_dump_json())
    watched_fit(job, request, silent)
    page = app("train", run=job.id)
    assert not page.exception
    assert "Sample data, not yours" in marked(page)
    assert [expander.label for expander in page.expander][:1] == [fold or "Use it on the command line"]
    assert len(page.get("vega_lite_chart")) == 2 if backbone == "gan" else page.get("vega_lite_chart")


def test_a_model_of_another_version_says_so_and_the_rest_stays(app, fitted):
    (fitted.model / "model.json").write_text("{}")
    page = app("train", run=fitted.id)
    assert not page.exception
    assert "cannot be opened" in marked(page)
    assert len(page.dataframe) == 2


def test_a_running_fit_shows_step_curve_draws_heartbeat_and_stop(app, fitted):
    (fitted.folder / "fitted.json").unlink()
    (fitted.folder / "heartbeat").touch()
    step = {"stage": "fitting the VAE", "done": 50, "done_before": 0, "total": 200, "figures": {"loss": 1.5}, "stage_seconds": 6.0}
    (fitted.folder / "progress.json").write_text(json.dumps(step))
    page = app("train", run=fitted.id)
    assert not page.exception
    assert page.markdown[0].value == "#### Variational autoencoder: step 50 of 200, about 18 s left at most"
    assert any("last sign of life" in text for text in texts(page))
    assert "Real, to compare" in marked(page)
    page.button(key="stop").click().run()
    assert fitted.status().state == "stopping"
    assert page.button(key="stop").disabled


@pytest.mark.parametrize("mark", ["stopped", "ended"])
def test_a_fit_that_ended_early_can_go_on(app, fitted, mark, monkeypatch):
    (fitted.folder / "fitted.json").unlink()
    for name in {"heartbeat", "stop", "ended", mark}:
        (fitted.folder / name).touch()
    resumed = []
    monkeypatch.setattr(starting, "_begun", lambda job: resumed.append(job) or job)
    page = app("train", run=fitted.id)
    assert "Everything up to the last checkpoint is kept" in marked(page)
    page.button(key="resume").click().run()
    assert resumed == [fitted]
    assert fitted.status().state == "queued"


def test_a_failed_fit_shows_its_sentence_and_does_not_offer_to_go_on(app, fitted):
    (fitted.folder / "fitted.json").unlink()
    (fitted.folder / "error.txt").write_text("column '**a**' is empty")
    page = app("train", run=fitted.id)
    assert page.code[0].value == "column '**a**' is empty"
    assert "**a**" not in marked(page)
    assert [button.key for button in page.button if button.key] == ["again"]


@pytest.fixture
def failed(fitted):
    """A fit of the user's own file, with no choice as it is by itself, that came to nothing."""
    (fitted.folder / "fitted.json").unlink()
    (fitted.folder / "error.txt").write_text("the table has too few rows")
    data = shutil.copy(fitted.request().data, fitted.folder / "mine.csv")
    settings = FitSettings(backbone="gan", minutes=0.05, modality="table", seed=5)
    (fitted.folder / "request.json").write_text(FitRequest(data=data, settings=settings).model_dump_json())
    return fitted


def test_started_again_the_form_holds_all_that_was_given(app, started, failed):
    page = app("train", run=failed.id)
    page.button(key="again").click().run()
    assert not page.exception
    assert linked(page, "again") == failed.id
    assert "Filled in as it was given before" in marked(page)
    assert "mine.csv" in texts(page)
    page.button(key="begin").click().run()
    assert not page.exception
    ((data, named),) = started
    before = failed.request()
    assert (data, named) == (before.data, {"sample": None, "settings": before.settings})
    assert linked(page, "again") is None


def test_started_again_files_and_choices_may_change(app, started, failed):
    page = app("train", again=failed.id)
    page.file_uploader(key="files_table").set_value([("better.csv", b"a,b\n1,2\n", "text/csv")]).run()
    page.segmented_control(key="how_long").set_value("By itself").run()
    page.button(key="begin").click().run()
    ((data, named),) = started
    assert data.name == "better.csv"
    assert named["settings"] == FitSettings(backbone="gan", modality="table", seed=5)
    failed.request().data.unlink()
    page = app("train", again=failed.id)
    assert "What was given before is not here any more: give it again" in marked(page)
    assert page.button(key="begin").disabled
    # Files of one kind are none of another.
    page.segmented_control(key="modality").set_value("series").run()
    assert "What was given before" not in marked(page)
    assert not page.exception


def test_a_sample_that_was_chosen_is_chosen_again(app, started, failed):
    request = FitRequest(data=SAMPLES["weather"].path(), sample="weather", settings=FitSettings(backbone="vae", modality="texts"))
    (failed.folder / "request.json").write_text(request.model_dump_json())
    page = app("train", again=failed.id)
    page.button(key="begin").click().run()
    ((data, named),) = started
    assert (data, named["sample"], named["settings"]) == (request.data, "weather", request.settings)


def test_alarms_are_shown_in_words(app, fitted):
    (fitted.folder / "fitted.json").unlink()
    (fitted.folder / "heartbeat").touch()
    step = {
        "stage": "fitting the GAN",
        "done": 50,
        "total": 200,
        "figures": {},
        "stage_seconds": 6.0,
        "alarms": ["all rows are alike"],
    }
    (fitted.folder / "progress.json").write_text(json.dumps(step))
    assert "all rows are alike" in texts(app("train", run=fitted.id))


def test_each_kind_of_run_opens_on_its_page(app, fitted, finished):
    page = app("detect", run=fitted.id)
    assert not page.exception
    assert "Variational autoencoder" in marked(page)
    page = app("train", run=finished.id)
    assert not page.exception
    assert "look anomalous" in marked(page)


def test_home_lists_fits(app, fitted):
    page = app()
    assert not page.exception
    assert any(text.startswith("Variational autoencoder fitted. On ") for text in texts(page))


def test_a_deleted_fit_is_gone(app, fitted):
    page = app("train", run=fitted.id)
    page.button(key="delete").click().run()
    assert not page.exception
    assert not fitted.folder.exists()
    assert page.button(key="begin")


def test_text_from_data_never_meets_markdown(app, fitted):
    page = app("train", run=fitted.id)
    assert "canary" not in marked(page)
    assert "canary" not in " ".join(expander.label for expander in page.expander)
    assert any("canary" in column for column in page.dataframe[0].value.columns)


@pytest.fixture
def downloads(app):
    """The module of downloads; the app's folder is on the path."""
    from parts import fit_downloads

    return fit_downloads


def test_downloads_hold_what_was_fitted(downloads, fitted, tmp_path):
    frame = pd.read_csv(io.BytesIO(downloads.drawn_file(fitted.model, 12, 3)))
    expected = load_model(fitted.model).sample(12, random_state=3).frame
    assert len(frame) == 12
    pd.testing.assert_series_equal(frame["a"], expected["a"], rtol=1e-7)
    with zipfile.ZipFile(io.BytesIO(downloads.model_zip(fitted.model))) as archive:
        archive.extractall(tmp_path)
    assert type(load_model(tmp_path / "model")).__name__ == "VAE"
    curve = pd.read_csv(io.StringIO(downloads.curve_csv(fitted)))
    assert set(curve["figure"]) == {"loss", "held-out loss"}
    assert json.loads(downloads.settings_json(fitted))["settings"]["steps"] == 120
