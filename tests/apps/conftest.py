"""A small table with foreign text in it, the runs that the real verbs make of it once, and the app with and without a browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from evalkit.anomaly.detection import Detection
from evalkit.compare.report import write_report
from evalkit.core.bundled import bundled
from evalkit.core.progress import silent
from evalkit.run.detect import detect
from evalkit.run.jobs import Job, runs_folder
from evalkit.run.requests import DetectRequest, DetectSettings, FitRequest, FitSettings
from evalkit.run.watched_fit import watched_fit
from tests.apps.browsing import PATIENCE
from tests.apps.servers import free_port, wait_for

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
    return _keep(detection, DetectRequest(data=table_file, settings=DetectSettings(fdr=0.1, effort="fast", id_column="id")))


@pytest.fixture(scope="session")
def keep() -> Callable[..., Job]:
    """Makes the folder of a finished job."""
    return _keep


@pytest.fixture(scope="session")
def shown_text() -> str:
    """The foreign text as it has to be shown."""
    return SHOWN


def _keep(detection: Detection, request: DetectRequest, name: str = "20260101-000000-abcdef") -> Job:
    job = Job(runs_folder() / name)
    detection.save(job.folder / "result")
    (job.folder / "request.json").write_text(request.model_dump_json())
    write_report(detection, job.report)
    return job


@pytest.fixture(scope="session")
def fitted_folder(table_file, tmp_path_factory) -> Path:
    """The folder of a fit of the small table, done once by the real verb."""
    request = FitRequest(data=table_file, settings=FitSettings(backbone="vae", steps=120, modality="table"))
    job = Job(tmp_path_factory.mktemp("fitted") / "20260101-000000-fffffe")
    job.folder.mkdir()
    (job.folder / "request.json").write_text(request.model_dump_json())
    watched_fit(job, request, silent)
    return job.folder


@pytest.fixture
def fitted(fitted_folder) -> Job:
    """A finished fit in this test's own home."""
    return Job(Path(shutil.copytree(fitted_folder, runs_folder() / fitted_folder.name)))


@pytest.fixture
def app(monkeypatch):
    """Opens a page of the app without a browser."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.syspath_prepend(str(bundled("apps")))
    # The app takes the place of the main module, and every process that a later test spawns would run it first.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])

    def opened(page: str = "", **parameters: str) -> AppTest:
        test = AppTest.from_file(str(bundled("apps") / "streamlit_app.py"), default_timeout=60)
        if page:
            test.switch_page(f"views/{page}.py")
        for name, value in parameters.items():
            test.query_params[name] = value
        return test.run()

    return opened


FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """EVALKIT_CHROMIUM, or the system's Chromium, or else Playwright's own; none of them is an error."""
    path = os.environ.get("EVALKIT_CHROMIUM") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(home, tmp_path_factory):
    """A server that has answered no page yet, started as `evalkit app` starts it, in another directory."""
    port = free_port()
    flags = [f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(bundled("apps") / "streamlit_app.py"), *flags],
        env=os.environ | {"EVALKIT_HOME": str(home)},
        cwd=tmp_path_factory.mktemp("elsewhere"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@pytest.fixture
def page(browser, server):
    """A page whose requests are recorded; at the end none may have left this machine and no text may have run."""
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    asked = []
    opened = context.new_page()
    context.on("request", lambda request: asked.append(request.url))
    opened.on("websocket", lambda socket: asked.append(socket.url))
    yield opened
    assert opened.evaluate("window.__xss === undefined")
    context.close()
    assert any(url.startswith("ws://127.0.0.1:") for url in asked)
    strangers = [url for url in asked if not url.startswith((f"{server}/", server.replace("http", "ws"), "data:", "blob:"))]
    assert strangers == []
