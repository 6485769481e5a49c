"""Studies: what people and judges are asked, who is asked what, and their votes, in a store that loses none.

>>> from evalkit.core.sample import Texts
>>> store = Store("sqlite://")
>>> made = {"a": Texts.of(["to be"]), "b": Texts.of(["or not"])}
>>> create_study(store, "quotes", StudyDesign(question="Which reads better?"), made)
>>> [rater] = invite(store, "quotes", ["Ann"])
>>> asked = next_question(store, rater.token)
>>> sorted(output.text() for output in asked.outputs)
['or not', 'to be']
>>> vote(store, rater.token, asked.assignment, "a-key-of-my-own", {"choice": "left"}).repeated
False
"""

from evalkit.study.creating import ItemPlan, create_study
from evalkit.study.design import PAIRINGS, Attribute, StudyDesign
from evalkit.study.raters import Invitation, invite, revoke, withdraw
from evalkit.study.serving import Nothing, Served, next_question
from evalkit.study.store import Store
from evalkit.study.tasks import TASKS
from evalkit.study.voting import Acknowledged, keep_draft, skip, undo, vote

__all__ = [
    "PAIRINGS",
    "TASKS",
    "Acknowledged",
    "Attribute",
    "Invitation",
    "ItemPlan",
    "Nothing",
    "Served",
    "Store",
    "StudyDesign",
    "create_study",
    "invite",
    "keep_draft",
    "next_question",
    "revoke",
    "skip",
    "undo",
    "vote",
    "withdraw",
]
