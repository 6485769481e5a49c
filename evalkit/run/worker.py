"""The process behind one job of :mod:`evalkit.run.jobs`: ``python -m evalkit.run.worker FOLDER``."""

import sys
import threading
import time
from pathlib import Path

from evalkit.compare.report import write_report
from evalkit.core.errors import CancelledError, EvalkitError
from evalkit.core.files import whole_file
from evalkit.core.progress import Progress, Step
from evalkit.run.detect import detect
from evalkit.run.jobs import Job, LastStep

BEAT_SECONDS = 1.0
WRITE_SECONDS = 0.2


def work(job: Job) -> None:
    """Do what the job asks for; called in the job's own process."""
    finished = threading.Event()
    beat = threading.Thread(target=_beat, args=(job.folder / "heartbeat", finished), daemon=True)
    beat.start()
    request = job.request()
    try:
        chosen = request.settings.model_dump()
        detection = detect(request.data, reference=request.reference, progress=_reporter(job.folder), **chosen)
        detection.save(job.folder / "result")
        write_report(detection, job.report)
    except CancelledError:
        (job.folder / "stopped").touch()
    except EvalkitError as error:
        with whole_file(job.folder / "error.txt") as path:
            path.write_text(str(error), encoding="utf-8")
    finally:
        (job.folder / "ended").touch()
        finished.set()
        beat.join()


def _reporter(folder: Path) -> Progress:
    began: dict[str, float] = {}
    written = -WRITE_SECONDS

    def report(step: Step) -> None:
        nonlocal written
        if (folder / "stop").exists():
            raise CancelledError("stopped by the user")
        now = time.monotonic()
        first = step.stage not in began
        began.setdefault(step.stage, now)
        if not first and step.done < step.total and now - written < WRITE_SECONDS:
            return
        written = now
        fields = {"stage": step.stage, "done": step.done, "total": step.total, "figures": step.figures}
        with whole_file(folder / "progress.json") as path:
            path.write_text(LastStep(**fields, stage_seconds=now - began[step.stage]).model_dump_json(), encoding="utf-8")

    return report


def _beat(heartbeat: Path, finished: threading.Event) -> None:
    heartbeat.touch()
    while not finished.wait(BEAT_SECONDS):
        heartbeat.touch()


if __name__ == "__main__":
    work(Job(Path(sys.argv[1])))
