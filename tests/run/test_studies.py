import json

import numpy as np
import pytest

import evalkit as ek
from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.run.rankings import (
    agreement_of,
    note_look,
    ranking_digest,
    ranking_of,
    ranking_of_file,
    shows_texts,
    study_comparisons,
)
from evalkit.run.studies import check_generators, create, keep_evaluation, links, read_items, set_state, studies, study_line
from evalkit.run.study_preferences import last_event
from evalkit.run.study_progress import study_progress
from evalkit.run.vote_files import VOTE_FILES, export_votes, import_votes, vote_bytes, vote_table
from evalkit.study import Attribute, Served, Store, StudyDesign, invite, next_question, vote
from evalkit.study.findings import findings_of
from evalkit.study.log import found
from tests.study.studies import texts

STRENGTH = {"alpha": 1, "beta": 0, "gamma": 2}


def texts_files(folder, items=6):
    """A file of outputs for each generator; the text says who wrote it."""
    paths = {}
    for name in STRENGTH:
        paths[name] = folder / f"{name}.txt"
        paths[name].write_text("".join(f"{name}, on topic {i}\n" for i in range(items)))
    return paths


def rated(store, folder, raters=4, **design) -> None:
    """A study in which the better writer nearly always wins."""
    create(store, "essays", texts_files(folder), StudyDesign(votes_per_question=raters, **design))
    for number, rater in enumerate(invite(store, "essays", [f"rater {i}" for i in range(raters)])):
        answered = 0
        while isinstance(asked := next_question(store, rater.token), Served):
            left, right = (STRENGTH[output.text().split(",")[0]] for output in asked.outputs)
            better = "left" if left > right else "right"
            if answered % 6 == number:
                better = {"left": "right", "right": "left"}[better]
            vote(store, rater.token, asked.assignment, f"{number}-vote-{answered:03d}", {"choice": better}, seconds=2.0 + number)
            answered += 1


def test_rows_are_drawn_without_prompts_and_paired_with_them(store, tmp_path):
    paths = texts_files(tmp_path, items=40)
    assert create(store, "drawn", paths, StudyDesign(), items=7) == 7
    prompts = tmp_path / "prompts.csv"
    prompts.write_text(
        "prompt,kind,expected,item\n" + "".join(f"say {i},,,topic {i}\n" for i in range(39)) + "which,check,beta,last\n"
    )
    assert create(store, "paired", paths, StudyDesign(), prompts=prompts) == 40
    assert [line.questions for line in studies(store)] == [21, 117]
    [rater] = invite(store, "paired", ["Ann"])
    asked = next_question(store, rater.token)
    assert {output.text().split("topic ")[1] for output in asked.outputs} == {asked.prompt.removeprefix("say ")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("question\nwhat\n", "column called prompt"),
        ("prompt,kind\nwhat,examination\n", "row 1 of the prompts: its kind"),
    ],
)
def test_prompts_that_are_none_are_refused(tmp_path, content, said):
    path = tmp_path / "prompts.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read_items(path, {"a"}, StudyDesign())


def test_a_study_is_ranked_and_its_agreement_said(store, tmp_path):
    rated(store, tmp_path)
    ranking = ranking_of(store, "essays")
    assert ranking.generators == ("gamma", "alpha", "beta")
    finding = agreement_of(store, "essays")
    assert finding.status == "ok"
    assert 0 < finding.value < 1
    line = study_line(store, "essays")
    assert (line.votes, line.wanted, line.raters) == (72, 72, 4)


def test_the_ranking_at_an_earlier_point_is_rebuilt_from_the_log(store, tmp_path):
    rated(store, tmp_path)
    with store.reading() as session:
        head = found(session, "essays").head_number
    assert ranking_digest(ranking_of(store, "essays", until=head)) == ranking_digest(ranking_of(store, "essays"))
    assert len(study_comparisons(store, "essays", until=head - 10)) == 62


def test_both_databases_give_the_same_ranking(tmp_path, postgres):
    digests = []
    for address in (f"sqlite:///{tmp_path / 'one.sqlite'}", postgres):
        with Store(address) as opened:
            with opened.writing() as session:
                from sqlalchemy import text

                from evalkit.study.tables import Base

                for table in reversed(Base.metadata.sorted_tables):
                    session.execute(text(f"DELETE FROM {table.name}"))  # noqa: S608
            rated(opened, tmp_path)
            digests.append(ranking_digest(ranking_of(opened, "essays")))
    assert digests[0] == digests[1]


def test_before_any_vote_there_is_no_ranking(store, tmp_path):
    create(store, "essays", texts_files(tmp_path), StudyDesign())
    with pytest.raises(InputError, match="nobody has voted"):
        ranking_of(store, "essays")
    with pytest.raises(InputError, match="nobody has voted"):
        agreement_of(store, "essays")


def test_agreement_of_ratings_on_a_scale(store, tmp_path):
    create(store, "essays", texts_files(tmp_path), StudyDesign(task="likert"))
    for rater in invite(store, "essays", ["Ann", "Bob"]):
        while isinstance(asked := next_question(store, rater.token), Served):
            value = 1 + STRENGTH[asked.outputs[0].text().split(",")[0]]
            vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", {"value": value})
    assert agreement_of(store, "essays").value == pytest.approx(1.0)
    assert ranking_of(store, "essays").generators == ("gamma", "alpha", "beta")


@pytest.mark.parametrize(
    ("task", "answered"),
    [
        ("ranking", lambda order: {"ranks": [1 + order.index(name) for name in range(3)]}),
        ("choice", lambda order: {"choice": order[0]}),
        ("best_worst", lambda order: {"best": order[0], "worst": order[-1]}),
    ],
)
def test_several_at_a_time_are_ranked_too(store, tmp_path, task, answered):
    create(store, "essays", texts_files(tmp_path), StudyDesign(task=task, votes_per_question=4))
    for number, rater in enumerate(invite(store, "essays", [f"rater {i}" for i in range(4)])):
        done = 0
        while isinstance(asked := next_question(store, rater.token), Served):
            strength = [STRENGTH[output.text().split(",")[0]] for output in asked.outputs]
            order = sorted(range(3), key=lambda place: -strength[place])
            order = order[::-1] if done == number else order[1:] + order[:1] if done == number + 1 else order
            vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", answered(order))
            done += 1
    ranking = ranking_of(store, "essays")
    assert ranking.generators[0] == "gamma"
    assert ranking.method.startswith(("Plackett-Luce", "best and worst"))


def test_what_texts_owe_to_their_length_is_taken_out(store, tmp_path):
    lengths = {"short": (20, 7), "long": (35, 13)}
    made = {name: Texts.of(["x" * (usual + step * i % 50) for i in range(60)]) for name, (usual, step) in lengths.items()}
    create(store, "essays", made, StudyDesign(votes_per_question=1), items=60)
    [rater] = invite(store, "essays", ["Ann"])
    for i in range(60):
        asked = next_question(store, rater.token)
        left, right = (len(output.text()) for output in asked.outputs)
        longer = "left" if left > right else "right"
        choice = longer if i % 4 else {"left": "right", "right": "left"}[longer]
        vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", {"choice": choice})
    assert shows_texts(store, "essays")
    plain, equal = ranking_of(store, "essays"), ranking_of(store, "essays", style=True)
    assert [effect.name for effect in equal.effects] == ["left side", "length"]
    assert plain.win_probability("long", "short").value > equal.win_probability("long", "short").value + 0.05
    events_so_far = ranking_of(store, "essays", style=True, until=last_event(store, "essays"))
    assert ranking_digest(equal) == ranking_digest(events_so_far)


def test_ratings_on_a_scale_and_attributes_are_ranked_too(store, tmp_path):
    design = StudyDesign(task="likert", points=7, attributes=[Attribute(name="fluent")], votes_per_question=2)
    create(store, "rated", texts_files(tmp_path), design)
    for rater in invite(store, "rated", ["Ann", "Bob"]):
        while isinstance(asked := next_question(store, rater.token), Served):
            strength = STRENGTH[asked.outputs[0].text().split(",")[0]]
            answer = {"value": 3 + strength, "attributes": {"fluent": [6 - strength]}}
            vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", answer)
    board = ranking_of(store, "rated").table()
    assert board[["generator", "mean", "rank", "votes"]].values.tolist() == [
        ["gamma", 5.0, "1-3", 12.0],
        ["alpha", 4.0, "1-3", 12.0],
        ["beta", 3.0, "1-3", 12.0],
    ]
    assert "errors rest on only 2 raters: intervals are rough" in ranking_of(store, "rated").notes
    assert ranking_of(store, "rated", attribute="fluent").generators == ("beta", "alpha", "gamma")
    with pytest.raises(InputError, match="the attributes that were rated are: fluent"):
        ranking_of(store, "rated", attribute="witty")
    with pytest.raises(InputError, match="pairs only"):
        ranking_of(store, "rated", ridge=0.1)
    export_votes(store, "rated", tmp_path / "votes.csv")
    assert ranking_of_file(tmp_path / "votes.csv", attribute="fluent").generators == ("beta", "alpha", "gamma")


def test_attributes_of_pairs_are_ranked_as_pairs(store, tmp_path):
    create(store, "pairs", texts_files(tmp_path), StudyDesign(attributes=[Attribute(name="fluent")], votes_per_question=1))
    [rater] = invite(store, "pairs", ["Ann"])
    for number in range(18):
        asked = next_question(store, rater.token)
        left, right = (STRENGTH[output.text().split(",")[0]] for output in asked.outputs)
        better, worse = ("left", "right") if (left > right) == (number % 3 > 0) else ("right", "left")
        vote(store, rater.token, asked.assignment, f"vote-{number:02d}-by-ann", {"choice": better, "attributes": {"fluent": worse}})
    main, fluent = ranking_of(store, "pairs"), ranking_of(store, "pairs", attribute="fluent")
    assert fluent.generators == main.generators[::-1]
    np.testing.assert_allclose(fluent.values, -main.values[::-1], atol=1e-9)


def test_style_is_about_pairs_of_texts(store, tmp_path):
    create(store, "ranked", texts_files(tmp_path), StudyDesign(task="ranking"))
    assert not shows_texts(store, "ranked")
    [rater] = invite(store, "ranked", ["Ann"])
    asked = next_question(store, rater.token)
    vote(store, rater.token, asked.assignment, "key-of-this-vote", {"ranks": [1, 2, 3]})
    with pytest.raises(InputError, match="pairs only"):
        ranking_of(store, "ranked", style=True)
    rows = ek.load([[1.0, 2.0], [3.0, 4.0]])
    create(store, "rows", {"a": rows, "b": rows}, StudyDesign())
    [rater] = invite(store, "rows", ["Ann"])
    vote(store, rater.token, next_question(store, rater.token).assignment, "key-of-this-vote", {"choice": "left"})
    with pytest.raises(InputError, match="does not show texts"):
        ranking_of(store, "rows", style=True)
    create(store, "new", texts_files(tmp_path), StudyDesign())
    with pytest.raises(InputError, match="nobody has voted"):
        ranking_of(store, "new", style=True)
    lines = tmp_path / "votes.csv"
    lines.write_text("rater,item,left,right,outcome\n" + "".join(f"r{i},{i},a,b,{('left', 'right')[i % 2]}\n" for i in range(6)))
    import_votes(store, "brought", lines)
    with pytest.raises(InputError, match="brought from votes without them"):
        ranking_of(store, "brought", style=True)


def test_progress_says_who_did_what(store, tmp_path):
    rated(store, tmp_path, raters=2)
    note_look(store, "essays")
    set_state(store, "essays", "closed")
    progress = study_progress(store, "essays")
    assert (progress.state, progress.votes, progress.wanted, progress.per_hour) == ("closed", 36, 36, 36)
    assert [rater.median_seconds for rater in progress.raters] == [2.0, 3.0]
    assert [rater.done for rater in progress.raters] == [18, 18]


@pytest.mark.parametrize("ending", VOTE_FILES)
def test_votes_as_files_say_who_what_when_and_shown_how(store, tmp_path, ending):
    rated(store, tmp_path, raters=2)
    path = tmp_path / f"votes{ending}"
    path.write_bytes(vote_bytes(store, "essays", ending))
    read = ek.load(path, modality="table").frame
    assert len(read) == 36
    assert {"vote", "rater", "item", "left", "right", "outcome", "at", "seconds", "served_probability"} <= set(read.columns)
    first = vote_table(store, "essays").iloc[0]
    assert json.loads(first["shown"]) == [first["left"], first["right"]]


def test_an_evaluation_joins_the_study(tmp_path):
    address = f"sqlite:///{tmp_path / 's.sqlite'}"
    with Store(address) as opened:
        create(opened, "essays", {name: texts(name, 5) for name in ("alpha", "beta")}, StudyDesign())
    real = Texts.of([f"{'a' * (i % 7)} word {i}" for i in range(120)])
    evaluation = ek.evaluate(real.take(slice(60)), {"alpha": real.take(slice(60, 120))}, metrics=["distinct_n"], closer=False)
    assert keep_evaluation(address, "essays", evaluation) >= 1
    with Store(address) as opened:
        assert list(findings_of(opened, "essays")) == [("alpha", "evaluate")]
    with pytest.raises(InputError, match="no generator 'omega'"):
        check_generators(address, "essays", ["omega"])


def test_links_name_the_page_of_raters():
    assert links(["abc"], "https://rate.example/") == ["https://rate.example/rate?r=abc"]
