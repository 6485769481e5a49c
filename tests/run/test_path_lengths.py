"""Path length of fitted models in a comparison."""

import numpy as np
import pytest

import evalkit as ek
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.progress import Step
from evalkit.core.sample import Texts
from evalkit.metrics.path_length import path_length
from evalkit.run.evaluate import evaluate
from evalkit.run.path_lengths import PAIRS
from tests.cli.commands import evalkit
from tests.run.laws import spots, table

REAL = spots(0, n=240)
SEEN = {"metrics": ["kid"], "closer": False, "extractor": "random_convolutions"}


@pytest.fixture(scope="module")
def vae():
    return ek.VAE(steps=20, random_state=0).fit(spots(1))


@pytest.fixture(scope="module")
def folder(vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "vae"
    ek.save(vae, folder)
    return folder


def test_a_model_has_its_path_length_beside_the_other_figures(vae, folder):
    gan = ek.GAN(steps=20, random_state=0).fit(spots(1))
    result = evaluate(REAL, {"vae": vae.sample(60), "gan": gan.sample(60)}, models={"vae": folder, "gan": gan}, **SEEN)
    for name in ("vae", "gan"):
        found = result.of(name)["path_length"]
        assert 0 < found.low < found.value < found.high
        assert (found.n, found.direction) == (PAIRS, "neither")
    assert {each.figure for each in result.comparisons} == {"kid"}
    assert ">path_length<" in evaluation_html(result)
    assert result == evaluate(REAL, {"vae": vae.sample(60), "gan": gan.sample(60)}, models={"vae": vae, "gan": gan}, **SEEN)


def test_a_diffusion_has_its_path_length_too():
    diffusion = ek.Diffusion(steps=2, width=8, sampling_steps=2, random_state=0).fit(spots(1))
    told: list[Step] = []
    result = evaluate(REAL, {"diffusion": spots(2)}, models={"diffusion": diffusion}, progress=told.append, **SEEN)
    found = result.of("diffusion")["path_length"]
    shares = [step.done / step.total for step in told if step.stage == "measuring paths"]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    assert 0 < found.low < found.value < found.high
    assert found.settings["latent size"] == diffusion.noise_size_


def test_it_is_the_length_that_the_extractor_sees(vae):
    fitted = ek.features.EXTRACTORS["random_convolutions"].load()().fit(REAL, seed=0)
    found = evaluate(REAL, {"vae": vae.sample(60)}, models={"vae": vae}, **SEEN | {"extractor": fitted}).of("vae")["path_length"]
    again = path_length(vae.draws_from, vae.noise_size_, features=fitted.of_shares, pairs=PAIRS)
    assert (found.value, found.low, found.high) == tuple(again)
    np.testing.assert_allclose(fitted.of_shares(REAL.pixels / 255), fitted.extract(REAL).values, atol=1e-9)
    with pytest.raises(InputError, match="fitted to images of"):
        fitted.of_shares(np.zeros((2, 4, 4, 1)))


def test_what_has_no_path_length_is_a_failure_with_its_reason(vae):
    of_texts = ek.RecurrentLM(steps=2, random_state=0).fit(Texts.of(["to be", "or not", "that is", "the question"] * 5))
    generated = {"vae": vae.sample(60), "other": spots(2)}
    models = {"vae": vae, "other": of_texts}
    by_pattern = evaluate(REAL, generated, models=models, **SEEN | {"extractor": "pixel_pca"})
    by_network = evaluate(REAL, generated, models=models, **SEEN)
    reasons = [
        [each.finding.reason for each in result.measured if isinstance(each.finding, Failure)]
        for result in (by_pattern, by_network)
    ]
    assert ["pixel_pca does not" in each for each in reasons[0]] == [True, False]
    assert len(reasons[1]) == 1
    assert "a VAE, a GAN or a Diffusion, got RecurrentLM" in reasons[1][0]
    assert isinstance(by_network.of("vae")["path_length"], Evidence)


def test_models_that_belong_to_nothing_are_refused_before_the_work(vae, folder, tmp_path):
    with pytest.raises(InputError, match="there is no generator 'other' for its model"):
        evaluate(REAL, {"vae": spots(1)}, models={"other": folder})
    with pytest.raises(InputError, match="path lengths are of models of images, got table"):
        evaluate(table(0), {"vae": table(1)}, models={"vae": vae})
    with pytest.raises(ek.EvalkitError):
        evaluate(REAL, {"vae": spots(1)}, models={"vae": tmp_path})


def test_the_command_line_takes_a_model_by_its_generators_name(vae, folder, tmp_path):
    for name, images in (("real", REAL), ("drawn", vae.sample(60))):
        np.savez(tmp_path / f"{name}.npz", images=images.pixels)
    asked = ["evaluate", "real.npz", "vae=drawn.npz", "--metrics", "kid", "--extractor", "random_convolutions", "--no-closer-look"]
    done = evalkit(*asked, "--model", f"vae={folder}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("path_length") for line in done.stdout.splitlines())
    refused = evalkit(*asked, "--model", f"gan={folder}", cwd=tmp_path)
    assert refused.returncode == 2
    assert "no generator 'gan'" in refused.stderr
