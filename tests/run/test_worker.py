import signal
import time

import pytest

from evalkit.core.errors import InputError
from evalkit.core.progress import Step
from evalkit.run import worker
from evalkit.run.jobs import Job, runs_folder
from evalkit.run.requests import DetectRequest, DetectSettings
from evalkit.run.worker import work


@pytest.fixture(autouse=True)
def interrupts():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def job(tmp_path):
    folder = runs_folder() / "20260101-000000-abcdef"
    folder.mkdir(parents=True)
    request = DetectRequest(data=tmp_path / "a.csv", settings=DetectSettings(fdr=0.2, seed=3, effort="fast", ignore=("b",)))
    (folder / "request.json").write_text(request.model_dump_json())
    return Job(folder)


def test_the_request_reaches_the_verb(job, monkeypatch):
    asked = {}

    def detect(data, **settings):
        asked.update(settings, data=data)
        raise InputError("enough")

    monkeypatch.setattr(worker, "detect", detect)
    work(job)
    del asked["progress"]
    expected = {"reference": None, "fdr": 0.2, "seed": 3, "effort": "fast", "id_column": None, "ignore": ("b",)}
    assert asked == {"data": job.request().data, **expected}


def test_progress_is_there_while_it_runs(job, monkeypatch):
    def detect(data, *, progress, **settings):
        progress(Step("fitting", 0, 8, {"loss": 2.5}))
        status = job.status()
        assert (status.state, status.stage, status.done, status.total) == ("running", "fitting", 0, 8)
        assert status.figures == {"loss": 2.5}
        assert status.left_seconds is None
        progress(Step("fitting", 8, 8))
        assert job.status().done == 8
        raise InputError("enough")

    monkeypatch.setattr(worker, "detect", detect)
    work(job)
    assert job.status().error == "enough"


def test_a_stage_that_begins_again_is_timed_again(job, monkeypatch):
    def detect(data, *, progress, **settings):
        progress(Step("fitting", 0, 2))
        time.sleep(0.3)
        progress(Step("fitting", 2, 2))
        progress(Step("fitting", 0, 2))
        progress(Step("judging", 0, 2))
        monkeypatch.setattr(worker, "WRITE_SECONDS", 0.0)
        progress(Step("fitting", 1, 2))
        assert job.status().left_seconds < 0.25
        raise InputError("enough")

    monkeypatch.setattr(worker, "detect", detect)
    work(job)
    assert job.status().error == "enough"


def test_a_wish_to_stop_is_confirmed(job, monkeypatch):
    def detect(data, *, progress, **settings):
        progress(Step("fitting", 1, 8))
        job.stop()
        assert job.status().state == "stopping"
        progress(Step("fitting", 2, 8))
        raise AssertionError("the wish was not heard")

    monkeypatch.setattr(worker, "detect", detect)
    work(job)
    assert job.status().state == "stopped"


@pytest.mark.parametrize("inherited", [signal.SIG_IGN, signal.default_int_handler])
def test_a_long_step_is_broken_off(job, monkeypatch, inherited):
    signal.signal(signal.SIGINT, inherited)

    def detect(data, **settings):
        job.stop()
        for _ in range(100):
            time.sleep(0.1)
        raise AssertionError("the wish was not heard")

    monkeypatch.setattr(worker, "detect", detect)
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.05)
    work(job)
    assert job.status().state == "stopped"


def test_bad_data_end_in_their_sentence(job):
    work(job)
    status = job.status()
    assert status.state == "failed"
    assert "a.csv" in status.error
    assert "\n" not in status.error


def test_a_defect_is_not_kept_quiet(job, monkeypatch):
    def detect(data, **settings):
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "detect", detect)
    with pytest.raises(ZeroDivisionError):
        work(job)
    status = job.status()
    assert status.state == "died"
    assert "log.txt" in status.error
