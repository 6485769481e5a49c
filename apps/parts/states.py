"""Where a run stands, in words."""

from evalkit.compare.words import count
from evalkit.run.families import title_of
from evalkit.run.jobs import Job, State, Status
from evalkit.run.requests import FitRequest

IN_WORDS: dict[State, str] = {
    "queued": "Starting",
    "running": "At work",
    "stopping": "Stopping at the next step",
    "finished": "Finished",
    "failed": "Failed",
    "stopped": "Stopped by you",
    "died": "Ended without a result",
}


def fit_in_words(job: Job, status: Status) -> str:
    """Which family a fit trains and how far it is."""
    request = job.request()
    family = title_of(request.settings.backbone) if isinstance(request, FitRequest) else "Detection"
    return f"{family}: step {count(status.done)} of {count(status.total)}"


def duration(seconds: float) -> str:
    """A stretch of time in the largest unit that fits.

    >>> duration(3.2), duration(200.0), duration(8000.0)
    ('3 s', '3 min', '2 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
