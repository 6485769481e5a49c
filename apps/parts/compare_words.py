"""Which generators of a comparison the user did not ask about."""

from evalkit.run.jobs import Job
from evalkit.run.requests import EvaluateRequest, Made


def controls_of(job: Job) -> frozenset[str]:
    """The generators made of real rows: what others are measured by, not what the user asks about."""
    request = job.request()
    if not isinstance(request, EvaluateRequest):
        return frozenset()
    return frozenset(name for name, source in request.generators.items() if isinstance(source, Made))
