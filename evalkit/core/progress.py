"""Progress of long work: one callback, shown as a bar, as plain lines, or by the app.

Long-running functions take ``progress: Progress = silent`` and call it with a :class:`Step`. Whoever shows it decides how. A
progress callback may raise :class:`~evalkit.core.errors.CancelledError` to stop the work.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from evalkit.core.errors import InputError


@dataclass(frozen=True)
class Step:
    """How far one stage of the work has come.

    Attributes:
        stage: what is being done, in words a user knows ("fitting the VAE").
        done: finished units, 0 <= done <= total.
        total: units of this stage, >= 1.
        figures: figures measured at this step by name, for example ``{"loss": 1.23, "held-out loss": 1.31}``; empty where
            nothing was measured, so that the ones before still hold.
        alarms: what has gone wrong so far, in words.
        preview: draws so many rows of what is being fitted, a Sample where the data came as one; None where nothing can be drawn.
            Drawing does not change what is fitted.
    """

    stage: str
    done: int
    total: int
    figures: dict[str, float] = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    preview: Callable[[int], Any] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.done <= self.total or self.total < 1:
            raise InputError(f"progress needs 0 <= done <= total and total >= 1, got {self.done} of {self.total}")


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Show nothing."""


def staged(progress: Progress, words: str) -> Progress:
    """The same progress, with words after the stage of each step, which keeps all else that it says.

    Args:
        progress: who is told.
        words: of which part of the work the step is, such as "on 40 rows".

    >>> with shown(sys.stdout) as progress:
    ...     staged(progress, "on 40 rows")(Step("measuring", 1, 1))
    measuring on 40 rows: 100 %
    """

    def told(step: Step) -> None:
        progress(replace(step, stage=f"{step.stage} {words}"))

    return told


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Progress]:
    r"""Show progress on a terminal as a live bar, elsewhere as one plain line for each tenth of a stage.

    Args:
        stream: where to write; standard error by default, so that results on standard output stay clean.

    >>> import io
    >>> out = io.StringIO()
    >>> with shown(out) as progress:
    ...     for i in range(3):
    ...         progress(Step("fitting", i, 2))
    >>> print(out.getvalue().replace("\n", ";"))
    fitting: 0 %;fitting: 50 %;fitting: 100 %;
    """
    stream = stream or sys.stderr
    if stream.isatty():
        with _bar(stream) as progress:
            yield progress
    else:
        yield _Lines(stream)


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown: dict[str, int] = {}
        self.latest = _Latest()

    def __call__(self, step: Step) -> None:
        figures = self.latest.words(step)
        tenth = 10 * step.done // step.total
        if tenth > self.shown.get(step.stage, -1):
            self.shown[step.stage] = tenth
            self.stream.write(f"{step.stage}: {10 * tenth} %{figures}\n")
            self.stream.flush()


@contextmanager
def _bar(stream: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(file=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    times = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("left"))
    with Bars(*columns, *times, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        last: dict[str, float] = {}
        latest = _Latest()

        def progress(step: Step) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, total=step.total)
            now, figures = time.monotonic(), latest.words(step)
            if step.done == step.total or now - last.get(step.stage, 0.0) > 0.1:
                last[step.stage] = now
                bars.update(tasks[step.stage], completed=step.done, total=step.total, description=step.stage + figures)

        yield progress


class _Latest:
    """The figures of each stage that hold now."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, float]] = {}

    def words(self, step: Step) -> str:
        """The step's own figures, or those before them."""
        figures = self.figures[step.stage] = step.figures or self.figures.get(step.stage, {})
        return "".join(f"  {name} {value:.4g}" for name, value in figures.items())
