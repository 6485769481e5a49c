"""A study in the terminal."""

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.run.study_progress import RaterLine, StudyProgress

_WIDTH, _MOST_PAIRS = 40, 10


def progress_text(progress: "StudyProgress") -> str:
    """The finding first, then votes of each group of generators, then raters."""
    from evalkit.compare.words import count, visible

    lines = [
        f"{visible(progress.name, _WIDTH)} is {progress.state}: {count(progress.votes)} of {count(progress.wanted)} votes, "
        f"{len(progress.raters)} raters" + _left(progress)
    ]
    if progress.not_counted:
        lines.append("Not counted: " + ", ".join(f"{n} {why}" for why, n in sorted(progress.not_counted.items())))
    lines += ["", "Votes, fewest first"]
    lines += [f"  {visible(pair, 2 * _WIDTH)}: {votes} of {wanted}" for pair, votes, wanted in progress.pairs[:_MOST_PAIRS]]
    lines += [f"  {rest} more with --json"] if (rest := len(progress.pairs) - _MOST_PAIRS) > 0 else []
    lines += (
        ["", "Raters"]
        if progress.raters
        else ["", f"Nobody is invited yet. Next: evalkit ratings invite {shlex.quote(progress.name)} --raters 5"]
    )
    return "\n".join([*lines, *(f"  {_rater(rater)}" for rater in progress.raters)])


def _left(progress: "StudyProgress") -> str:
    if progress.hours_left is None:
        return ""
    return f", about {progress.hours_left:.1f} hours left at {progress.per_hour} votes an hour"


def _rater(rater: "RaterLine") -> str:
    from evalkit.compare.words import visible

    parts = [f"{visible(rater.name or '(erased)', _WIDTH)} [{rater.rater}] {rater.state}: {rater.done} done"]
    parts += [f"{rater.skipped} skipped"] if rater.skipped else []
    parts += [f"median {rater.median_seconds:.1f} s"] if rater.median_seconds is not None else []
    parts += [f"checks right {rater.checks[1]} of {rater.checks[0]}"] if rater.checks[0] else []
    return ", ".join(parts)
