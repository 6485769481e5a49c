"""What can go wrong in a game, in words."""

from collections.abc import Callable, Mapping, Sequence

from evalkit.backbones.gan.stop_rule.signs import ALIVE, BY_HEART, COVERAGE, DISCRIMINATOR, NEARNESS, SPREAD
from evalkit.statistics import auc_interval

TOO_STRONG = "discriminator too strong: it knows most drawn rows, and the generator gains nothing from it"
DEAD_DISCRIMINATOR = "dead discriminator: it does not learn, or finds nearly every drawn row more real than the real ones"
COLLAPSE = "mode collapse: the drawn rows crowd together or miss most of the real ones"
MEMORISED = "memorised training rows: the drawn rows are nearer to them than unseen rows are"
DEAD_GENERATOR = "dead generator: its draws do not change"

_CONSECUTIVE, _GRACE, _FRUITLESS = 3, 2, 4
_STANDSTILL, _GAIN = 1e-6, 0.9

_SIGNS: dict[str, Callable[[Mapping[str, float]], bool]] = {
    DEAD_DISCRIMINATOR: lambda look: look[ALIVE] < 0.6 or look[DISCRIMINATOR] < 0.05,
    COLLAPSE: lambda look: look[SPREAD] < 0.5 or look[COVERAGE] < 0.25,
    MEMORISED: lambda look: look[NEARNESS] < 0.75,
}


def alarms(curves: Mapping[str, Sequence[float]], losses: Sequence[float], n_held_out: int, n_drawn: int) -> tuple[str, ...]:
    """What went wrong at each of the last three looks; the first two, when every generator is poor, do not count.

    The discriminator is too strong where, over these looks, the 95 % interval of its mean accuracy lies above 0.75, or its mean
    accuracy on training rows above 0.95, and in the last four looks the held-out loss has not fallen by a tenth: one that knows
    drawn rows while the generator gains from it does its work.

    Args:
        curves: the figures of :func:`~evalkit.backbones.gan.stop_rule.signs.signs` at every look so far.
        losses: held-out loss at every look so far.
        n_held_out: held-out rows at a look.
        n_drawn: drawn rows they were paired with.
    """
    if len(losses) < _GRACE + _CONSECUTIVE:
        return ()
    looks = [{name: curve[-back] for name, curve in curves.items()} for back in range(1, _CONSECUTIVE + 1)]
    found = [words for words, wrong in _SIGNS.items() if all(wrong(look) for look in looks)]
    by_heart, accuracy = (sum(look[name] for look in looks) / _CONSECUTIVE for name in (BY_HEART, DISCRIMINATOR))
    knows = by_heart > 0.95 or auc_interval(accuracy, n_held_out, n_drawn).low > 0.75
    if knows and len(losses) > _FRUITLESS and min(losses[-_FRUITLESS:]) > _GAIN * min(losses[:-_FRUITLESS]):
        found.append(TOO_STRONG)
    last = losses[-_CONSECUTIVE:]
    if max(last) - min(last) <= _STANDSTILL * max(last):
        found.append(DEAD_GENERATOR)
    return tuple(found)
