"""Work in the background: a page never blocks, and a reload, a closed tab or a restarted server loses nothing.

One job is one folder. Whoever starts it writes ``request.json`` and a copy of what was uploaded; a process of its own does the
work and leaves ``progress.json`` while it runs, a fit also its curve and what it draws on the way, and at its end either the
result or ``error.txt`` with one sentence. All that is known about a job is read from its folder, so that any process can watch
any job. A fit that was stopped or killed can be resumed.
"""

import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict

from evalkit.anomaly.detection import Detection
from evalkit.compare.evaluation import Evaluation
from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.core.files import whole_file
from evalkit.run.curve import Point, read_curve
from evalkit.run.previews import Previews
from evalkit.run.requests import REQUEST, AnyRequest

DEAD_AFTER_SECONDS = 20.0
START_SECONDS = 120.0

State = Literal["queued", "running", "stopping", "finished", "failed", "stopped", "died"]
RUNNING: tuple[State, ...] = ("queued", "running", "stopping")
RESUMABLE: tuple[State, ...] = ("stopped", "died")

_REPORT, _FITTED = "report.html", "fitted.json"
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


class Status(BaseModel):
    """Where a job stands.

    Attributes:
        state: ``queued`` until the process has begun, ``running``, ``stopping`` between the wish and its confirmation,
            ``finished``, ``failed`` with a sentence, ``stopped`` by the user, ``died`` when the process ended or fell silent
            without a word.
        stage, done, total, figures: the last step that was reported.
        heartbeat_seconds: age of the last sign of life, or None before the first.
        alarms: what has gone wrong so far, in words.
        elapsed_seconds: since the job was asked for or resumed, until now or its end.
        left_seconds: an estimate for the present stage, from its pace so far; None before its first unit and after its last.
        error: why there is no result, in one sentence.
    """

    model_config = ConfigDict(frozen=True)

    state: State
    stage: str = "starting"
    done: int = 0
    total: int = 1
    figures: dict[str, float] = {}
    alarms: tuple[str, ...] = ()
    heartbeat_seconds: float | None = None
    elapsed_seconds: float = 0.0
    left_seconds: float | None = None
    error: str | None = None


class LastStep(BaseModel):
    """The last step that the process reported.

    Attributes:
        stage, done, total, figures, alarms: the step; the figures are those measured last.
        done_before: what was done already when this process took the stage up.
        stage_seconds: how long it has been at it since.
    """

    stage: str
    done: int
    total: int
    figures: dict[str, float]
    alarms: tuple[str, ...] = ()
    stage_seconds: float
    done_before: int = 0

    @property
    def left_seconds(self) -> float | None:
        """An estimate from the pace so far; None before there is one and after the last step."""
        done = self.done - self.done_before
        return self.stage_seconds * (self.total - self.done) / done if done > 0 and self.done < self.total else None


class FitOutcome(BaseModel):
    """What came of a fit, beside its model.

    Attributes:
        backbone: the family, a name in the catalogue, also where the fit had to choose it.
        held_out: the figure on rows that training never saw.
        lines: what else there is to say, a sentence each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str
    held_out: Finding
    lines: tuple[str, ...]


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
        """The report's file; there when a detection or a comparison has finished."""
        return self.folder / _REPORT

    @property
    def evidence(self) -> Path:
        """The file of all figures; there when a comparison has finished."""
        return self.folder / "evaluation.json"

    @property
    def model(self) -> Path:
        """The fitted model's folder; there when a fit has finished."""
        return self.folder / "model"

    @property
    def previews(self) -> Previews:
        """What a fit drew on its way."""
        return Previews(self.folder / "previews")

    def age_seconds(self) -> float:
        """Time since the job was asked for."""
        return _age(self.folder / "request.json") or 0.0

    def request(self) -> AnyRequest:
        """What was asked for."""
        return REQUEST.validate_json((self.folder / "request.json").read_text(encoding="utf-8"))

    def detection(self) -> Detection:
        """The result of a finished detection."""
        return Detection.load(self.folder / "result")

    def evaluation(self) -> Evaluation:
        """The result of a finished comparison."""
        return Evaluation.model_validate_json(self.evidence.read_text(encoding="utf-8"))

    def outcome(self) -> FitOutcome:
        """The result of a finished fit."""
        return FitOutcome.model_validate_json((self.folder / _FITTED).read_text(encoding="utf-8"))

    def finish(self, outcome: FitOutcome) -> None:
        """Write down what came of a fit: the last thing that its process does."""
        with whole_file(self.folder / _FITTED) as path:
            path.write_text(outcome.model_dump_json(indent=1), encoding="utf-8")

    def curve(self) -> list[Point]:
        """What a fit has measured so far, stage after stage."""
        return read_curve(self.folder)

    def stop(self) -> None:
        """Ask the process to stop; it confirms at its next step."""
        (self.folder / "stop").touch()

    def status(self) -> Status:
        """Where the job stands, from what its folder holds now."""
        heartbeat = _age(self.folder / "heartbeat")
        resumed = _age(self.folder / "resumed")
        started = self.age_seconds() if resumed is None else resumed
        ended = _age(self.folder / "ended")
        state, error = self._state(heartbeat, started)
        step = self._last_step()
        return Status(
            state=state,
            error=error,
            heartbeat_seconds=heartbeat,
            elapsed_seconds=started - (ended or 0.0),
            left_seconds=step.left_seconds,
            **step.model_dump(exclude={"stage_seconds", "done_before"}),
        )

    def _state(self, heartbeat: float | None, started: float) -> tuple[State, str | None]:
        if self.report.exists() or (self.folder / _FITTED).exists():
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
