"""A study whose texts say who wrote them, in this test's own store."""

from evalkit.core.sample import Texts
from evalkit.study import Invitation, Store, StudyDesign, create_study, invite
from evalkit.study.log import found
from evalkit.study.store import default_url
from evalkit.study.votes import votes_frame


def study(
    items: int = 5, url: str | None = None, name: str = "letters", texts: dict[str, list[str]] | None = None, **design
) -> Invitation:
    """A study with one rater; gives the rater's invitation."""
    made = texts or {one: [f"{one} writes {i}" for i in range(items)] for one in ("alpha", "beta")}
    with Store(url or default_url()) as store:
        create_study(store, name, StudyDesign(**design), {one: Texts.of(rows) for one, rows in made.items()})
        return invite(store, name, ["Ann"])[0]


def votes(url: str | None = None, name: str = "letters"):
    """All votes that count."""
    with Store(url or default_url()) as store, store.reading() as session:
        return votes_frame(session, found(session, name))
