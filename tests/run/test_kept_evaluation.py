import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import EvalkitError, InputError
from evalkit.core.progress import silent
from evalkit.run import starting
from evalkit.run.fit import fit
from evalkit.run.jobs import Job, list_jobs, runs_folder
from evalkit.run.kept_evaluation import gathered, kept_evaluation
from evalkit.run.requests import Drawn, EvaluateRequest, EvaluateSettings, Given, Made
from evalkit.run.starting import start_evaluation
from evalkit.run.uploads import Upload
from tests.run.test_jobs import until


def rows(n, seed=0):
    draw = np.random.default_rng(seed)
    a = draw.normal(size=n)
    return pd.DataFrame({"a": a, "b": a + 0.1 * draw.normal(size=n), "c": draw.normal(size=n)})


@pytest.fixture
def file(tmp_path):
    rows(240).to_csv(tmp_path / "real.csv", index=False)
    return tmp_path / "real.csv"


@pytest.fixture
def begun(monkeypatch):
    """Jobs are asked for and not begun."""
    monkeypatch.setattr(starting, "_begun", lambda job: job)


def test_uploads_are_kept_under_numbers_whatever_a_generator_is_called(begun):
    data = rows(5).to_csv(index=False).encode()
    several = [Upload("a.png", b"1"), Upload("b.png", b"2")]
    job = start_evaluation(Upload("../r.csv", data), {"../../x": Upload("g.csv", data), "<b>": several, "half": Made(how="half")})
    request = job.request()
    assert isinstance(request, EvaluateRequest)
    assert list(request.generators) == ["../../x", "<b>", "half"]
    assert request.data == job.folder / "data" / "r.csv"
    assert request.generators["../../x"] == Given(data=job.folder / "generator-1" / "g.csv")
    assert sorted(path.name for path in request.generators["<b>"].data.iterdir()) == ["a.png", "b.png"]


@pytest.mark.parametrize("n", [0, 7])
def test_a_number_of_generators_that_is_not_compared_leaves_no_folder(begun, n, file):
    with pytest.raises(InputError, match=f"got {n}"):
        start_evaluation(file, {str(i): Made(how="half") for i in range(n)})
    assert list_jobs() == []


def test_an_empty_file_of_a_generator_leaves_no_folder(begun, file):
    with pytest.raises(InputError, match="empty"):
        start_evaluation(file, {"one": Upload("g.csv", b"")})
    assert not runs_folder().exists()


def test_files_of_an_earlier_job_are_copied_so_that_it_may_be_deleted(begun, file):
    data, several = rows(5).to_csv(index=False).encode(), [Upload("a.png", b"1"), Upload("b.png", b"2")]
    first = start_evaluation(Upload("r.csv", data), {"x": several}).request()
    job = start_evaluation(first.data, {"x": first.generators["x"].data, "elsewhere": file})
    request = job.request()
    assert request.data == job.folder / "data" / "r.csv"
    assert request.data.read_bytes() == data
    assert request.generators["x"].data == job.folder / "generator-1"
    assert (job.folder / "generator-1" / "b.png").read_bytes() == b"2"
    assert request.generators["elsewhere"].data == file


def test_made_generators_and_the_reference_share_no_row(file):
    request = EvaluateRequest(data=file, generators={"half": Made(how="half"), "mixed": Made(how="shuffled")})
    real, made = gathered(request, silent)
    assert len(real) == len(made["half"]) == len(made["mixed"]) == 120
    assert not set(real.frame["a"]) & set(made["half"].frame["a"])
    assert set(made["mixed"].frame["a"]) == set(made["half"].frame["a"])


def test_rows_are_drawn_from_a_fitted_model(file, tmp_path):
    fit(file, "vae", tmp_path / "model", steps=2)
    generators = {"as many": Drawn(model=tmp_path / "model"), "seven": Drawn(model=tmp_path / "model", rows=7)}
    real, drawn = gathered(EvaluateRequest(data=file, generators=generators), silent)
    assert (len(real), len(drawn["as many"]), len(drawn["seven"])) == (240, 240, 7)
    # Each generator draws with a seed of its own.
    assert not drawn["as many"].frame.head(7).equals(drawn["seven"].frame)


def test_a_model_that_is_gone_is_one_sentence(file, tmp_path):
    with pytest.raises(EvalkitError):
        gathered(EvaluateRequest(data=file, generators={"gone": Drawn(model=tmp_path / "gone")}), silent)


def test_what_was_compared_is_kept_with_its_origin(file):
    job = Job(runs_folder() / "20260101-000000-abcdef")
    job.folder.mkdir(parents=True)
    generators = {"given": Given(data=file), "half": Made(how="half"), "mixed": Made(how="shuffled")}
    request = EvaluateRequest(data=file, generators=generators, settings=EvaluateSettings(modality="table", metrics=("prdc",)))
    (job.folder / "request.json").write_text(request.model_dump_json())
    kept_evaluation(job, request, silent)
    assert job.status().state == "finished"
    evaluation = job.evaluation()
    assert [source.name for source in evaluation.generators] == list(generators)
    assert evaluation.settings["rows of given"] == "read from real.csv"
    assert evaluation.settings["rows of half"] == "half of the real rows"
    assert any("the other half is the reference" in caution for caution in evaluation.cautions)
    assert evaluation.of("given")["precision"].n == 240
    assert "half of the real rows" in job.report.read_text(encoding="utf-8")


def test_images_that_are_drawn_from_noise_have_the_path_length_of_their_model(tmp_path):
    draw = np.random.default_rng(0)
    for name, n in (("real", 60), ("given", 20)):
        np.savez(tmp_path / f"{name}.npz", images=draw.integers(0, 255, (n, 8, 8, 1)).astype(np.uint8))
    for family in ("vae", "transformer_lm"):
        fit(tmp_path / "real.npz", family, tmp_path / family, steps=2)
    job = Job(runs_folder() / "20260101-000000-abcdea")
    job.folder.mkdir(parents=True)
    generators = {name: Drawn(model=tmp_path / name, rows=20) for name in ("vae", "transformer_lm")}
    generators |= {"given": Given(data=tmp_path / "given.npz")}
    chosen = EvaluateSettings(modality="images", metrics=("kid",), extractor="random_convolutions")
    kept_evaluation(job, EvaluateRequest(data=tmp_path / "real.npz", generators=generators, settings=chosen), silent)
    found = [(each.generator, each.finding.status) for each in job.evaluation().measured if each.metric == "path_length"]
    assert found == [("vae", "ok")]


def test_the_process_compares():
    data = rows(300).to_csv(index=False).encode()
    chosen = EvaluateSettings(modality="table", metrics=("prdc",), seed=1)
    job = start_evaluation(Upload("real.csv", data), {"half": Made(how="half"), "mixed": Made(how="shuffled")}, settings=chosen)
    status = until(job, "finished", "failed", "died")
    assert status.state == "finished", (status, (job.folder / "log.txt").read_text())
    assert job.evaluation().seed == 1
    assert job.evaluation().of("half").keys() == job.evaluation().of("mixed").keys()


def test_data_that_cannot_be_compared_end_in_one_sentence():
    other = pd.DataFrame({"x": ["one", "two"] * 20}).to_csv(index=False).encode()
    job = start_evaluation(Upload("real.csv", rows(300).to_csv(index=False).encode()), {"other": Upload("other.csv", other)})
    status = until(job, "finished", "failed", "died")
    assert status.state == "failed", (job.folder / "log.txt").read_text()
    assert status.error.startswith("generator 'other': 'other.csv' lacks")
    assert "\n" not in status.error


def test_each_line_of_a_file_of_texts_is_one(tmp_path):
    (tmp_path / "real.txt").write_text("roses are red, violets blue\nsugar is sweet, honey too\n")
    (tmp_path / "drawn.txt").write_text("to be\nor not\nto be\n")
    asked = {"data": tmp_path / "real.txt", "generators": {"a": Given(data=tmp_path / "drawn.txt")}}
    real, drawn = gathered(EvaluateRequest(**asked, settings=EvaluateSettings(modality="texts")), silent)
    assert (len(real), len(drawn["a"])) == (2, 3)


def test_the_rows_that_generators_were_fitted_to_are_kept_and_used(begun, file):
    uploads = [Upload(f"{name}.csv", rows(200, seed).to_csv(index=False).encode()) for name, seed in (("fitted", 1), ("new", 2))]
    chosen = EvaluateSettings(modality="table", metrics=("nearest_share",), slices="clusters")
    job = start_evaluation(file, {"copied": uploads[0], "new": uploads[1]}, fitted=uploads[0], settings=chosen)
    request = job.request()
    assert request.fitted == job.folder / "fitted" / "fitted.csv"
    kept_evaluation(job, request, silent)
    evaluation = job.evaluation()
    assert evaluation.fitted.rows == 200
    assert {each.generator for each in evaluation.slices.found} == {"copied", "new"}
    assert evaluation.of("copied")["nearest_share"].low > 0.9
    assert evaluation.of("new")["nearest_share"].low < 0.5
    assert "fitted.csv" in job.report.read_text(encoding="utf-8")
