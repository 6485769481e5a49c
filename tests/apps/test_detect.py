import json
import re
import sys
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from evalkit.compare.alarms import at_fdr, most_anomalous_first
from evalkit.core.bundled import bundled
from evalkit.run import jobs, starting
from evalkit.run.requests import DetectRequest, DetectSettings
from evalkit.run.samples import SAMPLES
from evalkit.run.verdicts import verdicts


def texts(page):
    return [text.value for text in page.text]


def marked(page):
    return " ".join(
        element.value for kind in ("markdown", "caption", "warning", "error", "info") for element in getattr(page, kind)
    )


def linked(page, name):
    """A parameter of the page's link, which AppTest gives as a text or as a list of one."""
    value = page.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def alarms(page):
    """The table of alarms as the page shows it."""
    return page.dataframe[0].value


@pytest.fixture
def started(monkeypatch):
    """Requests to start a job, instead of jobs."""
    asked = []

    def start(data, **settings):
        asked.append((data, settings))
        folder = jobs.runs_folder() / "20260101-000000-aaaaaa"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(DetectRequest(data="a.csv").model_dump_json())
        return jobs.Job(folder)

    monkeypatch.setattr(starting, "start", start)
    monkeypatch.delitem(sys.modules, "parts.setup", raising=False)
    yield asked
    # It has this fixture's start; the next test needs the real one.
    sys.modules.pop("parts.setup", None)


def test_the_form_begins_with_a_sample_that_is_called_one(app):
    page = app("detect")
    assert not page.exception
    assert any("Sample data, not yours" in text for text in texts(page))
    assert page.button(key="begin").disabled is False


def test_one_click_starts_the_sample(app, started):
    page = app("detect").button(key="begin").click().run()
    assert not page.exception
    ((data, settings),) = started
    assert data == bundled("data_samples") / "payments.csv"
    assert settings == {"reference": None, "sample": "payments", "settings": DetectSettings()}
    assert linked(page, "run") == "20260101-000000-aaaaaa"
    assert "Looking for rows" in marked(page)


def test_own_file_reference_and_settings_reach_the_job(app, started):
    page = app("detect")
    page.segmented_control(key="which").set_value("My file").run()
    assert page.button(key="begin").disabled
    page.file_uploader(key="data_file").set_value(("mine.csv", b"a,b\n1,2\n", "text/csv"))
    page.segmented_control(key="against").set_value("A clean reference").run()
    assert page.button(key="begin").disabled
    page.file_uploader(key="reference_file").set_value(("clean.csv", b"a,b\n3,4\n", "text/csv"))
    page.segmented_control(key="accepted").set_value("20")
    page.segmented_control(key="effort").set_value("fast")
    page.run()
    page.selectbox(key="id_column").set_value("a")
    page.multiselect(key="ignored").set_value(["b"])
    page.run().button(key="begin").click().run()
    ((data, settings),) = started
    assert (data.name, bytes(data.content)) == ("mine.csv", b"a,b\n1,2\n")
    assert bytes(settings["reference"].content) == b"a,b\n3,4\n"
    assert settings["settings"] == DetectSettings(fdr=0.2, effort="fast", id_column="a", ignore=("b",))
    assert settings["sample"] is None


@pytest.fixture
def failed():
    """A detection in a file and beside a reference, both uploaded, that ended with an error."""
    job = jobs.Job(jobs.runs_folder() / "20260101-000000-bbbbbb")
    for name in ("data", "reference"):
        (job.folder / name).mkdir(parents=True)
        (job.folder / name / f"{name}.csv").write_text("a,b\n1,2\n")
    given = {name: job.folder / name / f"{name}.csv" for name in ("data", "reference")}
    request = DetectRequest(**given, settings=DetectSettings(fdr=0.07, effort="fast", seed=3, id_column="a", ignore=("b",)))
    (job.folder / "request.json").write_text(request.model_dump_json())
    (job.folder / "error.txt").write_text("the table has too few rows")
    return job


def test_started_again_the_form_holds_all_that_was_given(app, started, failed):
    page = app("detect", run=failed.id)
    page.button(key="again").click().run()
    assert not page.exception
    assert linked(page, "again") == failed.id
    assert "Filled in as it was given before" in marked(page)
    assert {"data.csv", "reference.csv"} <= set(texts(page))
    page.button(key="begin").click().run()
    assert not page.exception
    ((data, settings),) = started
    before = failed.request()
    assert data == before.data
    assert settings == {"reference": before.reference, "sample": None, "settings": before.settings}
    assert linked(page, "again") is None


def test_started_again_files_may_change_and_are_asked_for_where_they_are_gone(app, started, failed):
    page = app("detect", again=failed.id)
    page.file_uploader(key="data_file").set_value(("better.csv", b"a,b,c\n1,2,3\n", "text/csv")).run()
    page.checkbox(key="reference_file_before").uncheck().run()
    assert page.button(key="begin").disabled
    page.segmented_control(key="against").set_value("The table's own bulk").run()
    page.button(key="begin").click().run()
    ((data, settings),) = started
    assert (data.name, settings["reference"]) == ("better.csv", None)
    failed.request().data.unlink()
    page = app("detect", again=failed.id)
    assert "What was given before is not here any more: give it again" in marked(page)
    assert page.button(key="begin").disabled


def test_a_sample_that_was_chosen_is_chosen_again(app, started, failed):
    request = DetectRequest(data=SAMPLES["wine"].path(), sample="wine")
    (failed.folder / "request.json").write_text(request.model_dump_json())
    page = app("detect", again=failed.id)
    page.button(key="begin").click().run()
    ((data, settings),) = started
    assert (data, settings["sample"]) == (request.data, "wine")


def test_a_refused_file_is_explained_where_the_result_would_be(app):
    page = app("detect")
    page.segmented_control(key="which").set_value("My file").run()
    page.file_uploader(key="data_file").set_value(("mine.csv", b"", "text/csv"))
    page.run().button(key="begin").click().run()
    assert "empty" in page.code[0].value


def test_the_finding_is_the_first_line(app, finished, detection):
    page = app("detect", run=finished.id)
    assert not page.exception
    assert page.markdown[0].value.replace("\\", "") == f"#### {detection.summary.finding}"
    assert "false alarm" in marked(page)


def test_alarms_come_with_reasons_in_words(app, finished, detection):
    table = alarms(app("detect", run=finished.id))
    assert len(table) == detection.summary.n_alarms > 0
    assert table["main reason"].str.fullmatch(r".+ is .+, usual: .+", flags=re.DOTALL).all()


@pytest.mark.parametrize("share", ["5", "10", "20"])
def test_moving_the_share_flags_again_without_a_new_run(app, finished, detection, share):
    page = app("detect", run=finished.id)
    page.segmented_control(key=f"fdr-{finished.id}").set_value(share).run()
    moved = at_fdr(detection, int(share) / 100)
    assert not page.exception
    assert page.markdown[0].value.replace("\\", "") == f"#### {moved.summary.finding}"
    assert len(alarms(page)) == len(most_anomalous_first(moved))


def test_a_verdict_is_kept_shown_and_downloaded(app, finished, detection):
    row = int(most_anomalous_first(detection).index[0])
    page = app("detect", run=finished.id)
    page.button(key=f"verdict-{row}-2").click().run()
    assert not page.exception
    assert verdicts(finished.folder) == {row: "false alarm"}
    assert alarms(page)["your verdict"].tolist()[:2] == ["false alarm", "open"]
    page.button(key=f"verdict-{row}-1").click().run()
    page.button(key=f"verdict-{row}-1").click().run()
    assert verdicts(finished.folder) == {}


@pytest.mark.parametrize(("way", "said"), [("reference", "Bars level with"), ("one table", "ranked among themselves")])
def test_the_spread_of_p_values_is_shown_where_it_tells_something(app, finished, detection, way, said):
    summary = detection.summary.model_copy(update={"way": way})
    replace(detection, summary=summary).save(finished.folder / "result")
    assert said in marked(app("detect", run=finished.id))


def test_next_and_previous_walk_through_the_alarms(app, finished, detection):
    rows = [int(row) for row in most_anomalous_first(detection).index]
    page = app("detect", run=finished.id)
    assert page.button(key=f"previous-{rows[0]}").disabled
    page.button(key=f"next-{rows[0]}").click().run()
    assert linked(page, "row") == str(rows[1])
    page.button(key=f"previous-{rows[1]}").click().run()
    assert linked(page, "row") == str(rows[0])


def test_the_link_keeps_share_and_row(app, finished, detection):
    row = int(most_anomalous_first(detection).index[2])
    page = app("detect", run=finished.id, fdr="20", row=str(row))
    assert page.segmented_control(key=f"fdr-{finished.id}").value == "20"
    assert linked(page, "row") == str(row)


@pytest.mark.parametrize(
    ("name", "value"), [("fdr", "7"), ("fdr", "x"), ("row", "-1"), ("row", "99999999999"), ("row", "x"), ("row", "²")]
)
def test_a_link_with_an_unknown_value_still_opens(app, finished, name, value):
    page = app("detect", run=finished.id, **{name: value})
    assert not page.exception
    assert page.segmented_control(key=f"fdr-{finished.id}").value == "10"
    assert ("not offered" in marked(page)) == (name == "fdr")


@pytest.mark.parametrize("run", ["../../etc", "20260101-000000-ffffff", "x"])
def test_a_link_to_no_run_says_so_and_offers_the_form(app, run):
    page = app("detect", run=run)
    assert not page.exception
    assert "no such run" in marked(page)
    assert page.button(key="begin")


def test_another_run_begins_with_the_form(app, finished):
    page = app("detect", run=finished.id, fdr="20")
    page.button(key="again").click().run()
    assert not page.exception
    assert page.button(key="begin")
    assert linked(page, "run") is None


def test_a_deleted_run_is_gone(app, finished):
    page = app("detect", run=finished.id)
    page.button(key="delete").click().run()
    assert not page.exception
    assert not finished.folder.exists()
    assert page.button(key="begin")


def test_more_alarms_than_the_table_holds_are_said(app, finished, detection):
    many = pd.concat([detection.scores.assign(p_value=1e-9)] * 3, ignore_index=True)
    at_fdr(replace(detection, scores=many), 0.05).save(finished.folder / "result")
    page = app("detect", run=finished.id)
    assert not page.exception
    assert len(alarms(page)) == 1000
    assert "The 1,000 most anomalous of 1,200 alarms" in marked(page)
    assert alarms(page)["main reason"].iloc[-1].startswith("not explained")


def test_a_run_that_found_nothing_is_good_news(app, finished, detection):
    ordinary = replace(detection, scores=detection.scores.assign(p_value=np.linspace(0.2, 1, 400)))
    at_fdr(ordinary, 0.05).save(finished.folder / "result")
    page = app("detect", run=finished.id)
    assert page.markdown[0].value.replace("\\", "") == "#### 0 of 400 rows look anomalous"
    assert "No row stands out at 5 %: that is good news" in marked(page)
    assert len(alarms(page)) == 5


def test_a_failed_run_shows_its_sentence_as_code(app, finished):
    finished.report.unlink()
    (finished.folder / "error.txt").write_text("column '**a**' is empty")
    page = app("detect", run=finished.id)
    assert page.code[0].value == "column '**a**' is empty"
    assert "Failed" in marked(page)
    assert "**a**" not in marked(page)


def test_a_running_job_shows_step_heartbeat_and_stop(app, finished):
    finished.report.unlink()
    (finished.folder / "heartbeat").touch()
    step = {"stage": "fitting", "done": 3, "total": 12, "figures": {"loss": 1.5}, "stage_seconds": 6.0}
    (finished.folder / "progress.json").write_text(json.dumps(step))
    page = app("detect", run=finished.id)
    assert "At work: fitting" in texts(page)
    assert "3 of 12, about 18 s left in this step, loss 1.5" in texts(page)
    assert any("Last sign of life" in text for text in texts(page))
    page.button(key="stop").click().run()
    assert finished.status().state == "stopping"
    assert page.button(key="stop").disabled


def test_text_from_data_never_meets_markdown(app, finished):
    page = app("detect", run=finished.id, fdr="20")
    assert "canary" not in marked(page)
    assert "canary" not in " ".join(expander.label for expander in page.expander)
    assert any("canary" in text for text in texts(page))


@pytest.fixture
def downloads(app):
    """The module of downloads; the app's folder is on the path."""
    from parts import downloads

    return downloads


def test_downloads_hold_what_is_shown(downloads, finished, detection):
    moved = at_fdr(detection, 0.2)
    frame = pd.read_csv(BytesIO(downloads.alarms_csv(finished, moved).encode()))
    assert len(frame) == moved.summary.n_alarms
    np.testing.assert_allclose(frame["anomaly_score"], most_anomalous_first(moved)["anomaly_score"], rtol=1e-7)
    assert len(pd.read_parquet(BytesIO(downloads.scores_parquet(moved)))) == 400
    assert json.loads(downloads.settings_json(finished, moved))["fdr"] == 0.2


def test_a_verdict_of_a_row_that_is_no_longer_chosen_is_not_kept(app, finished, detection):
    rows = [int(row) for row in most_anomalous_first(detection).index]
    page = app("detect", run=finished.id)
    stale = page.button(key=f"verdict-{rows[0]}-2")
    page.query_params["row"] = str(rows[1])
    stale.click().run()
    assert not page.exception
    assert verdicts(finished.folder) == {}
