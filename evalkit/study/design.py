"""How a study asks: the question, its form, how many votes, for how long a place is held, when to stop."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from evalkit.study.tasks import Pairing, StopRule, TaskName

Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Attribute(BaseModel):
    """A further thing to rate beside the main answer, each output or, of a pair, which is better.

    Attributes:
        name: what is rated.
        low: the word at the scale's lower end.
        high: at its upper end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Short
    low: Short = "bad"
    high: Short = "good"


class StudyDesign(BaseModel):
    """How a study asks; written into the first event of its log.

    Attributes:
        question: what the rater reads above the outputs.
        task: the form of the answer, one of :data:`~evalkit.study.tasks.TASKS`.
        shown: outputs side by side, for choice, best_worst and ranking; None for all generators.
        points: of the rating scale.
        low, high: the words at the scale's ends.
        attributes: further things to rate, at most 8.
        rationale: whether a reason is asked for.
        votes_per_question: after so many counted votes a question is closed (the quorum).
        votes_per_rater: after so many a rater is done; None for no limit.
        lease_minutes: for so long a question is held for the rater who looks at it.
        check_every: every so many questions one is a check with a known answer, if there are any; 0 for never.
        pairing: which question next, one of :data:`~evalkit.study.tasks.PAIRINGS`.
        stop_rule: when the study closes by itself, one of :data:`~evalkit.study.tasks.STOP_RULES`.
        alpha: accepted chance that it ever calls equal generators different, over all pairs.
        mask: words that give a generator away; in texts they are shown as ▇▇▇.
        consent: what the rater agrees to before the first question; None asks for nothing.
        keeps_counts: whether the votes of a rater who withdraws stay, without any trace of the person; else they go too.
        open_to_logins: whether whoever the organiser's identity provider vouches for may rate, without an invitation.
        seed: of the raters' orders.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Line = "Which is better?"
    task: TaskName = "pairwise"
    shown: Annotated[int, Field(ge=2, le=12)] | None = None
    points: Annotated[int, Field(ge=2, le=101)] = 5
    low: Short = "bad"
    high: Short = "good"
    attributes: Annotated[tuple[Attribute, ...], Field(max_length=8)] = ()
    rationale: Literal["none", "optional", "required"] = "optional"
    votes_per_question: Annotated[int, Field(ge=1, le=10_000)] = 3
    votes_per_rater: Annotated[int, Field(ge=1)] | None = None
    lease_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 30.0
    check_every: Annotated[int, Field(ge=0, le=1000)] = 10
    pairing: Pairing = "least_voted"
    stop_rule: StopRule = "none"
    alpha: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    mask: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    consent: Annotated[str, StringConstraints(max_length=5000)] | None = None
    keeps_counts: bool = True
    open_to_logins: bool = False
    seed: int = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [attribute.name for attribute in self.attributes]
        if len(set(names)) < len(names):
            raise ValueError("two attributes have the same name")
        if self.pairing == "informative" and self.task != "pairwise":
            raise ValueError("the pairing informative weighs pairs: it needs the task pairwise")
        if self.stop_rule != "none" and self.task != "pairwise":
            raise ValueError("a stop rule decides between two: it needs the task pairwise")
        if self.stop_rule == "rater" and self.votes_per_rater is None:
            raise ValueError("the stop rule rater counts raters when they are done: say how many questions each answers")
        return self
