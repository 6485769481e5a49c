"""Studies: what people and judges are asked, who is asked what, and their votes, in a store that loses none.

>>> from evalkit.core.sample import Texts
>>> from evalkit.study import Store, StudyDesign, create_study, invite, next_question, vote
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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from evalkit.study.tasks import TASKS

if TYPE_CHECKING:
    from evalkit.study.creating import ItemPlan as ItemPlan
    from evalkit.study.creating import create_study as create_study
    from evalkit.study.design import Attribute as Attribute
    from evalkit.study.design import StudyDesign as StudyDesign
    from evalkit.study.exporting import export_study as export_study
    from evalkit.study.importing import import_study as import_study
    from evalkit.study.raters import Invitation as Invitation
    from evalkit.study.raters import agree as agree
    from evalkit.study.raters import invite as invite
    from evalkit.study.raters import revoke as revoke
    from evalkit.study.raters import withdraw as withdraw
    from evalkit.study.raters import withdraw_myself as withdraw_myself
    from evalkit.study.serving import Nothing as Nothing
    from evalkit.study.serving import Served as Served
    from evalkit.study.serving import next_question as next_question
    from evalkit.study.store import Store as Store
    from evalkit.study.voting import Acknowledged as Acknowledged
    from evalkit.study.voting import keep_draft as keep_draft
    from evalkit.study.voting import skip as skip
    from evalkit.study.voting import undo as undo
    from evalkit.study.voting import vote as vote

_WHERE = {
    "creating": ("ItemPlan", "create_study"),
    "design": ("Attribute", "StudyDesign"),
    "exporting": ("export_study",),
    "importing": ("import_study",),
    "raters": ("Invitation", "agree", "invite", "revoke", "withdraw", "withdraw_myself"),
    "serving": ("Nothing", "Served", "next_question"),
    "store": ("Store",),
    "voting": ("Acknowledged", "keep_draft", "skip", "undo", "vote"),
}
_MODULES = {name: module for module, names in _WHERE.items() for name in names}

__all__ = ["TASKS", *sorted(_MODULES)]  # noqa: PLE0604 they are names


def __getattr__(name: str) -> Any:
    """Load a public name on first use: the database's library is not needed to list the tasks."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
