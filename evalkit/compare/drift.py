"""Successive checkpoints of one generator: which figures got worse, and from where on nothing got better."""

from evalkit.compare.evaluation import Comparison, Evaluation
from evalkit.compare.words import figure, visible

NOTHING_WORSE = "No checkpoint may be called worse than an earlier one, by any figure."


def drift(evaluation: Evaluation) -> tuple[str, ...]:
    r"""What the order of the generators adds, where they are checkpoints of one, the earliest first.

    By each figure by which a checkpoint is worse than an earlier one, the pair that differs most; then the checkpoint from which on
    nothing got better. Only differences that may be concluded count. They are corrected for all pairs and figures, so that the
    worst pair may be picked; with few rows a small loss or gain is not seen.

    Args:
        evaluation: of two checkpoints or more.

    >>> from evalkit.compare.evaluation import Source
    >>> made = [Source(name=name, sha256="", rows=9) for name in ("step 100", "step 200")]
    >>> pair = {"first": "step 100", "second": "step 200", "low": -0.3, "high": -0.1, "p_value": 0.001, "detectable": 0.1}
    >>> worse = Comparison(figure="kid", difference=-0.2, better="first", **pair)
    >>> print(*drift(Evaluation(reference=made[0], generators=tuple(made), measured=(), comparisons=(worse,))), sep="\n")
    By kid, step 200 is worse than step 100, by 0.2 (0.1 to 0.3).
    No later checkpoint may be called better than step 100, by any figure.
    """
    worse: dict[str, Comparison] = {}
    for each in evaluation.comparisons:
        if each.better == "first" and (each.figure not in worse or abs(each.difference) > abs(worse[each.figure].difference)):
            worse[each.figure] = each
    bettered = {each.first for each in evaluation.comparisons if each.better == "second"}
    best = next(source.name for source in evaluation.generators if source.name not in bettered)
    return (*(map(_sentence, worse.values()) if worse else [NOTHING_WORSE]), _since(best, evaluation.generators[-1].name))


def _sentence(each: Comparison) -> str:
    ends = sorted((each.low, each.high), key=abs)
    apart = f"{figure(abs(each.difference))} ({figure(abs(ends[0]))} to {figure(abs(ends[1]))})"
    return f"By {each.figure}, {visible(each.second, 60)} is worse than {visible(each.first, 60)}, by {apart}."


def _since(best: str, last: str) -> str:
    if best == last:
        return f"{visible(last, 60)} is better than every earlier checkpoint, by one figure or another: training still pays."
    return f"No later checkpoint may be called better than {visible(best, 60)}, by any figure."
