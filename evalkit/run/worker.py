"""The process behind one job of :mod:`evalkit.run.jobs`: ``python -m evalkit.run.worker FOLDER``."""

import _thread
import signal
import sys
import threading
import time
from pathlib import Path

from evalkit.core.errors import CancelledError, EvalkitError
from evalkit.core.files import whole_file
from evalkit.core.progress import Progress, Step
from evalkit.run.detect import detect
from evalkit.run.jobs import Job, LastStep
from evalkit.run.requests import DetectRequest, EvaluateRequest, FitRequest

BEAT_SECONDS = 1.0
WRITE_SECONDS = 0.2
BEATS_TO_STOP = 3


def work(job: Job) -> None:
    """Do what the job asks for; called in the job's own process."""
    # A process that a shell started in the background ignores interrupts, and so do its children: the wish to stop is one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    finished = threading.Event()
    (job.folder / "heartbeat").touch()
    beat = threading.Thread(target=_beat, args=(job.folder, finished), daemon=True)
    beat.start()
    try:
        _verb(job, _reporter(job.folder))
    except (CancelledError, KeyboardInterrupt):
        (job.folder / "stopped").touch()
    except EvalkitError as error:
        with whole_file(job.folder / "error.txt") as path:
            path.write_text(str(error), encoding="utf-8")
    finally:
        (job.folder / "ended").touch()
        finished.set()
        beat.join()


def _verb(job: Job, progress: Progress) -> None:
    """Each verb takes seconds to load, and a job is one of them."""
    request = job.request()
    if isinstance(request, FitRequest):
        from evalkit.run.watched_fit import watched_fit

        watched_fit(job, request, progress)
    elif isinstance(request, EvaluateRequest):
        from evalkit.run.kept_evaluation import kept_evaluation

        kept_evaluation(job, request, progress)
    else:
        _detect(job, request, progress)


def _detect(job: Job, request: DetectRequest, progress: Progress) -> None:
    from evalkit.compare.report import write_report

    detection = detect(request.data, reference=request.reference, progress=progress, **request.settings.model_dump())
    detection.save(job.folder / "result")
    write_report(detection, job.report)


def _reporter(folder: Path) -> Progress:
    began: dict[str, tuple[float, int]] = {}
    figures: dict[str, dict[str, float]] = {}
    written = -WRITE_SECONDS

    def report(step: Step) -> None:
        nonlocal written
        if (folder / "stop").exists():
            raise CancelledError("stopped by the user")
        now = time.monotonic()
        first = step.stage not in began or step.done == 0
        if first:
            began[step.stage] = now, step.done
        figures[step.stage] = step.figures or figures.get(step.stage, {})
        if not first and step.done < step.total and now - written < WRITE_SECONDS:
            return
        written = now
        since, done_before = began[step.stage]
        last = LastStep(
            stage=step.stage,
            done=step.done,
            total=step.total,
            figures=figures[step.stage],
            alarms=step.alarms,
            stage_seconds=now - since,
            done_before=done_before,
        )
        with whole_file(folder / "progress.json") as path:
            path.write_text(last.model_dump_json(), encoding="utf-8")

    return report


def _beat(folder: Path, finished: threading.Event) -> None:
    wished = 0
    while not finished.wait(BEAT_SECONDS):
        (folder / "heartbeat").touch()
        wished += (folder / "stop").exists()
        # The next step confirms the wish to stop; a step that takes long is broken off.
        if wished == BEATS_TO_STOP:
            _thread.interrupt_main()


if __name__ == "__main__":
    work(Job(Path(sys.argv[1])))
