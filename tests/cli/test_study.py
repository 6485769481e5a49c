import json

import pytest

from tests.cli.commands import evalkit
from tests.run.test_studies import rated, texts_files


@pytest.fixture
def address(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 's.sqlite'}"
    monkeypatch.setenv("EVALKIT_STORE", url)
    return url


def made(tmp_path, *options):
    generators = [part for name, path in texts_files(tmp_path).items() for part in ("--generator", f"{name}={path}")]
    return evalkit("study", "create", "essays", *generators, *options)


def test_from_files_to_links(address, tmp_path):
    done = made(tmp_path, "--votes", 2, "--attributes", "fluent", "--mask", "GPT,Claude")
    assert "6 items, 18 questions, 36 votes wanted" in done.stdout
    assert "essays: open, 0 of 36 votes" in evalkit("study", "list").stdout
    invited = json.loads(evalkit("ratings", "invite", "essays", "--names", "Ann,Bob", "--json").stdout)
    assert [one["name"] for one in invited] == ["Ann", "Bob"]
    assert invited[0]["link"].startswith("http://127.0.0.1:8501/rate?r=")
    shown = evalkit("study", "show", "essays").stdout
    assert "Ann" in shown
    assert invited[0]["link"] not in shown
    assert "closed" in evalkit("ratings", "revoke", "essays", invited[0]["rater"]).stdout
    assert "erased" in evalkit("ratings", "erase", "essays", invited[1]["rater"]).stdout
    assert "Bob" not in evalkit("study", "show", "essays", "--json").stdout
    assert "The log holds" in evalkit("study", "verify", "essays").stdout


def test_ranking_and_agreement(address, tmp_path):
    from evalkit.study import Store

    with Store(address) as store:
        rated(store, tmp_path)
    said = evalkit("ratings", "rank", "essays").stdout
    assert said.splitlines()[0].startswith(("gamma leads", "Votes cannot separate"))
    assert "left side" in said
    ranking = json.loads(evalkit("ratings", "rank", "essays", "--json").stdout)
    assert [row["generator"] for row in ranking["ranking"]] == ["gamma", "alpha", "beta"]
    assert len(ranking["digest"]) == 64
    assert "agreement (krippendorff): 0." in evalkit("ratings", "agreement", "essays").stdout


def test_raters_in_detail(address, tmp_path):
    from evalkit.study import Store

    with Store(address) as store:
        rated(store, tmp_path, raters=4)
    said = evalkit("ratings", "raters", "essays").stdout.splitlines()
    assert said[0] == "No single rater decides who leads."
    assert len(said) == 5
    assert "agrees" in said[1]
    assert len(json.loads(evalkit("ratings", "raters", "essays", "--json").stdout)) == 4


def test_stopping_and_planning(address, tmp_path):
    from evalkit.study import Store

    with Store(address) as store:
        rated(store, tmp_path, raters=6)
    said = evalkit("ratings", "stop", "essays").stdout.splitlines()
    assert len(said) == 3
    assert sum("stop: " in line for line in said) >= 1
    assert len(json.loads(evalkit("ratings", "stop", "essays", "--json").stdout)) == 3
    assert evalkit("ratings", "plan", "--win-rate", 0.6).stdout.startswith("194 votes")
    assert "of 5 generators" in evalkit("ratings", "plan", "--generators", 5).stdout
    assert "of 20 raters on 50 items" in evalkit("ratings", "plan", "essays", "--win-rate", 0.8).stdout
    assert evalkit("ratings", "plan", "--win-rate", 0.5).returncode == 2


def test_the_tenth_place_is_no_first_place(tmp_path):
    """Of twelve generators in a clear order the last may be tenth to twelfth: that begins with a 1 and is no first place."""
    names = [f"g{i:02d}" for i in range(12)]
    rows = ["rater,item,left,right,outcome"]
    for i, better in enumerate(names):
        for worse in names[i + 1 :]:
            for vote in range(40):
                left, right = (better, worse) if vote % 2 else (worse, better)
                won = better if vote % 10 else worse
                rows.append(f"r{vote},{better}{worse}{vote},{left},{right},{'left' if won == left else 'right'}")
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(rows))
    said = evalkit("ratings", "rank", path).stdout.splitlines()
    assert any(line.split()[:1] == ["g11"] and line.split()[1].startswith("1") for line in said)
    assert "g00" in said[0]
    assert not any(name in said[0] for name in names[9:])


def test_a_ridge_is_for_pairs(address, tmp_path):
    assert made(tmp_path, "--task", "ranking").returncode == 0
    from evalkit.study import Served, Store, invite, next_question, vote

    with Store(address) as store:
        [rater] = invite(store, "essays", ["Ann"])
        asked = next_question(store, rater.token)
        assert isinstance(asked, Served)
        vote(store, rater.token, asked.assignment, "one-vote-only", {"ranks": [1, 2, 3]})
    refused = evalkit("ratings", "rank", "essays", "--ridge", 0.1)
    assert refused.returncode == 2
    assert "for pairs only" in refused.stderr


def test_a_design_whose_parts_do_not_fit_is_one_sentence(address, tmp_path):
    for options in (("--attributes", "fluent,fluent"), ("--task", "likert", "--pairing", "informative")):
        done = made(tmp_path, *options)
        assert done.returncode == 2
        assert "the study's design cannot be that" in done.stderr


def test_pausing_and_reopening(address, tmp_path):
    made(tmp_path)
    for command, state in (("pause", "paused"), ("reopen", "open"), ("close", "closed")):
        evalkit("study", command, "essays")
        assert f"essays: {state}" in evalkit("study", "list").stdout


def test_an_empty_store_says_how_to_begin(address):
    assert "evalkit study create" in evalkit("study", "list").stdout
    assert json.loads(evalkit("study", "list", "--json").stdout) == []


def test_a_token_for_the_organiser(address):
    from evalkit.study import Store
    from evalkit.study.raters import is_organiser

    token = evalkit("study", "organiser").stdout.strip()
    with Store(address) as store:
        assert is_organiser(store, token)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("study", "show", "nowhere"), "no study is called 'nowhere'"),
        (("study", "create", "x", "--generator", "a"), "NAME=PATH"),
        (("ratings", "invite", "nowhere", "--raters", 2), "no study is called"),
        (("ratings", "rank", "nowhere"), "no study is called"),
        (("study", "list", "--store", "mysql://x"), "cannot be mysql"),
    ],
)
def test_bad_input_is_one_sentence(address, command, said):
    done = evalkit(*command)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--task", "guess", "task"),
        ("--pairing", "best", "pairing"),
        ("--rationale", "long", "rationale"),
        ("--points", 200, "points"),
    ],
)
def test_a_design_that_is_none_is_one_sentence(address, tmp_path, option, value, said):
    done = made(tmp_path, option, value)
    assert done.returncode == 2
    assert said in done.stderr
    assert "No study yet" in evalkit("study", "list").stdout
