"""What generators made, as votes speak of it: by item and generator."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalkit.study.contents import Content
from evalkit.study.serving import generator_names
from evalkit.study.tables import ContentRow, ItemRow, OutputRow, StudyRow

_AT_ONCE = 500  # a database takes only so many values in one question


def output_digests(session: Session, study: StudyRow) -> dict[tuple[str, str], str]:
    """The content's digest of each output, by the names of item and generator."""
    names = generator_names(session, study)
    made = select(ItemRow.name, OutputRow.generator_id, OutputRow.content).join(ItemRow, ItemRow.id == OutputRow.item_id)
    rows = session.execute(made.where(ItemRow.study_id == study.id))
    return {(item, names[generator]): digest for item, generator, digest in rows}


def contents_of(session: Session, digests: Iterable[str]) -> dict[str, Content]:
    """Contents by digest."""
    wanted = sorted(set(digests))
    found: dict[str, Content] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        read = select(ContentRow.digest, ContentRow.media_type, ContentRow.data)
        some = session.execute(read.where(ContentRow.digest.in_(wanted[first : first + _AT_ONCE])))
        found |= {digest: Content(media_type, data) for digest, media_type, data in some}
    return found


def media_types(session: Session, study: StudyRow) -> set[str]:
    """What kinds of content the outputs are."""
    shown = select(OutputRow.content).join(ItemRow, ItemRow.id == OutputRow.item_id).where(ItemRow.study_id == study.id)
    return set(session.scalars(select(ContentRow.media_type).where(ContentRow.digest.in_(shown)).distinct()))
