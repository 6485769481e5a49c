"""Small studies for tests."""

from evalkit.core.sample import Texts
from evalkit.study import Store, StudyDesign, create_study

GENERATORS = ("alpha", "beta", "gamma")


def texts(generator: str, items: int) -> Texts:
    return Texts.of([f"{generator} writes {i}" for i in range(items)])


def small_study(store: Store, name: str = "small", items: int = 4, generators: tuple[str, ...] = GENERATORS, **design) -> None:
    """A study of texts, each of which says who wrote it."""
    create_study(store, name, StudyDesign(**design), {one: texts(one, items) for one in generators})
