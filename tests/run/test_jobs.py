import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from evalkit.core.errors import InputError
from evalkit.run import jobs, starting
from evalkit.run.fit import fit
from evalkit.run.jobs import RUNNING, Job, delete, find_job, list_jobs, runs_folder
from evalkit.run.models import load_backbone
from evalkit.run.requests import DetectRequest, DetectSettings, FitRequest, FitSettings
from evalkit.run.starting import resume, start
from evalkit.run.uploads import Upload


def asked(name="20260101-000000-abcdef", **files):
    """A job's folder with a request and the given files."""
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(DetectRequest(data="a.csv").model_dump_json())
    for file, text in files.items():
        (folder / file.replace("__", ".")).write_text(text)
    return Job(folder)


def aged(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def until(job, *states, seconds=300):
    end = time.monotonic() + seconds
    while (status := job.status()).state not in states:
        assert time.monotonic() < end, status
        time.sleep(0.1)
    return status


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, "queued"),
        ({"heartbeat": ""}, "running"),
        ({"heartbeat": "", "stop": ""}, "stopping"),
        ({"heartbeat": "", "ended": "", "stopped": "", "stop": ""}, "stopped"),
        ({"heartbeat": "", "ended": "", "error__txt": "column 'a' is empty"}, "failed"),
        ({"heartbeat": "", "ended": ""}, "died"),
        ({"heartbeat": "", "ended": "", "report__html": "<html>"}, "finished"),
        ({"heartbeat": "", "ended": "", "fitted__json": "{}"}, "finished"),
    ],
)
def test_the_folder_says_where_the_job_stands(files, state):
    assert asked(**files).status().state == state


def test_a_process_that_fell_silent_is_not_shown_as_running():
    job = asked(heartbeat="")
    aged(job.folder / "heartbeat", jobs.DEAD_AFTER_SECONDS + 1)
    status = job.status()
    assert status.state == "died"
    assert status.heartbeat_seconds > jobs.DEAD_AFTER_SECONDS


def test_a_process_that_never_began_is_not_shown_as_starting_for_ever():
    job = asked()
    aged(job.folder / "request.json", jobs.START_SECONDS + 1)
    assert job.status().state == "died"


def test_elapsed_time_ends_with_the_job():
    job = asked(heartbeat="", ended="", error__txt="no")
    aged(job.folder / "request.json", 100)
    aged(job.folder / "ended", 70)
    assert job.status().elapsed_seconds == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../20260101-000000-abcdef", "20260101-000000-ABCDEF", "20260101-000000-abcdef\n", "/etc"]
)
def test_only_names_of_jobs_lead_to_folders(name):
    asked()
    with pytest.raises(InputError, match="no such run"):
        find_job(name)


def test_jobs_are_listed_newest_first_and_nothing_else():
    assert list_jobs() == []
    for name in ("20260101-000000-aaaaaa", "20260301-000000-aaaaaa", "20260201-000000-aaaaaa"):
        asked(name)
    (runs_folder() / "something else").mkdir()
    (runs_folder() / "20260401-000000-aaaaaa").mkdir()
    assert [job.id[:6] for job in list_jobs()] == ["202603", "202602", "202601"]
    assert len(list_jobs(at_most=2)) == 2


def test_a_running_job_is_not_deleted():
    job = asked(heartbeat="")
    with pytest.raises(InputError, match="stop it before"):
        delete(job)
    (job.folder / "ended").touch()
    delete(job)
    assert not job.folder.exists()


@pytest.mark.parametrize("fdr", [0.0, 1.0, 7.0])
def test_settings_out_of_range_are_refused(fdr):
    with pytest.raises(ValidationError):
        DetectSettings(fdr=fdr)


def test_a_refused_upload_leaves_no_folder():
    with pytest.raises(InputError, match="empty"):
        start(Upload("a.csv", b""))
    assert not runs_folder().exists()


def table():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"name": [f"r{i}" for i in range(300)], "a": draw.normal(size=300), "b": draw.normal(size=300)})
    frame.loc[7, ["a", "b"]] = [40.0, -40.0]
    return frame.to_csv(index=False).encode()


@pytest.fixture
def processes(monkeypatch):
    """The processes that were started."""
    started = []
    real = subprocess.Popen

    def popen(*args, **settings):
        started.append(real(*args, **settings))
        return started[-1]

    monkeypatch.setattr(starting.subprocess, "Popen", popen)
    return started


STARTER = """
import sys
from evalkit.run.starting import start
from evalkit.run.requests import DetectSettings
from evalkit.run.uploads import Upload
upload = Upload("my table.csv", sys.stdin.buffer.read())
print(start(upload, settings=DetectSettings(fdr=0.2, effort="fast", id_column="name")).id)
"""


def test_a_job_outlives_who_started_it_and_keeps_its_result():
    starter = subprocess.run([sys.executable, "-c", STARTER], input=table(), capture_output=True, check=True)
    job = find_job(starter.stdout.decode().strip())
    status = until(job, "finished", "failed", "died", "stopped")
    assert status.state == "finished", (status, (job.folder / "log.txt").read_text())
    detection = find_job(job.id).detection()
    assert detection.summary.data.name == "my table.csv"
    assert detection.scores.loc[detection.scores["anomaly_score"].idxmax(), "name"] == "r7"
    assert detection.summary.finding in job.report.read_text(encoding="utf-8")


def test_bad_data_end_in_one_sentence(processes):
    job = start(Upload("noise.csv", bytes(range(256)) * 40), settings=DetectSettings(effort="fast"))
    status = until(job, "failed", "finished", "died")
    assert status.state == "failed"
    assert status.error
    assert "\n" not in status.error
    assert "Traceback" not in (job.folder / "log.txt").read_text()
    assert processes[0].wait() == 0


def test_a_killed_process_is_noticed(processes, monkeypatch):
    monkeypatch.setattr(jobs, "DEAD_AFTER_SECONDS", 2.5)
    job = start(Upload("t.csv", table()), settings=DetectSettings(effort="best"))
    until(job, "running", "finished")
    os.kill(processes[0].pid, signal.SIGKILL)
    processes[0].wait()
    assert until(job, "died", "finished", seconds=20).state == "died"


def test_a_running_job_is_stopped(processes):
    job = start(Upload("t.csv", table()), settings=DetectSettings(effort="best"))
    job.stop()
    assert until(job, "stopped", "finished").state == "stopped"
    assert processes[0].wait() == 0


def fit_request(steps, **settings):
    return FitSettings(backbone="vae", steps=steps, **settings)


def test_a_fit_leaves_its_curve_its_draws_and_its_model():
    job = start(Upload("t.csv", table()), settings=fit_request(100, seed=2))
    assert isinstance(job.request(), FitRequest)
    status = until(job, "finished", "failed", "died")
    assert status.state == "finished", (status, (job.folder / "log.txt").read_text())
    assert [point.step for point in job.curve()] == [50, 100]
    assert {"loss", "held-out loss"} <= job.curve()[0].figures.keys()
    assert job.outcome().backbone == "vae"
    assert job.outcome().held_out.n == 30
    drawn = load_backbone(job.model).sample(8, random_state=2)
    pd.testing.assert_frame_equal(job.previews.final().frame, drawn.frame, rtol=1e-7, check_column_type=False)
    assert len(job.previews.real()) == 8


def test_a_stopped_fit_goes_on_to_the_bytes_of_an_unbroken_one(processes, tmp_path):
    job = start(Upload("t.csv", table()), settings=fit_request(400))
    until(job, "running", "finished")
    while not job.curve():
        assert job.status().state in RUNNING
        time.sleep(0.02)
    job.stop()
    assert until(job, "stopped", "finished").state == "stopped"
    processes[0].wait()
    stopped_at = job.curve()[-1].step
    assert stopped_at < 400
    resume(job)
    assert until(job, "finished", "failed", "died", "stopped").state == "finished"
    assert [point.step for point in job.curve()] == list(range(50, job.curve()[-1].step + 1, 50))
    whole = fit(job.request().data, "vae", tmp_path / "model", steps=400).model
    assert [point.figures["held-out loss"] for point in job.curve()] == whole.history_.held_out
    for file in ("model.json", "arrays.safetensors"):
        assert (job.model / file).read_bytes() == (tmp_path / "model" / file).read_bytes()


def test_a_killed_fit_goes_on(processes, monkeypatch):
    monkeypatch.setattr(jobs, "DEAD_AFTER_SECONDS", 2.5)
    job = start(Upload("t.csv", table()), settings=fit_request(60))
    until(job, "running", "finished")
    os.kill(processes[0].pid, signal.SIGKILL)
    processes[0].wait()
    assert until(job, "died", "finished", seconds=20).state == "died"
    resume(job)
    monkeypatch.setattr(jobs, "DEAD_AFTER_SECONDS", 60.0)
    assert until(job, "finished", "failed").state == "finished"


def test_only_a_fit_that_ended_early_is_resumed():
    with pytest.raises(InputError, match="only a fit"):
        resume(asked(heartbeat="", ended="", stopped=""))
    job = asked("20260101-000000-bbbbbb", heartbeat="", ended="", fitted__json="{}")
    (job.folder / "request.json").write_text(FitRequest(data="a.csv", settings=fit_request(5)).model_dump_json())
    with pytest.raises(InputError, match="this run is finished"):
        resume(job)


def test_several_uploads_are_one_folder():
    job = start([Upload("a.txt", b"to be"), Upload("../b.txt", b"or not")], settings=FitSettings(backbone="no such family"))
    assert sorted(path.name for path in job.request().data.iterdir()) == ["a.txt", "b.txt"]
    assert "no such family" in until(job, "failed", "finished", "died").error


def test_what_is_left_is_told_from_the_pace_since_the_stage_was_taken_up():
    step = jobs.LastStep(stage="fitting", done=600, done_before=500, total=1000, figures={}, stage_seconds=10.0)
    assert step.left_seconds == pytest.approx(40)
    assert step.model_copy(update={"done": 500}).left_seconds is None
    assert step.model_copy(update={"done": 1000}).left_seconds is None
