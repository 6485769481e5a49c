"""A study out of a store and into another: the same votes, log and ranking, or one sentence and nothing written."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from evalkit.core.errors import InputError, StoreError
from evalkit.core.sample import Images, Texts
from evalkit.data import load
from evalkit.run.rankings import ranking_digest, ranking_of
from evalkit.study import (
    ItemPlan,
    Store,
    StudyDesign,
    create_study,
    export_study,
    import_study,
    invite,
    keep_draft,
    skip,
    undo,
    vote,
    withdraw,
)
from evalkit.study.contents import ROWS
from evalkit.study.log import found, verify
from evalkit.study.outputs import media_types
from evalkit.study.tables import ContentRow, EvidenceRow, GeneratorRow, RaterRow, StudyRow, VoteRow
from evalkit.study.votes import votes_frame
from tests.study.studies import small_study
from tests.study.test_serving import answer, asked


def live(store) -> None:
    """A study in which about everything has happened, in either kind of store."""
    plans = [ItemPlan(name="p", kind="practice", expected={"choice": "tie"}), *(ItemPlan(name=f"i{n}") for n in range(7))]
    made = {name: Texts.of([f"{name} writes {n}" for n in range(8)]) for name in ("alpha", "beta", "gamma")}
    create_study(
        store, "lived", StudyDesign(votes_per_question=2, pairing="informative"), made, plans, Texts.of(["as it should"] * 8)
    )
    draw = np.random.default_rng(0)
    raters = invite(store, "lived", ["Ann", "Bob", "Cem"])
    for rater in raters:
        for _ in range(12):
            answer(store, rater.token, str(draw.choice(["left", "right", "tie", "both_bad"])))
        undo(store, rater.token)
        skip(store, rater.token, asked(store, rater.token).assignment)
    last = asked(store, raters[0].token)
    vote(store, raters[0].token, last.assignment, "with-a-reason", {"choice": "left"}, rationale="smoother", seconds=1.25)
    keep_draft(store, raters[0].token, asked(store, raters[0].token).assignment, {"rationale": "half a thought"})
    withdraw(store, "lived", raters[1].rater)
    with store.writing() as session:
        study = found(session, "lived")
        one = session.scalars(select(GeneratorRow.id).where(GeneratorRow.study_id == study.id)).first()
        session.add(EvidenceRow(study_id=study.id, generator_id=one, source="frechet", finding={"value": 1.5}, at=7))
        study.pair_weights = {f"{one},{one + 1}": 0.25}


@pytest.fixture
def lived(store):
    live(store)
    return store


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """An exported study, to be copied and damaged."""
    out = tmp_path_factory.mktemp("once") / "out"
    with Store("sqlite://") as store:
        live(store)
        export_study(store, "lived", out)
    return out


@pytest.fixture
def folder(lived, tmp_path):
    export_study(lived, "lived", tmp_path / "out")
    return tmp_path / "out"


def state(store: Store, study: str) -> tuple:
    """Votes, head and ranking."""
    with store.reading() as session:
        row = found(session, study)
        votes = votes_frame(session, row, counted=False).sort_values("vote", ignore_index=True)
        head = verify(session, row)
    return votes, head, ranking_digest(ranking_of(store, study))


def same(first: tuple, second: tuple) -> None:
    pd.testing.assert_frame_equal(first[0], second[0])
    assert first[1:] == second[1:]


def files(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_study_moves_to_the_other_kind_of_store_and_back(lived, folder, postgres, tmp_path):
    before = state(lived, "lived")
    with Store(f"sqlite:///{tmp_path / 'other.sqlite'}") as sqlite, Store(postgres) as server:
        import_study(sqlite, folder)
        same(state(sqlite, "lived"), before)
        export_study(sqlite, "lived", tmp_path / "second")
        import_study(server, tmp_path / "second", "on the server")
        same(state(server, "on the server"), before)
        export_study(server, "on the server", tmp_path / "third")
    import_study(lived, tmp_path / "third", "back again")
    same(state(lived, "back again"), before)
    first, third = files(folder), files(tmp_path / "third")
    assert first.keys() == third.keys()
    assert [name for name in first if first[name] != third[name]] == ["study.json"], "only the study's name differs"


def test_raters_go_on_in_the_imported_study(lived, folder):
    import_study(lived, folder, "copy")
    [rater] = invite(lived, "copy", ["Dora"])
    answer(lived, rater.token, "tie")
    asked_there = asked(lived, rater.token)
    assert asked_there.reference.text() == "as it should"
    votes, head, _ = state(lived, "copy")
    assert head.number == state(lived, "lived")[1].number + 2
    assert len(votes) == len(state(lived, "lived")[0]) + 1
    others = votes.loc[votes["rater"] != rater.rater, "assignment"]
    with pytest.raises(InputError, match="not asked of you"):
        vote(lived, rater.token, others.iloc[0], "another-key", {"choice": "left"})


def test_names_links_and_drafts_stay_behind(lived, folder):
    said = b"".join(files(folder).values())
    with lived.reading() as session:
        hashes = [each for each in session.scalars(select(RaterRow.token_hash)) if each]
    assert hashes
    for secret in (b"Ann", b"Bob", b"Cem", b"half a thought", *(each.encode() for each in hashes)):
        assert secret not in said
    assert b"smoother" in said, "a reason that its rater gave and did not withdraw"


def test_images_and_votes_that_went_with_their_rater(store, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)
    made = {"a": Images.of(pixels), "b": Images.of(255 - pixels)}
    create_study(store, "pictures", StudyDesign(keeps_counts=False), made)
    ann, bob = invite(store, "pictures", ["Ann", "Bob"])
    for rater in (ann, bob, bob):
        answer(store, rater.token, "left")
    withdraw(store, "pictures", ann.rater)
    export_study(store, "pictures", tmp_path / "out")
    import_study(store, tmp_path / "out", "copy")
    with store.reading() as session:
        assert verify(session, found(session, "copy")) == verify(session, found(session, "pictures"))
        assert len(votes_frame(session, found(session, "copy"))) == 2


def test_sets_of_rows(store, tmp_path):
    table = load([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    create_study(store, "sets", StudyDesign(), {"a": table, "b": table.take(np.array([3, 2, 1, 0]))}, rows=2)
    export_study(store, "sets", tmp_path / "out")
    import_study(store, tmp_path / "out", "copy")
    with store.reading() as session:
        assert media_types(session, found(session, "copy")) == {ROWS}


def test_a_log_that_does_not_verify_is_not_exported_and_nothing_is_left(store, tmp_path):
    small_study(store)
    with store.writing() as session:
        found(session, "small").head_digest = "f" * 64
    with pytest.raises(StoreError, match="ends too early"):
        export_study(store, "small", tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(("out", str(os.getpid())))]


def test_a_folder_in_use_is_left_alone(store, tmp_path):
    small_study(store)
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(InputError, match="new folder"):
        export_study(store, "small", tmp_path)
    assert (tmp_path / "mine").read_text() == "kept"


def rewritten(folder, name: str, change) -> None:
    """Change the lines of a file as a forger would: study.json names the new hash."""
    lines = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    change(lines)
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    (folder / name).write_bytes(data)
    study = json.loads((folder / "study.json").read_text())
    study["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / "study.json").write_text(json.dumps(study))


def replaced(folder, name: str, text: str | None) -> None:
    (folder / name).write_text(text) if text is not None else (folder / name).unlink()


def first_output(folder):
    return next((folder / "outputs").iterdir())


def linked(path, elsewhere) -> None:
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def told(lines, kind: str) -> dict:
    return next(line for line in lines if line["kind"] == kind)


def counted(lines) -> dict:
    return next(one for line in lines for one in line["votes"] if one["not_counted"] is None)


DAMAGES = {
    "no study": lambda f: replaced(f, "study.json", None),
    "another format": lambda f: replaced(f, "study.json", '{"format": 2}'),
    "not json": lambda f: replaced(f, "study.json", "PK\x03\x04"),
    "a truncated list": lambda f: replaced(f, "votes.jsonl", (f / "votes.jsonl").read_text()[:-40]),
    "a line less": lambda f: replaced(f, "raters.jsonl", "".join((f / "raters.jsonl").read_text().splitlines(True)[:-1])),
    "a missing list": lambda f: replaced(f, "events.jsonl", None),
    "a changed output": lambda f: first_output(f).write_bytes(b"other"),
    "a missing output": lambda f: first_output(f).unlink(),
    "a link in an output's place": lambda f: linked(first_output(f), f / "elsewhere"),
    "a huge list": lambda f: os.truncate(f / "items.jsonl", 3_000_000_000),
    "a huge output": lambda f: os.truncate(first_output(f), 5_000_000),
    "a path as an output": lambda f: rewritten(f, "items.jsonl", lambda v: v[0].update(reference="../../../etc/passwd")),
    "an absolute path": lambda f: rewritten(f, "items.jsonl", lambda v: v[0]["outputs"].update(alpha="/etc/passwd")),
    "an unknown generator": lambda f: rewritten(f, "items.jsonl", lambda v: v[1]["outputs"].update(delta=v[1]["outputs"]["beta"])),
    "a doubled item": lambda f: rewritten(f, "items.jsonl", lambda v: v.append(v[0])),
    "a doubled question": lambda f: rewritten(f, "items.jsonl", lambda v: v[1]["questions"].append(v[1]["questions"][0][::-1])),
    "an unknown field": lambda f: rewritten(f, "raters.jsonl", lambda v: v[0].update(name="x")),
    "an unknown rater": lambda f: rewritten(f, "raters.jsonl", lambda v: v.pop()),
    "a NUL": lambda f: rewritten(f, "items.jsonl", lambda v: v[0].update(prompt="a\x00b")),
    "a number too large": lambda f: rewritten(f, "raters.jsonl", lambda v: v[0].update(invited_at=2**70)),
    "half a character": lambda f: rewritten(f, "items.jsonl", lambda v: v[0].update(prompt="\ud800")),
    "an answer that is none": lambda f: rewritten(f, "votes.jsonl", lambda v: counted(v).update(answer={"choice": ["left"]})),
    "another answer": lambda f: rewritten(f, "votes.jsonl", lambda v: counted(v).update(answer={"choice": "tie"}, seconds=3.0)),
    "a vote less": lambda f: rewritten(f, "votes.jsonl", lambda v: next(x for x in v if x["votes"])["votes"].clear()),
    "a changed event": lambda f: rewritten(f, "events.jsonl", lambda v: told(v, "voted").update(at=1)),
    "a changed body": lambda f: rewritten(f, "events.jsonl", lambda v: told(v, "voted").update(body='{"vote":"x"}')),
    "a body that is no object": lambda f: rewritten(f, "events.jsonl", lambda v: told(v, "skipped").update(body="[1]")),
    "a body that went": lambda f: rewritten(f, "events.jsonl", lambda v: told(v, "voted").update(body=None)),
    "an event less": lambda f: rewritten(f, "events.jsonl", lambda v: v.pop()),
    "an event twice": lambda f: rewritten(f, "events.jsonl", lambda v: v.insert(1, v[1])),
    "a strange file among the lists": lambda f: replaced(
        f, "study.json", (f / "study.json").read_text().replace('"votes.jsonl":', '"../votes.jsonl":')
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused_in_a_sentence_and_nothing_is_written(store, once, tmp_path, damage):
    folder = Path(shutil.copytree(once, tmp_path / "out"))
    DAMAGES[damage](folder)
    tables = (StudyRow, ContentRow, VoteRow, RaterRow)

    def rows() -> list[int | None]:
        with store.reading() as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in tables]

    with pytest.raises(InputError) as error:
        import_study(store, folder)
    assert "\n" not in str(error.value)
    assert rows() == [0, 0, 0, 0]


def test_a_name_that_is_taken(lived, folder):
    with pytest.raises(InputError, match="choose another name"):
        import_study(lived, folder)
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="no folder"):
        import_study(lived, folder, "copy")
