"""What a comparison reads beside the rows: extractors and features that were kept; and what it refuses."""

import pytest

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.features import load_extractor, save_extractor
from evalkit.features.hashed_ngrams import HashedNgrams
from evalkit.run.evaluate import check_files, evaluate
from tests.run.laws import table


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


def test_features_are_kept_and_found_again(tmp_path):
    given = {"metrics": ["kid"], "closer": False, "cache": tmp_path / "features"}
    first = evaluate(table(0), {"near": table(1)}, **given)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "features").glob("*.npz")}
    assert len(kept) == 2
    assert evaluate(table(0), {"near": table(1)}, **given) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "features").glob("*.npz")} == kept
