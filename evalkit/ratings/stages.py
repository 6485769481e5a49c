"""Choices among several: orders taken apart into stages, and their likelihood."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evalkit.core.errors import InputError
from evalkit.ratings.likelihood import Factor

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

_STEPS = 60
_CONVERGED = 3e-6
_LONGEST = 5.0
_MOST_ALTERNATIVES = 5_000_000


class Stage(NamedTuple):
    """One choice: which of these, one or several tied, was put first (or last).

    Attributes:
        chosen: positions of the generators.
        left: those that were there and not chosen.
        last: whether the worst was asked for.
    """

    chosen: tuple[int, ...]
    left: tuple[int, ...]
    last: bool = False


@dataclass(frozen=True, eq=False)
class Choices:
    """Stages of distinct answers, as one conditional logit.

    A set of t tied generators is chosen in proportion to delta_t times the geometric mean of their worths, delta_1 = 1; the worst
    in proportion to 1 / worth.

    Attributes:
        design: (alternatives, p) what each alternative's logit is made of: k strengths, then the logarithms of delta_2, delta_3 …
        stage: (alternatives,) its stage.
        taken: (alternatives,) whether it was chosen.
        answer: (stages,) the answer that a stage belongs to.
        k: number of strengths.
        sizes: sizes of ties that are modelled, from 2 on.
    """

    design: sparse.csr_array
    stage: Codes
    taken: NDArray[np.bool_]
    answer: Codes
    k: int
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, answers: Sequence[Sequence[Stage]], k: int) -> "Choices":
        """Lay out the stages of each distinct answer.

        Raises:
            InputError: there would be too many alternatives: large ties among many.
        """
        sizes = tuple(sorted({len(stage.chosen) for stages in answers for stage in stages} - {1}))
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        taken: list[bool] = []
        of_stage: list[int] = []
        of_answer: list[int] = []
        count = 0
        for number, stages in enumerate(answers):
            for stage in stages:
                for alternative in _alternatives(stage, sizes):
                    entries = [*alternative, *([k + sizes.index(len(alternative))] if len(alternative) > 1 else [])]
                    share = (-1.0 if stage.last else 1.0) / len(alternative)
                    rows += [count] * len(entries)
                    columns += entries
                    values += [share] * len(alternative) + [1.0] * (len(entries) - len(alternative))
                    taken.append(set(alternative) == set(stage.chosen))
                    of_stage.append(len(of_answer))
                    count += 1
                of_answer.append(number)
                if count > _MOST_ALTERNATIVES:
                    raise InputError("ties among so many generators cannot be modelled: break large ties, or show fewer at a time")
        design = sparse.csr_array((values, (rows, columns)), shape=(count, k + len(sizes)))
        return cls(
            design,
            np.array(of_stage, dtype=np.int64),
            np.array(taken, dtype=np.bool_),
            np.array(of_answer, dtype=np.int64),
            k,
            sizes,
        )

    def chances(self, parameters: Array) -> Array:
        """(alternatives,) chance of each in its stage."""
        logits = self.design @ parameters
        highest = np.full(len(self.answer), -np.inf)
        np.maximum.at(highest, self.stage, logits)
        shares = np.exp(logits - highest[self.stage])
        return np.asarray(shares / np.bincount(self.stage, weights=shares)[self.stage])

    def value(self, parameters: Array, weight: Array) -> float:
        """The log-likelihood of answers with these weights, (answers,)."""
        return float(weight[self.answer][self.stage[self.taken]] @ np.log(self.chances(parameters)[self.taken]))

    def information(self, chances: Array, weight: Array) -> Array:
        """(p, p) minus the second derivative."""
        by_stage = sparse.csr_array((chances, (self.stage, np.arange(len(chances)))), shape=(len(self.answer), len(chances)))
        means, of_stage = sparse.csr_array(by_stage @ self.design), weight[self.answer]
        squares = self.design.T @ sparse.diags_array(chances * of_stage[self.stage]) @ self.design
        return np.asarray((squares - means.T @ sparse.diags_array(of_stage) @ means).toarray())

    def scores(self, parameters: Array, n_answers: int) -> sparse.csr_array:
        """(answers, p) derivative of each answer's log-likelihood."""
        surprise = self.taken - self.chances(parameters)
        gather = sparse.csr_array((surprise, (self.answer[self.stage], np.arange(len(surprise)))), shape=(n_answers, len(surprise)))
        return sparse.csr_array(gather @ self.design)

    def maximum(self, weight: Array) -> Array:
        """(p,) the parameters with the highest likelihood; strengths have mean 0.

        Raises:
            InputError: there is none.
        """
        parameters = np.zeros(self.design.shape[1])
        value, refusal = (
            self.value(parameters, weight),
            "strengths and ties have no finite estimate together: break ties, or leave some out",
        )
        for _ in range(_STEPS):
            gradient = np.asarray(self.scores(parameters, len(weight)).T @ weight)
            step = Factor.of(self.information(self.chances(parameters), weight), self.k, refusal).solve(gradient)
            longest = float(np.abs(step).max())
            step *= min(1.0, _LONGEST / longest) if longest > 0 else 1.0
            for _ in range(30):
                after = self.value(parameters + step, weight)
                if after >= value - 1e-9 * abs(value):
                    break
                step /= 2
            parameters, value = parameters + step, after
            if longest < _CONVERGED:
                parameters[: self.k] -= parameters[: self.k].mean()
                return parameters
        raise InputError(refusal)


def preferred(answers: Sequence[Sequence[Stage]]) -> tuple[Codes, Codes]:
    """Who was not put behind whom, as two arrays: those who did not lose, and to whom they did not."""
    pairs = set()
    for stage in chain.from_iterable(answers):
        forward = {(a, b) for a in stage.chosen for b in stage.left}
        pairs |= {(b, a) for a, b in forward} if stage.last else forward
        pairs |= {(a, b) for a in stage.chosen for b in stage.chosen if a != b}
    found = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _alternatives(stage: Stage, sizes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    there = (*stage.chosen, *stage.left)
    return chain.from_iterable(combinations(there, size) for size in (1, *sizes) if size <= len(there))
