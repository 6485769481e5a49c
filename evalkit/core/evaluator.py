"""An Evaluator turns samples or votes into Evidence; what it could not compute becomes a Failure in the same list."""

from collections.abc import Iterable
from typing import Protocol

from evalkit.core.errors import CancelledError, EvalkitError
from evalkit.core.evidence import Failure, Finding
from evalkit.core.progress import Progress, silent


class Evaluator(Protocol):
    """One way of looking at samples or votes. Its fields are its inputs and settings; its repr is its settings' text."""

    @property
    def name(self) -> str:
        """What is measured."""

    def evaluate(self, *, seed: int, progress: Progress) -> list[Finding]:
        """The figures, each with its interval; a figure that cannot be had is a Failure."""


def gather(evaluators: Iterable[Evaluator], *, seed: int, progress: Progress = silent) -> list[Finding]:
    """Run evaluators one after the other and keep going when one fails.

    Args:
        evaluators: what to run.
        seed: handed to each; an evaluator derives its own draws from it by name.
        progress: see :mod:`evalkit.core.progress`.

    Returns:
        All findings in the order of the evaluators. An evaluator that raised an :class:`EvalkitError` contributes one Failure
        with the error's sentence. Other exceptions are defects of evalkit and are not caught.

    Raises:
        CancelledError: the user stopped the work.
    """
    findings: list[Finding] = []
    for evaluator in evaluators:
        try:
            findings.extend(evaluator.evaluate(seed=seed, progress=progress))
        except CancelledError:
            raise
        except EvalkitError as error:
            findings.append(Failure(name=evaluator.name, reason=str(error), remedy="change what the sentence names and run again"))
    return findings
