"""How a job begins: what was uploaded is kept, what is asked for is written down, and a process of its own is started."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.run import jobs
from evalkit.run.jobs import RESUMABLE, Job, runs_folder
from evalkit.run.requests import (
    MOST_GENERATORS,
    AnyRequest,
    DetectRequest,
    DetectSettings,
    Drawn,
    EvaluateRequest,
    EvaluateSettings,
    FitRequest,
    FitSettings,
    Given,
    Made,
)
from evalkit.run.uploads import Upload

Files = Path | Upload | Sequence[Upload]
"""A file that is there already, one that came in over the browser, or several that are one folder of images, texts or sounds."""


def start(
    data: Files,
    *,
    reference: Path | Upload | None = None,
    sample: str | None = None,
    settings: DetectSettings | FitSettings | None = None,
) -> Job:
    """Start a detection or a fit in a process of its own; the settings say which.

    Args:
        data: a file, or an upload, which is kept in the job's folder; several uploads are one folder of images, texts or sounds.
        reference: the clean rows of a detection; None compares the table with its own bulk.
        sample: name of the sample that ``data`` is, if it is one.
        settings: the user's choices; a detection with the defaults if None.

    Raises:
        InputError: an upload is empty or larger than 200 MB.
    """
    job = _new(data, *(() if reference is None else (reference,)))
    kept = _kept(data, job.folder / "data")
    if isinstance(settings, FitSettings):
        return _asked(job, FitRequest(data=kept, sample=sample, settings=settings))
    against = None if reference is None else _kept(reference, job.folder / "reference")
    return _asked(job, DetectRequest(data=kept, reference=against, sample=sample, settings=settings or DetectSettings()))


def start_evaluation(
    reference: Files,
    generators: Mapping[str, Files | Drawn | Made],
    *,
    fitted: Files | None = None,
    sample: str | None = None,
    settings: EvaluateSettings | None = None,
) -> Job:
    """Start a comparison of generators in a process of its own.

    Args:
        reference: the real rows; uploads are kept in the job's folder, as with :func:`start`.
        generators: one to six: each one's rows, or where they come from, by its name.
        fitted: the rows that the generators were fitted to, if they are known.
        sample: name of the sample that ``reference`` is, if it is one.
        settings: the user's choices; the usual metrics if None.

    Raises:
        InputError: there are no generators or more than six, or an upload is empty or larger than 200 MB.
    """
    if not 1 <= len(generators) <= MOST_GENERATORS:
        raise InputError(
            f"one to {MOST_GENERATORS} generators are compared at a time, got {len(generators)}: name fewer, or run twice"
        )
    files = {name: source for name, source in generators.items() if not isinstance(source, Drawn | Made)}
    job = _new(reference, *files.values(), *(() if fitted is None else (fitted,)))
    # Numbered: a generator's name is the user's and need not be one that a folder can have.
    folders = {name: job.folder / f"generator-{number}" for number, name in enumerate(generators, start=1)}
    sources = {
        name: source if isinstance(source, Drawn | Made) else Given(data=_kept(source, folders[name]))
        for name, source in generators.items()
    }
    request = EvaluateRequest(
        data=_kept(reference, job.folder / "data"),
        generators=sources,
        fitted=None if fitted is None else _kept(fitted, job.folder / "fitted"),
        sample=sample,
        settings=settings or EvaluateSettings(),
    )
    return _asked(job, request)


def _new(*sources: Files) -> Job:
    """A job's folder, unless an upload cannot be worked on."""
    for source in sources:
        for upload in [] if isinstance(source, Path) else [source] if isinstance(source, Upload) else source:
            upload.check_size()
    job = Job(runs_folder() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")
    job.folder.mkdir(parents=True)
    return job


def _asked(job: Job, request: AnyRequest) -> Job:
    with whole_file(job.folder / "request.json") as path:
        path.write_text(request.model_dump_json(indent=1), encoding="utf-8")
    return _begun(job)


def resume(job: Job) -> Job:
    """Let a fit that was stopped or killed go on from its last checkpoint, in a process of its own.

    Raises:
        InputError: the job is no fit, or it neither was stopped nor died.
    """
    with _one_at_a_time(job.folder / "resuming"):
        state = job.status().state
        if job.request().verb != "fit" or state not in RESUMABLE:
            raise InputError(f"only a fit that was stopped or killed goes on, this run is {state}: start another")
        (job.folder / "resumed").touch()
        for mark in ("stop", "stopped", "heartbeat", "ended"):
            (job.folder / mark).unlink(missing_ok=True)
        return _begun(job)


@contextmanager
def _one_at_a_time(mark: Path) -> Iterator[None]:
    """Refuse what somebody else is doing at this moment; a mark that a crash left behind counts for some seconds only."""
    with suppress(FileNotFoundError):
        if time.time() - mark.stat().st_mtime > jobs.DEAD_AFTER_SECONDS:
            mark.unlink()
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise InputError("this run is about to go on already: look again in a moment") from None
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _begun(job: Job) -> Job:
    with (job.folder / "log.txt").open("ab") as log:
        subprocess.Popen(  # noqa: S603 - our own interpreter and module, a folder that we named
            [sys.executable, "-m", "evalkit.run.worker", str(job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return job


def _kept(source: Files, folder: Path) -> Path:
    if isinstance(source, Path):
        return _own(source.resolve(), folder)
    if isinstance(source, Upload):
        return source.keep_in(folder)
    for upload in source:
        upload.keep_in(folder)
    return folder


def _own(source: Path, folder: Path) -> Path:
    """A path as it is, unless it lies in the folder of an earlier job, which may be deleted: then a copy."""
    if not source.is_relative_to(runs_folder().resolve()):
        return source
    if source.is_dir():
        return Path(shutil.copytree(source, folder))
    folder.mkdir()
    return Path(shutil.copy(source, folder))
