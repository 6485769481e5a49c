"""What a comparison says, in sentences."""

from evalkit.compare.evaluation import Evaluation
from evalkit.compare.words import figure, visible
from evalkit.run.jobs import Job
from evalkit.run.requests import EvaluateRequest, Made

_UNDECIDED = "no difference may be concluded"
_N_FIGURES = 2


def controls_of(job: Job) -> frozenset[str]:
    """The generators made of real rows: what others are measured by, not what the user asks about."""
    request = job.request()
    if not isinstance(request, EvaluateRequest):
        return frozenset()
    return frozenset(name for name, source in request.generators.items() if isinstance(source, Made))


def headline(evaluation: Evaluation, controls: frozenset[str] = frozenset()) -> str:
    """The sentence that a reader should take away: one about the user's own generators, if there is one."""
    if evaluation.conclusions:
        first = in_order(evaluation, controls)[0]
        # How small a difference would have been seen stands below: as a heading it is too long.
        before, undecided, _ = first.partition(f"{_UNDECIDED};")
        return f"{before}{_UNDECIDED}" if undecided else first
    if not evaluation.generators:
        return "Nothing was compared"
    source = evaluation.generators[0]
    found = [
        f"{name} {figure(each.value)} ({figure(each.low)} to {figure(each.high)})"
        for name, each in list(evaluation.of(source.name).items())[:_N_FIGURES]
    ]
    sentence = f"{visible(source.name, 60)} against {visible(evaluation.reference.name, 60)}"
    return f"{sentence}: {', '.join(found)}" if found else f"{sentence}: no figure could be measured"


def in_order(evaluation: Evaluation, controls: frozenset[str] = frozenset()) -> list[str]:
    """All conclusions: first of the user's own generators, and among those first what is decided."""
    pairs = list(dict.fromkeys((each.first, each.second) for each in evaluation.comparisons))
    if len(pairs) != len(evaluation.conclusions):
        return list(evaluation.conclusions)
    made = {sentence: sum(name in controls for name in pair) for pair, sentence in zip(pairs, evaluation.conclusions, strict=True)}
    return sorted(evaluation.conclusions, key=lambda sentence: (made[sentence], _UNDECIDED in sentence))
