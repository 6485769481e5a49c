"""Detections in the background: a page never blocks, and a reload, a closed tab or a restarted server loses nothing.

One job is one folder. Whoever starts it writes ``request.json`` and a copy of what was uploaded; a process of its own does the
work and leaves ``progress.json`` while it runs, and at its end either the result with ``report.html`` or ``error.txt`` with one
sentence. All that is known about a job is read from its folder, so that any process can watch any job.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field

from evalkit.anomaly.detection import Detection, Effort
from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.run.uploads import Upload

DEAD_AFTER_SECONDS = 20.0
START_SECONDS = 120.0

State = Literal["queued", "running", "stopping", "finished", "failed", "stopped", "died"]
RUNNING: tuple[State, ...] = ("queued", "running", "stopping")
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


class Settings(BaseModel):
    """What a user chooses for a detection; see :func:`evalkit.run.detect.detect`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fdr: float = Field(default=0.05, gt=0, lt=1)
    seed: int = 0
    effort: Effort = "default"
    id_column: str | None = None
    ignore: tuple[str, ...] = ()


class Request(BaseModel):
    """What a job was asked to do: paths of the data and the clean reference, and the settings.

    Attributes:
        data: an absolute path, or one inside the job's folder.
        reference: likewise, or None to compare the table with its own bulk.
        sample: name of the sample that the data are, or None for the user's own.
        settings: the user's choices.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    reference: Path | None = None
    sample: str | None = None
    settings: Settings = Settings()


class Status(BaseModel):
    """Where a job stands.

    Attributes:
        state: ``queued`` until the process has begun, ``running``, ``stopping`` between the wish and its confirmation,
            ``finished``, ``failed`` with a sentence, ``stopped`` by the user, ``died`` when the process ended or fell silent
            without a word.
        stage, done, total, figures: the last step that was reported.
        heartbeat_seconds: age of the last sign of life, or None before the first.
        elapsed_seconds: since the job was asked for, until now or its end.
        left_seconds: an estimate for the present stage, from its pace so far; None before its first unit and after its last.
        error: why there is no result, in one sentence.
    """

    model_config = ConfigDict(frozen=True)

    state: State
    stage: str = "starting"
    done: int = 0
    total: int = 1
    figures: dict[str, float] = {}
    heartbeat_seconds: float | None = None
    elapsed_seconds: float = 0.0
    left_seconds: float | None = None
    error: str | None = None


class LastStep(BaseModel):
    """The last step that the process reported, and how long its stage has taken so far."""

    stage: str
    done: int
    total: int
    figures: dict[str, float]
    stage_seconds: float


@dataclass(frozen=True)
class Job:
    """One job, known by its folder."""

    folder: Path

    @property
    def id(self) -> str:
        """Name of the job in links."""
        return self.folder.name

    @property
    def report(self) -> Path:
        """The report's file; there when the job has finished."""
        return self.folder / "report.html"

    def age_seconds(self) -> float:
        """Time since the job was asked for."""
        return _age(self.folder / "request.json") or 0.0

    def request(self) -> Request:
        """What was asked for."""
        return Request.model_validate_json((self.folder / "request.json").read_text(encoding="utf-8"))

    def detection(self) -> Detection:
        """The result of a finished job."""
        return Detection.load(self.folder / "result")

    def stop(self) -> None:
        """Ask the process to stop; it confirms at its next step."""
        (self.folder / "stop").touch()

    def status(self) -> Status:
        """Where the job stands, from what its folder holds now."""
        heartbeat = _age(self.folder / "heartbeat")
        started = self.age_seconds()
        ended = _age(self.folder / "ended")
        state, error = self._state(heartbeat, started)
        step = self._last_step()
        return Status(
            state=state,
            error=error,
            heartbeat_seconds=heartbeat,
            elapsed_seconds=started - (ended or 0.0),
            left_seconds=step.stage_seconds * (step.total - step.done) / step.done if 0 < step.done < step.total else None,
            **step.model_dump(exclude={"stage_seconds"}),
        )

    def _state(self, heartbeat: float | None, started: float) -> tuple[State, str | None]:
        if self.report.exists():
            return "finished", None
        if (self.folder / "error.txt").exists():
            return "failed", (self.folder / "error.txt").read_text(encoding="utf-8")
        if (self.folder / "stopped").exists():
            return "stopped", None
        silent = started > START_SECONDS if heartbeat is None else heartbeat > DEAD_AFTER_SECONDS
        if silent or (self.folder / "ended").exists():
            return "died", "The process ended without a result; its last words are in log.txt in the run's folder."
        if heartbeat is None:
            return "queued", None
        return ("stopping" if (self.folder / "stop").exists() else "running"), None

    def _last_step(self) -> LastStep:
        path = self.folder / "progress.json"
        if not path.exists():
            return LastStep(stage="starting", done=0, total=1, figures={}, stage_seconds=0.0)
        return LastStep.model_validate_json(path.read_text(encoding="utf-8"))


def start(
    data: Path | Upload, *, reference: Path | Upload | None = None, sample: str | None = None, settings: Settings | None = None
) -> Job:
    """Start a detection in a process of its own.

    Args:
        data: a file, or an upload, which is kept in the job's folder.
        reference: likewise, the clean rows; None compares the table with its own bulk.
        sample: name of the sample that ``data`` is, if it is one.
        settings: the user's choices; the defaults if None.

    Raises:
        InputError: an upload is empty or larger than 200 MB.
    """
    folder = runs_folder() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    for upload in (data, reference):
        if isinstance(upload, Upload):
            upload.check_size()
    folder.mkdir(parents=True)
    request = Request(
        data=_kept(data, folder / "data"),
        reference=None if reference is None else _kept(reference, folder / "reference"),
        sample=sample,
        settings=settings or Settings(),
    )
    with whole_file(folder / "request.json") as path:
        path.write_text(request.model_dump_json(indent=1), encoding="utf-8")
    with (folder / "log.txt").open("wb") as log:
        subprocess.Popen(  # noqa: S603 - our own interpreter and module, a folder that we named
            [sys.executable, "-m", "evalkit.run.worker", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Job(folder)


def find_job(job_id: str) -> Job:
    """The job with this name.

    Raises:
        InputError: there is none, or the name is not one that a job can have.
    """
    folder = runs_folder() / job_id if _ID.fullmatch(job_id) else None
    if folder is None or not (folder / "request.json").exists():
        raise InputError("there is no such run here: it was deleted, or the link comes from another computer")
    return Job(folder)


def list_jobs(at_most: int = 20) -> list[Job]:
    """The jobs on this computer, newest first."""
    if not runs_folder().is_dir():
        return []
    folders = [folder for folder in runs_folder().iterdir() if _ID.fullmatch(folder.name) and (folder / "request.json").exists()]
    return [Job(folder) for folder in sorted(folders, key=lambda folder: folder.name, reverse=True)[:at_most]]


def delete(job: Job) -> None:
    """Remove a job with its data and result.

    Raises:
        InputError: the job still runs.
    """
    if job.status().state in RUNNING:
        raise InputError("this run is still at work: stop it before it is deleted")
    shutil.rmtree(job.folder)


def runs_folder() -> Path:
    """Where jobs are kept: ``runs`` in ``EVALKIT_HOME``, or else in the user's data folder."""
    home = os.environ.get("EVALKIT_HOME")
    return (Path(home) if home else user_data_path("evalkit")) / "runs"


def _age(path: Path) -> float | None:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return None


def _kept(source: Path | Upload, folder: Path) -> Path:
    return source.keep_in(folder) if isinstance(source, Upload) else source.resolve()
