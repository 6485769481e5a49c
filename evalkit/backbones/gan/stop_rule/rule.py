"""Whether a game is over."""

from collections.abc import Mapping, Sequence

from evalkit.backbones.gan.stop_rule.signs import ALIVE, DISCRIMINATOR, PROBE
from evalkit.statistics import auc_interval

CONSECUTIVE = 4
_SEES = 0.6


def reason_to_stop(curves: Mapping[str, Sequence[float]], losses: Sequence[float], n_held_out: int, n_drawn: int) -> str | None:
    """Why the game is over, in words, or None.

    It is over when at each of the last four looks 0.5 lay inside the 95 % interval of the discriminator's accuracy on held-out
    rows and of a fresh probe's, the discriminator told broken rows from real ones in over 60 % of pairs, and the best snapshot is
    older than that. An accuracy of 0.5 alone says nothing: a dead discriminator has it as well.

    It cannot be sharper than the rows allow. The reason says which accuracy would have gone unnoticed: with 28 held-out rows
    about 0.61, and the drawn rows may still be told from real ones by whoever has more of them.

    Args:
        curves: the figures of :func:`~evalkit.backbones.gan.stop_rule.signs.signs` at every look so far.
        losses: held-out loss at every look so far.
        n_held_out: held-out rows at a look.
        n_drawn: drawn rows they were paired with; the probe is judged on half of them.
    """
    if len(losses) <= CONSECUTIVE or min(losses[-CONSECUTIVE:]) < min(losses[:-CONSECUTIVE]):
        return None
    last = {name: curves[name][-CONSECUTIVE:] for name in (DISCRIMINATOR, PROBE, ALIVE)}
    fooled = all(_cannot_tell(value, n_held_out, n_drawn) for value in last[DISCRIMINATOR])
    agreed = all(_cannot_tell(value, n_held_out, n_drawn // 2) for value in last[PROBE])
    if not (fooled and agreed and min(last[ALIVE]) > _SEES):
        return None
    unnoticed = auc_interval(0.5, n_held_out, n_drawn // 2).high
    return (
        f"for {CONSECUTIVE} looks neither the discriminator nor a fresh probe could tell drawn from held-out rows"
        f" ({n_held_out} rows: an accuracy up to {unnoticed:.2f} would go unnoticed)"
    )


def _cannot_tell(accuracy: float, n_held_out: int, n_drawn: int) -> bool:
    interval = auc_interval(accuracy, n_held_out, n_drawn)
    return interval.low <= 0.5 <= interval.high
