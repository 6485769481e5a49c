"""A small table with foreign text in it, detected once by the real verb, and a job folder that holds the result."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.anomaly.detection import Detection
from evalkit.compare.report import write_report
from evalkit.core.bundled import bundled
from evalkit.run.detect import detect
from evalkit.run.jobs import Job, Request, Settings, runs_folder

HOSTILE = (
    "<script>window.__xss=1</script>![x](http://canary.invalid/x.png) <img src=x onerror='window.__xss=2'> :red[x] \u202egpj.exe"
)
SHOWN = HOSTILE.replace("\u202e", "⟨U+202E⟩")
N_ODD = 8


def clean_table(n: int, seed: int) -> pd.DataFrame:
    """Rows in which b follows a; the name of one column tries to break out."""
    draw = np.random.default_rng(seed)
    a = draw.normal(50, 10, n)
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(n)], "a": a, "b": 2 * a + draw.normal(0, 1, n)})
    return frame.assign(**{f"{HOSTILE} column": draw.normal(0, 1, n), "kind": draw.choice(["red", "blue"], n)})


def small_table() -> pd.DataFrame:
    """400 rows, of which eight are far off; their ids and categories try to break out."""
    frame = clean_table(400, seed=3)
    frame.loc[: N_ODD - 1, "id"] = [f"{i} {HOSTILE}" for i in range(N_ODD)]
    frame.loc[: N_ODD - 1, "b"] = 400.0 + 100 * np.arange(N_ODD)
    frame.loc[:3, "kind"] = HOSTILE
    return frame


@pytest.fixture(scope="session")
def table_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("table") / "small.csv"
    small_table().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def reference_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("reference") / "clean.csv"
    clean_table(1200, seed=4).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def detection(table_file, reference_file) -> Detection:
    return detect(table_file, reference=reference_file, fdr=0.1, effort="fast", id_column="id")


@pytest.fixture
def finished(detection, table_file) -> Job:
    """A finished job in this test's own home."""
    return _keep(detection, Request(data=table_file, settings=Settings(fdr=0.1, effort="fast", id_column="id")))


@pytest.fixture(scope="session")
def keep() -> Callable[..., Job]:
    """Makes the folder of a finished job."""
    return _keep


@pytest.fixture(scope="session")
def shown_text() -> str:
    """The foreign text as it has to be shown."""
    return SHOWN


def _keep(detection: Detection, request: Request, name: str = "20260101-000000-abcdef") -> Job:
    job = Job(runs_folder() / name)
    detection.save(job.folder / "result")
    (job.folder / "request.json").write_text(request.model_dump_json())
    write_report(detection, job.report)
    return job


@pytest.fixture
def app(monkeypatch):
    """Opens a page of the app without a browser."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.syspath_prepend(str(bundled("apps")))

    def opened(page: str = "", **parameters: str) -> AppTest:
        test = AppTest.from_file(str(bundled("apps") / "streamlit_app.py"), default_timeout=60)
        if page:
            test.switch_page(f"views/{page}.py")
        for name, value in parameters.items():
            test.query_params[name] = value
        return test.run()

    return opened
