"""Where a run stands, in words."""

from evalkit.run.jobs import State

IN_WORDS: dict[State, str] = {
    "queued": "Starting",
    "running": "At work",
    "stopping": "Stopping at the next step",
    "finished": "Finished",
    "failed": "Failed",
    "stopped": "Stopped by you",
    "died": "Ended without a result",
}


def duration(seconds: float) -> str:
    """A stretch of time in the largest unit that fits.

    >>> duration(3.2), duration(200.0), duration(8000.0)
    ('3 s', '3 min', '2 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
