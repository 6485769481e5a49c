"""From orders of several outputs to strengths: Plackett–Luce, with partial orders, ties, choices of one, and best and worst."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.ratings.connectivity import obstacle
from evalkit.ratings.errors_of import METHODS, Covariance, Errors, covariance, kind_of, resting_on
from evalkit.ratings.likelihood import Factor
from evalkit.ratings.ranking import Strengths
from evalkit.ratings.stages import Choices, Stage, preferred
from evalkit.statistics.sandwich import groups_of

Array = NDArray[np.float64]


def rank_orders(
    orders: Sequence[Sequence[Any]],
    *,
    among: Sequence[Sequence[Any]] | None = None,
    raters: Sequence[Any] | None = None,
    items: Sequence[Any] | None = None,
    weights: Sequence[float] | None = None,
    errors: Errors = "auto",
    level: float = 0.95,
    seed: int = 0,
) -> Strengths:
    """Strengths from orders: each place is a choice among those that are left, in proportion to worth = exp(strength).

    It takes choices as free of context: what else is shown does not change who of two is preferred. An order counts as one answer
    in the errors, not as independent wins of every pair.

    Args:
        orders: best first; those tied are a tuple, list or set in one place: ``["a", ("b", "c")]``. Some generators may be missing.
        among: for each order all that were shown; those not in the order come behind it, in no known order. A choice of one of
            several is ``["a"]`` among ``["a", "b", "c"]``. None: what is ordered was shown.
        raters: who gave each order.
        items: what each was about.
        weights: how many such answers each stands for, > 0.
        errors: as in :func:`~evalkit.ratings.bradley_terry.rank`.
        level: of the intervals.
        seed: of the draws behind ranks.

    Raises:
        InputError: there is no finite estimate (the sentence names the generators), or an order cannot be used.

    Source: Plackett, Applied Statistics 24 (1975); ties after Turner and others, Computational Statistics 35 (2020).

    >>> rank_orders([["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]).generators
    ('a', 'b', 'c')
    """
    if among is not None and len(among) != len(orders):
        raise ShapeError(f"each order needs what it was chosen among, got {len(orders)} and {len(among)}")
    shown = [()] * len(orders) if among is None else among
    answers = [_order(i, order, others) for i, (order, others) in enumerate(zip(orders, shown, strict=True))]
    return _fit(answers, _stages_of_order, "Plackett-Luce", raters, items, weights, errors, level, seed)


def rank_best_worst(
    answers: Sequence[tuple[Any, Any, Sequence[Any]]],
    *,
    raters: Sequence[Any] | None = None,
    items: Sequence[Any] | None = None,
    weights: Sequence[float] | None = None,
    errors: Errors = "auto",
    level: float = 0.95,
    seed: int = 0,
) -> Strengths:
    """Strengths from the best and the worst of several: first the best is chosen by worth, then the worst of the rest by 1 / worth.

    What lies between is in no known order. Two choices of one answer, and not one win for every pair.

    Args:
        answers: best, worst, and all that were shown.
        raters: who gave each answer.
        items: what each was about.
        weights: how many such answers each stands for, > 0.
        errors: as in :func:`~evalkit.ratings.bradley_terry.rank`.
        level: of the intervals.
        seed: of the draws behind ranks.

    Source: Marley and Louviere, Journal of Mathematical Psychology 49 (2005).

    >>> answers = [("a", "c", "abc"), ("b", "c", "abc"), ("c", "a", "abc"), ("a", "b", "abc")]
    >>> rank_best_worst(answers).generators
    ('a', 'b', 'c')
    """
    read = [_best_worst(i, *answer) for i, answer in enumerate(answers)]
    return _fit(read, _stages_of_best_worst, "best and worst", raters, items, weights, errors, level, seed)


Answer = tuple[tuple[str, ...], ...]


def _order(i: int, order: Sequence[Any], shown: Sequence[Any]) -> Answer:
    """Places, each a sorted tuple of names; the last holds those shown behind, and may be empty."""
    places = [
        tuple(sorted(map(str, place))) if isinstance(place, tuple | list | set | frozenset) else (str(place),) for place in order
    ]
    named = [name for place in places for name in place]
    behind = tuple(sorted(set(map(str, shown)) - set(named)))
    if len(set(named)) < len(named) or (len(shown) and not set(named) <= set(map(str, shown))):
        raise InputError(f"order {i} (counted from 0) names a generator twice, or one that was not shown")
    if len(named) + len(behind) < 2 or not all(places):
        raise InputError(f"order {i} (counted from 0) needs two generators or more, and no empty place")
    return (*places, behind)


def _best_worst(i: int, best: Any, worst: Any, shown: Sequence[Any]) -> Answer:
    names = set(map(str, shown))
    if str(best) == str(worst) or not {str(best), str(worst)} <= names or len(names) < len(shown):
        raise InputError(f"answer {i} (counted from 0) needs two different generators, best and worst, among those shown")
    return ((str(best),), tuple(sorted(names - {str(best), str(worst)})), (str(worst),))


def _stages_of_order(answer: Answer, place: dict[str, int]) -> list[Stage]:
    coded = [tuple(place[name] for name in names) for names in answer]
    stages = [Stage(coded[j], tuple(name for rest in coded[j + 1 :] for name in rest)) for j in range(len(coded) - 1)]
    return [stage for stage in stages if len(stage.chosen) + len(stage.left) > 1]


def _stages_of_best_worst(answer: Answer, place: dict[str, int]) -> list[Stage]:
    best, middle, worst = (tuple(place[name] for name in names) for names in answer)
    first = Stage(best, middle + worst)
    return [first, Stage(worst, middle, last=True)] if middle else [first]


def _fit(
    answers: list[Answer],
    stages_of: Callable[[Answer, dict[str, int]], list[Stage]],
    name: str,
    raters: Sequence[Any] | None,
    items: Sequence[Any] | None,
    weights: Sequence[float] | None,
    errors: Errors,
    level: float,
    seed: int,
) -> Strengths:
    if not answers or not 0 < level < 1:
        raise InputError(f"there must be answers, and the level must lie between 0 and 1, got {len(answers)} and {level}")
    names = tuple(sorted({each for answer in answers for place in answer for each in place}))
    distinct = sorted(set(answers))
    position = {answer: i for i, answer in enumerate(distinct)}
    place = {each: i for i, each in enumerate(names)}
    of_answer = np.array([position[answer] for answer in answers])
    copies = _copies(weights, len(answers))
    stages = [stages_of(answer, place) for answer in distinct]
    reason = obstacle(*preferred(stages), names)
    if reason is not None:
        raise InputError(f"{reason}: collect answers that compare them, or leave them out")
    choices = Choices.of(stages, len(names))
    weight = np.bincount(of_answer, weights=copies, minlength=len(distinct)).astype(np.float64)
    parameters = choices.maximum(weight)
    groups = _groups(len(answers), rater=raters, item=items)
    kind = kind_of(errors, groups)
    found = _errors(choices, parameters, weight, of_answer, copies, groups, kind)
    order = np.argsort(-parameters[: choices.k], kind="stable")
    shown = np.zeros(len(names))
    for answer, times in zip(distinct, weight, strict=True):
        shown[[place[each] for part in answer for each in part]] += times
    ties = {f"ties of {size}": float(np.exp(value)) for size, value in zip(choices.sizes, parameters[choices.k :], strict=True)}
    return Strengths(
        generators=tuple(names[i] for i in order),
        values=parameters[: choices.k][order],
        covariance=found.used[np.ix_(order, order)],
        degrees=found.degrees,
        votes_of=shown[order],
        n_votes=float(copies.sum()),
        log_likelihood=choices.value(parameters, weight),
        method=f"{name}, {METHODS[kind]}",
        notes=tuple(resting_on(kind, groups, found.degrees)),
        settings={"answers": name, "errors": kind, "level": level} | ties,
        level=level,
        seed=seed,
    )


def _errors(
    choices: Choices, parameters: Array, weight: Array, of_answer: NDArray[Any], copies: Array, groups: dict[str, Any], kind: Errors
) -> Covariance:
    bread = Factor.of(choices.information(choices.chances(parameters), weight), choices.k).inverse()
    if kind == "model":
        return Covariance(bread, bread, math.inf)
    scores = choices.scores(parameters, len(weight))[of_answer]
    return covariance(bread, scores * copies[:, None], copies, groups, kind)


def _copies(weights: Sequence[float] | None, n: int) -> Array:
    copies = np.ones(n) if weights is None else np.array(weights, dtype=np.float64)
    if copies.shape != (n,) or not (np.isfinite(copies) & (copies > 0)).all():
        raise InputError(f"weights must be {n} finite numbers above 0")
    return copies


def _groups(n: int, **labels: Sequence[Any] | None) -> dict[str, NDArray[np.int64]]:
    groups = {name: groups_of(list(map(str, of))) for name, of in labels.items() if of is not None}
    for name, of in groups.items():
        if len(of) != n:
            raise ShapeError(f"each answer needs its {name}, got {n} answers and {len(of)}")
    return groups
