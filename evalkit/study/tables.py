"""The tables of the store, one class each. Times are milliseconds since 1970 (UTC), the same number in every database.

::

    studies ─┬─ generators
             ├─ items ─┬─ outputs ── contents        what generators made of an item, by the hash of its bytes
             │         └─ questions                  an item with the outputs that are judged side by side
             ├─ raters ── assignments ── votes       who was asked what, in which order, and what they said
             ├─ evidence                             figures of other evaluators for the same board
             └─ events                               the chained log, from which the votes can be rebuilt
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all tables share: constraints that migrations can name."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {dict[str, Any]: JSON, list[int]: JSON, bytes: LargeBinary}  # noqa: RUF012 as SQLAlchemy documents it


class OrganiserRow(Base):
    """A token that opens the organiser's pages; only its hash is kept."""

    __tablename__ = "organisers"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[int] = mapped_column(BigInteger)


class StudyRow(Base):
    """A study: its design, whether it is open, and the head of its log.

    Whoever writes anything of a study locks this row first: writers of one study come one after the other.
    """

    __tablename__ = "studies"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    design: Mapped[dict[str, Any]]
    pair_weights: Mapped[dict[str, Any]]
    made_at: Mapped[int] = mapped_column(BigInteger)
    head_number: Mapped[int]
    head_digest: Mapped[str] = mapped_column(String(64))


class GeneratorRow(Base):
    """A generator whose outputs are judged."""

    __tablename__ = "generators"
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    name: Mapped[str] = mapped_column(String(200))


class ContentRow(Base):
    """Bytes that are shown, once each: two outputs alike share them."""

    __tablename__ = "contents"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes]


class ItemRow(Base):
    """What is asked about: a prompt, a reference, a context; ``expected`` is the known answer of practice and check items."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    prompt: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(ForeignKey("contents.digest"))
    context: Mapped[dict[str, Any]]
    expected: Mapped[dict[str, Any] | None]


class OutputRow(Base):
    """What a generator made of an item."""

    __tablename__ = "outputs"
    __table_args__ = (UniqueConstraint("item_id", "generator_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    generator_id: Mapped[int] = mapped_column(ForeignKey("generators.id"))
    content: Mapped[str] = mapped_column(ForeignKey("contents.digest"))


class QuestionRow(Base):
    """An item with the outputs judged together, and how many votes it has; ``leases`` counts raters who are looking at it now."""

    __tablename__ = "questions"
    __table_args__ = (Index(None, "study_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    kind: Mapped[str] = mapped_column(String(16))
    pair: Mapped[str] = mapped_column(String(200))
    outputs: Mapped[list[int]]
    votes: Mapped[int]
    leases: Mapped[int]


class RaterRow(Base):
    """A rater. ``key`` is drawn at random and stands in the log; the name and the token's hash go when the rater is erased.

    ``number`` counts a study's raters; with the study's seed it decides the order in which they are asked.
    """

    __tablename__ = "raters"
    __table_args__ = (UniqueConstraint("study_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    key: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(200))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_at: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[int] = mapped_column(BigInteger)
    agreed_at: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn_at: Mapped[int | None] = mapped_column(BigInteger)


class AssignmentRow(Base):
    """A question served to a rater: the outputs in the order shown, how probable it was, and until when the place is held."""

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("study_id", "key"),
        Index(None, "study_id", "state", "leased_until"),
        Index(None, "rater_id", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id"))
    shown: Mapped[list[int]]
    served_probability: Mapped[float]
    served_at: Mapped[int] = mapped_column(BigInteger)
    leased_until: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    draft: Mapped[dict[str, Any] | None]


class VoteRow(Base):
    """What a rater said. ``key`` is made by the rater's side: the same vote sent twice is stored once.

    ``not_counted`` says why a vote stays out of the ranking: it was practice, a check, more than the quorum, taken back, or its
    rater withdrew.
    """

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("study_id", "key"), Index(None, "rater_id"), Index(None, "assignment_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id"))
    answer: Mapped[dict[str, Any]]
    rationale: Mapped[str | None] = mapped_column(Text)
    rationale_salt: Mapped[str | None] = mapped_column(String(32))
    seconds: Mapped[float | None]
    app_version: Mapped[str] = mapped_column(String(32))
    at: Mapped[int] = mapped_column(BigInteger)
    not_counted: Mapped[str | None] = mapped_column(String(16))


class EvidenceRow(Base):
    """A finding of another evaluator, for the study's board."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    generator_id: Mapped[int | None] = mapped_column(ForeignKey("generators.id"))
    source: Mapped[str] = mapped_column(String(64))
    finding: Mapped[dict[str, Any]]
    at: Mapped[int] = mapped_column(BigInteger)


class EventRow(Base):
    """One link of a study's log; see :mod:`evalkit.study.log`. ``body`` is None once erased, ``body_digest`` stays."""

    __tablename__ = "events"
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str | None] = mapped_column(Text)
    body_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
