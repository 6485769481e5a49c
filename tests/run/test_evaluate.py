import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import CancelledError, InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Images, Series, Texts
from evalkit.features import load_extractor, save_extractor
from evalkit.features.from_callable import FromCallable
from evalkit.features.hashed_ngrams import HashedNgrams
from evalkit.run.evaluate import check_files, evaluate, write_evaluation
from evalkit.run.measures import MEASURES
from evalkit.statistics.influence import Estimate

N = 400


def table(seed, shift=0.0, n=N):
    draw = np.random.default_rng(seed)
    size = draw.normal(shift, 1, n)
    return pd.DataFrame({"size": size, "weight": 2 * size + draw.normal(0, 0.1, n), "colour": draw.choice(["red", "blue"], n)})


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(table(0, n=800), {"near": table(1), "far": table(2, shift=1.0), "also near": table(3)})


def test_the_planted_order_is_concluded_and_no_more(evaluation):
    assert evaluation.conclusions[0].startswith("near is better than far")
    assert evaluation.conclusions[1].startswith("near and also near: no difference may be concluded")
    assert evaluation.conclusions[2].startswith("also near is better than far")


def test_every_figure_carries_n_interval_settings_and_where_it_came_from(evaluation):
    assert evaluation.findings
    for each in evaluation.measured:
        finding = each.finding
        assert isinstance(finding, Evidence), finding
        assert finding.low <= finding.value <= finding.high
        assert finding.n >= 100
        assert finding.method
        assert set(finding.provenance) == {"reference", "generated"}
        assert finding.name in MEASURES[each.metric].figures


def test_generators_are_held_against_the_same_rows(evaluation):
    assert evaluation.reference.rows == 600
    against = {each.metric: each.finding.provenance["reference"] for each in evaluation.measured}
    # Copies are looked for among all real rows.
    assert against.pop("copies") not in against.values()
    assert len(set(against.values())) == 1


def test_a_pair_is_compared_in_every_figure_that_has_a_better_end(evaluation):
    pairs = {(each.first, each.second) for each in evaluation.comparisons}
    assert pairs == {("near", "far"), ("near", "also near"), ("far", "also near")}
    figures = {each.figure for each in evaluation.comparisons}
    directed = {finding.name for finding in evaluation.findings if finding.direction != "neither"}
    assert figures == directed


def test_every_pair_says_how_many_rows_would_tell_it_apart(evaluation):
    for each in evaluation.comparisons:
        needed = each.rows_needed
        if each.low <= 0 <= each.high:
            assert (needed.about, needed.at_most) == (None, None)
        else:
            assert 30 <= needed.at_least <= needed.about <= needed.at_most
        # What is told apart by far would have been so with fewer rows.
        assert each.p_value > 1e-6 or needed.about < N
    undecided = next(sentence for sentence in evaluation.conclusions if "no difference may be concluded" in sentence)
    assert "to tell them apart as they are measured now takes more than" in undecided


@dataclass(frozen=True)
class Borderline:
    """Gives each generator figures whose difference has a p-value of about 0.03."""

    def estimates(self, reference, generated, *, seed):
        value = 2.17 * np.sqrt(2) if generated.mean() > 0.5 else 0.0
        spread = np.resize([-1.0, 1.0], len(generated)) * np.sqrt(len(generated) - 1)
        return {name: Estimate(value, "lower", "made", np.zeros(len(reference)), spread) for name in ("one", "other")[: self.n]}


@pytest.mark.parametrize(("n", "better"), [(1, {"second"}), (2, {"not separable"})])
def test_two_chances_to_be_better_are_corrected_for(monkeypatch, n, better):
    spec = replace(MEASURES["kid"], name="borderline", figures=("one", "other"))
    monkeypatch.setattr(Borderline, "n", n, raising=False)
    monkeypatch.setattr(type(spec), "load", lambda spec: Borderline)
    monkeypatch.setitem(MEASURES, "borderline", spec)
    real, near, far = (pd.DataFrame({"a": np.random.default_rng(i).normal(shift, 1, N)}) for i, shift in enumerate((0, 0, 5)))
    result = evaluate(real, {"far": far, "near": near}, metrics=["borderline"])
    assert {each.better for each in result.comparisons} == better
    assert result.comparisons[0].p_value == pytest.approx(0.03 * n, abs=0.001)


def test_one_seed_gives_one_result(evaluation):
    again = evaluate(table(0, n=800), {"near": table(1), "far": table(2, shift=1.0), "also near": table(3)})
    assert again == evaluation


@dataclass(frozen=True)
class Broken:
    """A metric that needs more than there is."""

    def estimates(self, reference, generated, *, seed):
        raise InputError("broken needs a million rows, got fewer: draw more")


def test_a_metric_that_fails_is_a_failure_and_the_others_go_on(monkeypatch):
    spec = replace(MEASURES["kid"], name="broken", figures=("broken",))
    monkeypatch.setattr(type(spec), "load", lambda spec: Broken if spec.name == "broken" else loaded(spec))
    monkeypatch.setitem(MEASURES, "broken", spec)
    result = evaluate(table(0), {"a": table(1), "b": table(2)}, metrics=["broken", "kid"])
    assert [type(finding) for finding in result] == [Failure, Failure, Evidence, Evidence]
    assert result.findings[0].reason == "broken needs a million rows, got fewer: draw more"
    assert {each.figure for each in result.comparisons} == {"kid"}


loaded = type(MEASURES["kid"]).load


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"generated": {}}, "there is nothing to compare"),
        ({"metrics": ["nothing"]}, "there is no metric 'nothing' for table"),
        ({"extractor": "nothing"}, "there is no extractor 'nothing' for table"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(settings, words):
    asked = {"generated": {"a": table(1)}} | settings
    with pytest.raises(InputError, match=words):
        evaluate(table(0), **asked)


@pytest.mark.parametrize(("out", "report"), [("evidence.html", None), (None, "report.json"), ("folder.json", None)])
def test_a_file_that_cannot_be_written_is_refused(tmp_path, out, report):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        check_files(out and tmp_path / out, report and tmp_path / report)


def test_what_limits_the_figures_is_said():
    few = evaluate(table(0, n=150), {"a": table(1, n=100), "b": table(2, n=120)}, metrics=["kid"])
    assert any("too few to set some aside" in sentence for sentence in few.cautions)
    assert any("unequally many rows" in sentence for sentence in few.cautions)


def test_a_classifier_as_the_extractor_scores_how_sure_and_how_varied_rows_are():
    def chances(sample):
        size = sample.frame["size"].to_numpy(dtype=float)
        return np.column_stack([np.exp(3 * size), np.ones(len(size)), np.exp(-3 * size)]) / (1 + 2 * np.cosh(3 * size))[:, None]

    generators, asked = {"varied": table(1), "one-sided": table(2, shift=2.0)}, {"metrics": ["classifier_score"], "closer": False}
    result = evaluate(table(0), generators, extractor=FromCallable(chances, "sizes"), **asked)
    assert result.of("varied")["classifier_score"].low > 1.3 > result.of("one-sided")["classifier_score"].high
    assert result.conclusions == ("varied is better than one-sided: by classifier_score.",)
    refused = evaluate(table(0), generators, **asked)
    assert all(isinstance(one.finding, Failure) and "softmax" in one.finding.reason for one in refused.measured)


def test_a_fitted_extractor_sees_later_generators_as_the_first_ones(tmp_path):
    first = evaluate(table(0), {"a": table(1)}, metrics=["kid"], closer=False, keep_extractor=tmp_path / "kept")
    later = table(7)
    for extractor in (tmp_path / "kept", str(tmp_path / "kept"), load_extractor(tmp_path / "kept")):
        result = evaluate(later, {"b": table(2)}, metrics=["kid"], closer=False, extractor=extractor)
        assert result.settings["extractor digest"] == first.settings["extractor digest"]
        assert result.settings["reference rows that only the extractor saw"] == "0"
        assert result.reference.rows == len(later)
        assert any("fitted before" in sentence for sentence in result.cautions)


def test_with_the_same_reference_the_rows_that_it_learned_from_stay_out(tmp_path):
    asked = {"metrics": ["kid"], "closer": False}
    first = evaluate(table(0), {"a": table(1)}, **asked, keep_extractor=tmp_path / "kept")
    kept = {"extractor": tmp_path / "kept", "seed": 5, "keep_extractor": tmp_path / "again"}
    later = evaluate(table(0), {"a": table(1), "b": table(2)}, **asked, **kept)
    assert later.reference == first.reference
    assert later.measured[0].finding.value == first.measured[0].finding.value
    assert later.cautions == first.cautions
    third = evaluate(table(0), {"a": table(1)}, **asked, extractor=tmp_path / "again", seed=6)
    assert third.reference == first.reference


def test_an_extractor_for_other_data_is_refused(tmp_path):
    save_extractor(HashedNgrams().fit(Texts.of(["to be", "or not"]), seed=0), tmp_path / "kept")
    with pytest.raises(InputError, match="hashed_ngrams reads Texts, got table"):
        evaluate(table(0), {"a": table(1)}, extractor=tmp_path / "kept")


def test_a_folder_that_an_extractor_cannot_be_kept_in_is_refused_at_once(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="folder of its own"):
        evaluate(tmp_path / "nowhere.csv", {"a": table(1)}, keep_extractor=tmp_path)


def test_the_files_hold_what_was_found(evaluation, tmp_path):
    write_evaluation(evaluation, out=tmp_path / "evidence.json", report=tmp_path / "report.html")
    assert json.loads((tmp_path / "evidence.json").read_text())["conclusions"] == list(evaluation.conclusions)
    assert evaluation.conclusions[0] in (tmp_path / "report.html").read_text()


def test_it_can_be_stopped():
    def stop(step):
        if step.stage == "measuring":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        evaluate(table(0), {"a": table(1)}, metrics=["kid"], progress=stop)


def spots(seed, brightness=200, n=60):
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 40, size=(n, 8, 8, 1))
    pixels[:, 2:5, 2:5] += draw.integers(brightness - 40, brightness, size=(n, 1, 1, 1))
    return Images.of(pixels.clip(0, 255).astype(np.uint8))


def sayings(seed, words=("red", "green", "blue", "grey"), n=60):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(draw.choice(words, 6)) for _ in range(n)])


def waves(seed, period=8.0, n=6):
    draw = np.random.default_rng(seed)
    steps = np.arange(200)
    made = [np.sin(2 * np.pi * (steps + draw.uniform(0, 8)) / period)[:, None] + draw.normal(0, 0.1, (200, 1)) for _ in range(n)]
    return Series.of(made, ("level",))


@pytest.mark.parametrize(
    ("reference", "near", "far"),
    [
        (spots(0, n=240), spots(1), spots(2, brightness=120)),
        (sayings(0, n=240), sayings(1), sayings(2, words=("one", "two", "three", "grey"))),
        (waves(0), waves(1), waves(2, period=5.0)),
    ],
    ids=["images", "texts", "series"],
)
def test_every_modality_has_figures_that_tell_a_good_generator_from_a_bad_one(reference, near, far):
    result = evaluate(reference, {"near": near, "far": far}, metrics=["kid"])
    assert result.conclusions == ("near is better than far: by kid.",)


def test_features_are_kept_and_found_again(tmp_path):
    given = {"metrics": ["kid"], "closer": False, "cache": tmp_path / "features"}
    first = evaluate(table(0), {"near": table(1)}, **given)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "features").glob("*.npz")}
    assert len(kept) == 2
    assert evaluate(table(0), {"near": table(1)}, **given) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "features").glob("*.npz")} == kept


OF_FITTED = {"nearest_share", "closest_record_control", "membership_attack"}


def copier(fitted, seed, share=0.3):
    """An honest generator, part of whose rows are fitted ones with a little noise."""
    drawn = table(seed)
    n = int(share * N)
    taken = fitted.sample(n, random_state=seed).reset_index(drop=True)
    noise = np.random.default_rng(seed).normal(0, 0.001, (n, 2))
    drawn.loc[: n - 1, ["size", "weight"]] = taken[["size", "weight"]] + noise
    drawn.loc[: n - 1, "colour"] = taken["colour"]
    return drawn


def test_a_copier_is_named_and_an_honest_generator_is_not():
    fitted = table(5)
    generated = {"honest": table(6), "copier": copier(fitted, 7)}
    result = evaluate(table(0, n=800), generated, fitted=fitted, metrics=["kid"], closer=False)
    honest, copying = result.of("honest"), result.of("copier")
    assert honest.keys() == OF_FITTED | {"kid"}
    for name in OF_FITTED:
        assert honest[name].value < copying[name].low, name
        assert copying[name].low > 0.5, name
        assert copying[name].provenance.keys() == {"reference", "generated", "fitted"}
        assert copying[name].provenance["fitted"] == result.fitted.sha256
        assert (copying[name].settings["fitted rows"], copying[name].settings["reference rows"]) == (N, 600)
    assert copying["kid"].provenance.keys() == {"reference", "generated"}
    decided = {each.figure: each.better for each in result.comparisons}
    # How near rows lie to the fitted ones has no better end: where rows are many, they lie near.
    assert {name for name, better in decided.items() if better == "first"} == OF_FITTED - {"closest_record_control"}
    assert result.conclusions[0].startswith("honest is better than copier: by")


def test_where_nothing_is_copied_the_intervals_hold_one_half():
    """Binomial(20, 0.95) is 16 or more but for 3 in 10,000."""
    held = dict.fromkeys(OF_FITTED, 0)
    for seed in range(20):
        real, fitted, drawn = table(10 + seed, n=250), table(50 + seed, n=150), table(90 + seed, n=150)
        result = evaluate(real, {"new": drawn}, fitted=fitted, metrics=[], closer=False, seed=seed)
        for name, found in result.of("new").items():
            held[name] += found.low <= 0.5 <= found.high
    assert min(held.values()) >= 16


def test_a_reference_that_holds_fitted_rows_is_no_control():
    real, fitted = table(0, n=500), table(1)
    for seen in (real, real.head(300), real.tail(60)):
        with pytest.raises(InputError, match=r"every fitted row is in the reference: the reference must be rows .* never saw"):
            evaluate(real, {"a": table(2)}, fitted=seen)
    some = pd.concat([fitted, real.head(12)])
    result = evaluate(real, {"a": table(2)}, fitted=some, metrics=["nearest_share"], closer=False)
    assert [finding.name for finding in result] == ["nearest_share"]
    assert any(sentence.startswith("12 of the 412 fitted rows are in the reference as well") for sentence in result.cautions)


def test_labels_that_recur_are_no_shared_rows_of_a_file():
    draw = np.random.default_rng(0)
    labels = pd.DataFrame({"a": draw.choice(["x", "y"], 900), "b": draw.choice(["u", "v"], 900)})
    result = evaluate(labels.head(400), {"new": labels.tail(200)}, fitted=labels[400:700], metrics=[], closer=False)
    for found in result.of("new").values():
        assert found.low <= 0.5 <= found.high


def test_a_metric_of_fitted_rows_is_refused_without_them():
    with pytest.raises(InputError, match=r"nearest_share needs the rows that the generators were fitted to: .* --fitted PATH"):
        evaluate(table(0), {"a": table(1)}, metrics=["kid", "nearest_share"])


@pytest.mark.parametrize(
    ("reference", "fitted", "new"),
    [
        (spots(0, n=240), spots(1, n=100), spots(2, n=100)),
        (sayings(0, n=240), sayings(1, n=100), sayings(2, n=100)),
        (waves(0, n=30), waves(1, n=30), waves(2, n=30)),
    ],
    ids=["images", "texts", "series"],
)
def test_every_modality_tells_copies_from_new_rows(reference, fitted, new):
    result = evaluate(reference, {"copies": fitted, "new": new}, fitted=fitted, metrics=[], closer=False)
    assert result.of("new").keys() >= {"nearest_share"}
    for name, found in result.of("new").items():
        assert found.low <= 0.5 <= found.high, name
        assert result.of("copies")[name].low > 0.7, name


def test_few_recordings_say_nothing_of_copying():
    result = evaluate(waves(0), {"new": waves(2)}, fitted=waves(1), metrics=[], closer=False)
    assert [finding.reason for finding in result] == [
        "nearest_share needs 20 fitted and 20 reference series, got 6 and 6: give more of them"
    ]
    whole = waves(3, n=1)
    with pytest.raises(InputError, match="every fitted row is in the reference"):
        evaluate(whole, {"new": waves(2)}, fitted=Series.of([whole.steps(0)[:128]], ("level",)), metrics=[])


@pytest.mark.parametrize("n", [12, 40, 150])
def test_few_texts_of_one_law_are_not_told_apart_by_what_the_extractor_learned_from(n):
    """Along directions learned from the very rows that are compared, these lie within them and new ones outside."""
    syllables = [first + second for first in "bdfgk" for second in "aeiou"]

    def texts(seed):
        draw = np.random.default_rng(seed)
        return [" ".join(draw.choice(syllables, 8)) for _ in range(n)]

    result = evaluate(texts(0), {"same law": texts(1)}, metrics=["kid"], closer=False)
    assert result.of("same law")["kid"].low < 0.05
    assert result.reference.rows == n - n // 4
    assert any("rough" in sentence for sentence in result.cautions) == (n < 30)


def test_copies_are_looked_for_among_all_real_rows():
    real = table(0)
    result = evaluate(real, {"copier": real, "honest": table(1)}, metrics=["copies"])
    assert result.of("copier")["exact_copies"].value == 1
    assert result.of("copier")["authenticity"].value == 0
    assert [look.n_copied for look in result.looks] == [N, 0]
    assert result.reference.rows == N - N // 4


def test_copies_of_fitted_rows_are_counted_beside_those_of_rows_that_were_never_seen():
    fitted, drawn = table(5), table(6)
    drawn.iloc[:50] = fitted.iloc[:50]
    result = evaluate(table(0), {"copier": drawn}, fitted=fitted, metrics=["nearest_share"])
    (look,) = result.looks
    assert (look.n_copied, look.n_unseen_copied) == (50, 0)
    assert {pair.generated.row for pair in look.copied} <= set(range(50))
    assert result.of("copier")["nearest_share"].low > 0.5
