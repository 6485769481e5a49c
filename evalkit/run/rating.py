"""The verbs of a rater's and an organiser's page, as the study's room has them: pages know `run` and nothing below."""

from evalkit.ratings import Leaderboard, Ranking
from evalkit.study import (
    Nothing,
    Served,
    Store,
    StudyDesign,
    agree,
    invite,
    keep_draft,
    next_question,
    revoke,
    skip,
    undo,
    vote,
    withdraw,
    withdraw_myself,
)
from evalkit.study.contents import MOST_ROWS, PICTURE, ROW, ROWS, STEPS, Content
from evalkit.study.masking import masked
from evalkit.study.raters import Login, Pass, enrol, is_enrolled, is_organiser
from evalkit.study.store import default_url
from evalkit.study.tasks import PAIRINGS, PAIRWISE_OUTCOMES, STOP_RULES, TASKS, VERDICTS

__all__ = [
    "MOST_ROWS",
    "PAIRINGS",
    "PAIRWISE_OUTCOMES",
    "PICTURE",
    "ROW",
    "ROWS",
    "STEPS",
    "STOP_RULES",
    "TASKS",
    "VERDICTS",
    "Content",
    "Leaderboard",
    "Login",
    "Nothing",
    "Pass",
    "Ranking",
    "Served",
    "Store",
    "StudyDesign",
    "agree",
    "default_url",
    "enrol",
    "invite",
    "is_enrolled",
    "is_organiser",
    "keep_draft",
    "masked",
    "next_question",
    "revoke",
    "skip",
    "undo",
    "vote",
    "withdraw",
    "withdraw_myself",
]
