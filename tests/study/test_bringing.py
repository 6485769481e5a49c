"""Votes brought from files, in both kinds of store: counted, logged, ranked, and never stored twice."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.ratings import rank
from evalkit.run.label_studio import Fields
from evalkit.run.rankings import ranking_digest, ranking_of
from evalkit.run.vote_files import export_votes, import_votes
from evalkit.run.vote_reading import read_votes
from evalkit.study import StudyDesign, create_study, export_study, import_study, invite, next_question, undo, vote
from evalkit.study.log import events, found, verify
from evalkit.study.tables import QuestionRow, RaterRow, StudyRow
from evalkit.study.votes import replayed, votes_frame
from tests.study.studies import small_study
from tests.study.test_serving import answer, asked

COLUMNS = ["rater", "item", "left", "right", "outcome"]


def drawn(n: int = 60) -> pd.DataFrame:
    """Votes of four raters on five items by three generators."""
    draw = np.random.default_rng(1)
    sides = [draw.choice(["alpha", "beta", "gamma"], 2, replace=False) for _ in range(n)]
    return pd.DataFrame(
        {
            "rater": draw.choice(list("ABCD"), n),
            "item": draw.integers(1, 6, n).astype(str),
            "left": [left for left, _ in sides],
            "right": [right for _, right in sides],
            "outcome": draw.choice(["left", "right", "tie", "both_bad"], n),
        }
    )


def written(frame: pd.DataFrame, path: Path) -> Path:
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path, index=False)
        case _:
            frame.to_json(path, orient="records", lines=True)
    return path


def kept(store, study: str) -> pd.DataFrame:
    """All votes, after the log was verified and replayed."""
    with store.reading() as session:
        row = found(session, study)
        verify(session, row)
        counted = votes_frame(session, row)
        assert set(replayed(events(session, row))["vote"]) == set(counted["vote"])
        return votes_frame(session, row, counted=False)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_table_makes_a_study_that_ranks_as_its_votes_do(store, tmp_path, ending):
    frame = drawn()
    done, _ = import_votes(store, "brought", written(frame, tmp_path / f"votes{ending}"))
    assert done == (True, 60, 0, 4)
    votes = kept(store, "brought")
    assert set(votes["rater_kind"]) == {"imported"}
    ranking = ranking_of(store, "brought")
    order = ["item", "left", "right", "outcome", "rater"]
    np.testing.assert_allclose(
        ranking.strengths, rank(frame.sort_values(order, ignore_index=True), position=True).strengths, atol=1e-9
    )
    with store.reading() as session:
        assert session.scalar(select(func.sum(QuestionRow.votes))) == 60


def test_the_same_file_twice_stores_nothing_twice_and_a_longer_one_only_what_is_new(store, tmp_path):
    frame = drawn()
    path = written(frame, tmp_path / "votes.csv")
    import_votes(store, "s", path)
    before = kept(store, "s")
    assert import_votes(store, "s", path)[0] == (False, 0, 60, 0)
    pd.testing.assert_frame_equal(kept(store, "s"), before)
    more = pd.concat([frame, frame.tail(1).assign(item="new", left="delta")], ignore_index=True)
    assert import_votes(store, "s", written(more, path))[0] == (False, 1, 60, 1)
    assert len(kept(store, "s")) == 61
    again = pd.concat([frame, frame.head(1)], ignore_index=True)
    assert import_votes(store, "t", written(again, path))[0].stored == 61, "the same row twice in a file is two votes"


def test_what_a_study_exports_it_knows_again_and_another_store_ranks_alike(store, tmp_path):
    small_study(store, votes_per_question=2, attributes=[{"name": "wit"}], rationale="none")
    draw = np.random.default_rng(0)
    for rater in invite(store, "small", ["Ann", "Bob", "Cem"]):
        for n in range(8):
            one = asked(store, rater.token)
            said = {"choice": str(draw.choice(["left", "right", "tie", "both_bad"])), "attributes": {"wit": "left"}}
            vote(
                store,
                rater.token,
                one.assignment,
                f"key-{one.assignment}",
                said,
                rationale='so, "and"\nso' if n else None,
                seconds=n,
            )
        undo(store, rater.token)
    before = kept(store, "small")
    for ending in (".csv", ".jsonl", ".parquet"):
        path = tmp_path / f"votes{ending}"
        export_votes(store, "small", path)
        assert b"Ann" not in path.read_bytes()
        assert import_votes(store, "small", path)[0].stored == 0
        copy = f"copy{ending}"
        import_votes(store, copy, path)
        after = kept(store, copy)
        for column in ("vote", "item", "shown", "answer", "seconds", "not_counted", "at", "rationale", "served_probability"):
            assert after[column].fillna("").tolist() == before[column].fillna("").tolist(), column
        assert ranking_digest(ranking_of(store, copy)) == ranking_digest(ranking_of(store, "small"))


def test_a_study_made_otherwise_takes_only_votes_on_what_it_asks(store, tmp_path):
    small_study(store, votes_per_question=1)
    right = drawn(6).assign(item="1")
    assert import_votes(store, "small", written(right, tmp_path / "a.csv"))[0].stored == 6
    assert kept(store, "small")["not_counted"].isna().all(), "brought votes count whether or not a question has enough"
    for column, value, words in (("item", "9", "row 2, column item"), ("left", "delta", "row 2: the study does not ask")):
        wrong = right.copy()
        wrong.loc[1, column] = value
        with pytest.raises(InputError, match=words):
            import_votes(store, "small", written(wrong.assign(rater="E"), tmp_path / "b.csv"))
    assert len(kept(store, "small")) == 6
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(RaterRow)) == len(set(right["rater"]))


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("outcome", "won", "row 3, column outcome"),
        ("outcome", "", "row 3, column outcome"),
        ("rater", "", "row 3, column rater"),
        ("right", "alpha", "row 3, column right"),
        ("seconds", "soon", "row 3, column seconds"),
        ("seconds", "-1", "row 3, column seconds"),
        ("at", "yesterday", "row 3, column at"),
        ("at", "1e30", "row 3, column at"),
        ("served_probability", "2", "row 3, column served_probability"),
        ("vote", "a b", "row 3, column vote"),
        ("not_counted", "because", "row 3, column not_counted"),
        ("attributes", "{", "row 3, column attributes"),
        ("attributes", '{"wit": "none"}', "column outcome: the attributes to rate are: wit"),
        ("task", "dance", "row 3, column task"),
        ("item", "x" * 300, "row 3, column item"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_written(store, tmp_path, column, cell, words):
    frame = drawn(5).assign(left="alpha", right="beta", rater="A")
    frame[column] = [cell if i == 2 else frame[column][i] if column in frame else "" for i in range(5)]
    with pytest.raises(InputError, match=words):
        import_votes(store, "s", written(frame, tmp_path / "votes.csv"))
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(StudyRow)) == 0


def test_other_tasks_come_back_too(store, tmp_path):
    made = {name: Texts.of([name] * 3) for name in "abc"}
    for task, said in (("best_worst", {"best": 0, "worst": 2}), ("likert", {"value": 7}), ("ranking", {"ranks": [1, 2, 2]})):
        create_study(store, task, StudyDesign(task=task, points=9), made)
        [rater] = invite(store, task, ["Ann"])
        answer_other(store, rater.token, said)
        export_votes(store, task, tmp_path / f"{task}.jsonl")
        import_votes(store, f"{task} again", tmp_path / f"{task}.jsonl")
        assert kept(store, f"{task} again")["answer"].tolist() == [said]


def answer_other(store, token: str, said: dict) -> None:
    vote(store, token, asked(store, token).assignment, "key-of-this-vote", said)


def talk(question: str, answer: str) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


BATTLES = [
    {"model_a": "gpt", "model_b": "llama", "winner": winner, "judge": f"arena_user_{i % 2}", "tstamp": 1.68e9 + i + 0.25}
    for i, winner in enumerate(["model_a", "model_b", "tie", "tie (bothbad)", "model_a"])
]


def test_battles(store, tmp_path):
    path = tmp_path / "clean_battle.json"
    path.write_text(json.dumps(BATTLES))
    assert import_votes(store, "arena", path)[0] == (True, 5, 0, 2)
    votes = kept(store, "arena").sort_values("at")
    assert [answer["choice"] for answer in votes["answer"]] == ["left", "right", "tie", "both_bad", "left"]
    assert votes["at"].iloc[0] == 1_680_000_000_250
    assert votes["item"].nunique() == 5
    assert import_votes(store, "arena", path)[0].stored == 0
    import_votes(
        store, "arena", write_lines(tmp_path / "more.jsonl", [*BATTLES, {**BATTLES[0], "model_b": "new", "tstamp": 1.7e9}])
    )
    assert len(kept(store, "arena")) == 6


def write_lines(path: Path, rows: list) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_battles_show_what_was_said_last(store, tmp_path):
    rows = [
        {**one, "question_id": f"q{i}", "conversation_a": talk("Why?", f"So {i}."), "conversation_b": talk("Why?", f"Thus {i}.")}
        for i, one in enumerate(BATTLES)
    ]
    rows[1] |= {"question_id": "q0"}  # the same question, answered anew
    import_votes(store, "arena", write_lines(tmp_path / "b.jsonl", rows))
    pq = tmp_path / "b.parquet"
    pd.DataFrame(rows).to_parquet(pq)
    assert import_votes(store, "arena", pq)[0].stored == 0, "the same battles in another file"
    [rater] = invite(store, "arena", ["Ann"])
    with store.writing() as session:
        study = found(session, "arena")
        study.design = {**study.design, "votes_per_question": 2}
    seen = {asked(store, rater.token).prompt}
    shown = set()
    for _ in range(5):
        shown.add(frozenset(output.text() for output in asked(store, rater.token).outputs))
        answer(store, rater.token)
    assert seen == {"Why?"}
    assert shown == {frozenset({f"So {i}.", f"Thus {i}."}) for i in range(5)}
    export_study(store, "arena", tmp_path / "out")
    import_study(store, tmp_path / "out", "moved")
    pd.testing.assert_frame_equal(kept(store, "moved"), kept(store, "arena"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"winner": "model_c"}, "row 2, column winner"),
        ({"judge": None}, "row 2, column judge"),
        ({"model_b": "gpt"}, "row 2, column model_b"),
        ({"tstamp": -5}, "row 2, column tstamp"),
        ({"tstamp": "later"}, "row 2, column tstamp"),
        ({"conversation_a": "{"}, "row 2, column conversation_a"),
        ({"conversation_a": [1]}, "row 2, column conversation_a"),
    ],
)
def test_a_bad_battle_is_named(tmp_path, change, words):
    rows = [*BATTLES]
    rows[1] = rows[1] | change
    with pytest.raises(InputError, match=words):
        read_votes(write_lines(tmp_path / "b.jsonl", rows))


def task(results, **more) -> dict:
    """A task of Label Studio's JSON with one annotation."""
    data = {"prompt": "Why?", "model_a": "gpt", "model_b": "llama", "text1": "So.", "text2": "Thus."}
    about = {"completed_by": 7, "was_cancelled": False, "ground_truth": False, "lead_time": 4.5}
    one = {"id": 3, "created_at": "2026-03-09T22:16:08.728353Z", "result": results, **about, **more}
    return {"id": 12, "data": data, "annotations": [one], "predictions": []}


def said(kind: str, **value) -> dict:
    return {"id": "Dx_aB91ISN", "from_name": "it", "to_name": "text1,text2", "type": kind, "value": value}


def studio(path: Path, *tasks) -> Path:
    path.write_text(json.dumps([{**one, "id": i} for i, one in enumerate(tasks, 1)]))
    return path


def test_label_studio(store, tmp_path):
    path = studio(
        tmp_path / "project.json",
        task(
            [said("pairwise", selected="left"), said("textarea", text=["clearer"])], completed_by={"id": 4, "email": "a@b.example"}
        ),
        task([said("choices", choices=["Tie"])], ground_truth=True),
        task([said("pairwise", selected="right"), said("choices", choices=["both_bad"])]),
        task([said("pairwise", selected="right"), said("choices", choices=["about cats"])]),
        task([said("choices", choices=["B is better"])]),
        task([], was_cancelled=True),
    )
    done, notes = import_votes(store, "studio", path)
    assert done == (True, 5, 0, 2)
    assert notes == [
        "1 cancelled annotations are left out",
        "1 annotations are marked as ground truth; they count like others",
    ]
    votes = kept(store, "studio").sort_values("item")
    assert [one["choice"] for one in votes["answer"]] == ["left", "tie", "both_bad", "right", "right"]
    assert votes["rationale"].iloc[0] == "clearer"
    assert set(votes["seconds"]) == {4.5}
    assert set(votes["at"]) == {1_773_094_568_728}
    assert import_votes(store, "studio", path)[0].stored == 0


def test_label_studio_ratings(store, tmp_path):
    rated = [task([said("rating", rating=points)]) for points in (4, 10)]
    for one in rated:
        one["data"] = {"text": "So.", "generator": "gpt"}
    import_votes(store, "stars", studio(tmp_path / "p.json", *rated))
    assert sorted(one["value"] for one in kept(store, "stars")["answer"]) == [4, 10]


def test_label_studio_and_back(store, tmp_path):
    import_votes(store, "s", written(drawn().assign(left_text="one", right_text="other", seconds=2.5), tmp_path / "votes.csv"))
    export_votes(store, "s", tmp_path / "tasks.json", "label-studio")
    import_votes(store, "again", tmp_path / "tasks.json")
    first, second = ranking_of(store, "s"), ranking_of(store, "again")
    assert ranking_digest(first) == ranking_digest(second)
    with pytest.raises(InputError, match=r"\.json"):
        export_votes(store, "s", tmp_path / "tasks.csv", "label-studio")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ({"id": 1, "pw": "left"}, "no form that is known"),
        (task([]), "task 1, annotation 1, column result"),
        (task("left"), "task 1, annotation 1, column result"),
        (task([{"type": "pairwise"}]), "column result"),
        (task([said("pairwise", selected="up")]), "column selected"),
        (task([said("choices", choices=["perhaps"])]), "column choices"),
        (task([said("rating", rating=2.5)]), "column rating"),
        (task([said("pairwise", selected="left")], completed_by=None), "column completed_by"),
        (task([said("pairwise", selected="left")], created_at="now"), "column created_at"),
        (task([said("pairwise", selected="left")]) | {"data": {"text1": "x"}}, "--left and --right"),
    ],
)
def test_a_bad_task_is_named(tmp_path, one, words):
    with pytest.raises(InputError, match=words):
        read_votes(studio(tmp_path / "p.json", one))


def test_fields_that_name_the_generators(tmp_path):
    one = task([said("pairwise", selected="left")]) | {"data": {"first": "gpt", "second": "llama"}}
    read = read_votes(studio(tmp_path / "p.json", one), fields=Fields("first", "second"))
    assert read.votes[0].shown == ("gpt", "llama")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("v.json", "{", "not valid JSON"),
        ("v.json", "[" * 5000, "not valid JSON"),
        ("v.json", "{}", "list of objects"),
        ("v.json", "[]", "no form that is known"),
        ("v.csv", "a,b\n1,2\n", "no form that is known"),
        ("v.csv", "outcome,item\nleft,1\n", "needs a column rater"),
        ("v.parquet", "PAR1", "damaged"),
        ("v.xlsx", "x", "no file of votes"),
    ],
)
def test_files_that_hold_no_votes(tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=words):
        read_votes(tmp_path / name)


def test_a_closed_study_and_another_task_take_none(store, tmp_path):
    small_study(store, task="likert")
    path = written(drawn(5), tmp_path / "votes.csv")
    with pytest.raises(InputError, match="likert"):
        import_votes(store, "small", path)
    with store.writing() as session:
        found(session, "small").state = "closed"
    with pytest.raises(InputError, match="closed"):
        import_votes(store, "small", path)


def test_people_go_on_where_brought_votes_end(store, tmp_path):
    import_votes(store, "s", written(drawn(10), tmp_path / "votes.csv"))
    [rater] = invite(store, "s", ["Ann"])
    assert next_question(store, rater.token).of > 0
