"""Findings of other evaluators in a study: metrics, discriminators, detectors and judges beside the votes, for one board."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter
from sqlalchemy import select

from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.study.log import append, found, locked
from evalkit.study.serving import generator_names
from evalkit.study.store import Store, now
from evalkit.study.tables import EvidenceRow

_FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)


def add_findings(store: Store, study: str, source: str, findings: Mapping[str, Sequence[Finding]]) -> int:
    """Keep findings in a study; gives how many. Later findings of the same source and name stand for earlier ones on a board.

    Args:
        store: where the study is.
        study: its name.
        source: what found them, for example ``evaluate``.
        findings: by the generator that they are about.

    Raises:
        InputError: the study has no such generator.
    """
    with store.writing() as session:
        row = locked(session, study)
        numbers = {name: number for number, name in generator_names(session, row).items()}
        strangers = set(findings) - set(numbers)
        if strangers:
            raise InputError(f"the study has no generator {min(strangers)[:60]!r}: it has {', '.join(sorted(numbers))}")
        for generator, own in findings.items():
            for finding in own:
                body = {"generator": generator, "source": source, "finding": finding.model_dump(mode="json")}
                append(session, row, "evidence", body)
                session.add(
                    EvidenceRow(
                        study_id=row.id,
                        generator_id=numbers[generator],
                        source=source,
                        finding=body["finding"],
                        at=now(),
                    )
                )
        return sum(map(len, findings.values()))


def findings_of(store: Store, study: str) -> dict[tuple[str, str], dict[str, Finding]]:
    """The newest finding of every name, by (generator, source) and then by name.

    Raises:
        InputError: there is no such study.
    """
    with store.reading() as session:
        row = found(session, study)
        names = generator_names(session, row)
        board: dict[tuple[str, str], dict[str, Finding]] = {}
        for kept in session.scalars(select(EvidenceRow).where(EvidenceRow.study_id == row.id).order_by(EvidenceRow.id)):
            if kept.generator_id is not None:
                finding = _FINDING.validate_python(kept.finding)
                board.setdefault((names[kept.generator_id], kept.source), {})[finding.name] = finding
        return board
