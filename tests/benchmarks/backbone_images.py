"""Images: are drawn digits digits, all ten of them, and the ones that were asked for?

8,000 of MNIST's digits are fitted, each with its name as caption, and 2,000 are held out. A small convolutional classifier that
was trained on the fitted real digits names the drawn ones.

The VAE is held against pythae's, with pythae's own residual network for MNIST, which is the larger of the two: equally many steps
of equally many images, the same width of the code, cross-entropy as the likelihood of both, and the same number of importance
draws in both bounds.
"""

import argparse
import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from evalkit.backbones import BACKBONES
from evalkit.core.sample import Images
from evalkit.statistics import mean_interval, proportion_interval
from tests.benchmarks.backbone_tables import REAL, backbone, peers, title_of
from tests.benchmarks.figures import Figure, held
from tests.benchmarks.runs import Key, Run, lines, timed

DATASET = "mnist"
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
N_TRAINING, N_DRAWN, N_A_CAPTION = 8_000, 2_000, 300
BATCH, PASSES = 64, 12
VAE, DRAWING = "vae", ("gan", "diffusion")
VAE_STEPS, VAE_BATCH, CODE, DRAWS = 1500, 64, 32, 16


def tasks(arguments: argparse.Namespace) -> dict[Key, tuple[Any, ...]]:
    """What :func:`measure` is asked for. Fits to images are long: one seed."""
    generators = arguments.family or [REAL, *(name for name in (VAE, *DRAWING) if _takes_images(name))]
    return {(DATASET, generator, 0): (generator, 0, arguments.data, arguments.peers_python) for generator in generators}


def _takes_images(name: str) -> bool:
    return name in BACKBONES and "images" in BACKBONES[name].modalities


def told(run: Run) -> str:
    """A finished run in a line."""
    figures = {name: run[name] for name in ("counts", "obeyed", "right", "bound", "peer_bound") if name in run}
    return f"{run['generator']} mnist {run['seed']} {figures}"


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Shares with exact binomial intervals."""
    for run in lines(runs):
        if run["generator"] == VAE:
            yield from _bound_figures(run)
            continue
        real = run["generator"] == REAL
        name = "real digits" if real else title_of(run["generator"])
        n = sum(run["counts"])
        yield _share(run, f"{name}: share of the rarest digit", min(run["counts"]), n, least=None if real else 0.05)
        yield _share(run, f"{name}: share of the commonest digit", max(run["counts"]), n, most=None if real else 0.15)
        if "obeyed" in run:
            sevens, every = round(run["obeyed"][7] * N_A_CAPTION), round(sum(run["obeyed"]) * N_A_CAPTION)
            yield _share(run, f'{name}: sevens for the caption "seven"', sevens, N_A_CAPTION, least=0.9)
            yield _share(run, f"{name}: captions obeyed", every, 10 * N_A_CAPTION)
        if "right" in run:
            title = "real digits named by a classifier of " + ("real digits" if real else f"{name}'s draws by caption")
            yield _share(run, title, int(run["right"]), run["n_test"], least=None if real else 0.9)


def _bound_figures(run: Run) -> Iterator[Figure]:
    title = "mnist, {}: bound on a held-out image's log-likelihood in nats (cross-entropy)"
    behind = {"n": run["n_test"], "seeds": 1}
    yield held("backbones", title.format("VAE"), run["bound"], **behind, seconds_cpu=run["fit_seconds"])
    yield held("backbones", title.format("pythae VAE"), run["peer_bound"], **behind, seconds_cpu=run["peer_fit_seconds"])
    both = run["fit_seconds"] + run["peer_fit_seconds"]
    yield held("backbones", title.format("VAE less pythae VAE"), run["gain"], **behind, seconds_cpu=both, least=0.0)


def _share(run: Run, title: str, count: int, n: int, **bar: float | None) -> Figure:
    seconds = run["fit_seconds"] + run["sample_seconds"]
    return held("backbones", f"mnist, {title}", proportion_interval(count, n), n=n, seconds_cpu=seconds, seeds=1, **bar)


def load(data: Path) -> tuple[Images, NDArray[np.int64], Images, NDArray[np.int64]]:
    """Training digits and labels, held-out digits and labels: always the same split."""
    pixels = np.frombuffer(gzip.decompress((data / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((data / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    images = Images.of(pixels.reshape(-1, 28, 28, 1), DATASET, tuple(DIGITS[label] for label in labels))
    order = np.random.default_rng(0).permutation(len(labels))
    ours, theirs = order[:N_TRAINING], order[N_TRAINING:]
    return images.take(ours), labels[ours].astype(np.int64), images.take(theirs), labels[theirs].astype(np.int64)


def classifier(pixels: NDArray[np.uint8], labels: NDArray[np.int64], seed: int) -> nn.Module:
    """A small convolutional network that tells the digits, trained for as many steps as twelve passes over 8,000 images take."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
        )  # fmt: skip
        steps = PASSES * N_TRAINING // BATCH
        optimiser = torch.optim.Adam(network.parameters(), 2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        draw = np.random.default_rng(seed)
        x, y = _tensor(pixels), torch.from_numpy(labels)
        for _ in range(steps):
            rows = torch.from_numpy(draw.choice(len(y), BATCH))
            optimiser.zero_grad()
            shifted = torch.roll(x[rows], tuple(draw.integers(-1, 2, size=2).tolist()), (2, 3))
            cross_entropy(network(shifted), y[rows]).backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def named(network: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The digit that the classifier sees in each image."""
    with torch.no_grad():
        return torch.cat([network(part).argmax(1) for part in _tensor(pixels).split(500)]).numpy()


def _tensor(pixels: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255.0).permute(0, 3, 1, 2)


def measure(generator: str, seed: int, data: Path, peers_python: str | None) -> Run:
    """One run: what a family draws, named by a classifier of real digits, with captions where it takes them; the VAE's bound."""
    torch.set_num_threads(1)
    training, labels, held_out, truth = load(data)
    if generator == VAE:
        return measure_bound(training, held_out, seed, peers_python)
    judge = classifier(training.pixels, labels, seed)
    run = {"dataset": DATASET, "generator": generator, "seed": seed, "n_test": len(truth)}
    if generator == REAL:
        digits = named(judge, held_out.pixels)
        return run | _counts(digits) | {"right": int((digits == truth).sum()), "fit_seconds": 0.0, "sample_seconds": 0.0}
    model, fit_seconds = timed(lambda: backbone(generator)(random_state=seed).fit(training))
    drawn, sample_seconds = timed(lambda: model.sample(N_DRAWN, random_state=seed))
    run |= _counts(named(judge, drawn.pixels)) | {"fit_seconds": fit_seconds, "sample_seconds": sample_seconds}
    if "condition" not in model.capabilities["images"]:
        return run
    return run | _captioned(model, judge, held_out, truth, seed)


def _counts(digits: NDArray[np.int64]) -> Run:
    return {"counts": np.bincount(digits, minlength=10).tolist()}


def _captioned(model: Any, judge: nn.Module, held_out: Images, truth: NDArray[np.int64], seed: int) -> Run:
    """How often a caption is obeyed, and how well a classifier that saw captioned draws only does on real digits."""
    drawn = [model.sample(N_A_CAPTION, random_state=seed, condition=name).pixels for name in DIGITS]
    obeyed = [float((named(judge, pixels) == digit).mean()) for digit, pixels in enumerate(drawn)]
    student = classifier(np.concatenate(drawn), np.repeat(np.arange(10), N_A_CAPTION), seed)
    return {"obeyed": obeyed, "right": int((named(student, held_out.pixels) == truth).sum())}


def measure_bound(training: Images, held_out: Images, seed: int, peers_python: str | None) -> Run:
    """The VAE's bound on the log-likelihood of held-out images, and pythae's."""
    settings = {"steps": VAE_STEPS, "latent_size": CODE, "likelihood": "bernoulli", "draws": DRAWS}
    model, seconds = timed(lambda: BACKBONES[VAE].load()(**settings, random_state=seed).fit(training))
    ours = model.log_prob_bound(held_out)
    parameters = sum(each.numel() for each in model.network_.parameters())
    with tempfile.TemporaryDirectory() as name:
        paths = {part: Path(name) / f"{part}.npy" for part in ("train", "test")} | {"out": Path(name) / "bounds.csv"}
        for path, images in ((paths["train"], training), (paths["test"], held_out)):
            np.save(path, _tensor(images.pixels).contiguous().numpy())
        epochs = VAE_STEPS * VAE_BATCH // len(training)
        sizes = {"latent-size": CODE, "epochs": epochs, "draws": DRAWS, "seed": seed}
        peer = peers(peers_python, "vae", **paths, **sizes)
        theirs = pd.read_csv(paths["out"])["bound"].to_numpy()
    bounds = {"bound": mean_interval(ours), "peer_bound": mean_interval(theirs), "gain": mean_interval(ours - theirs)}
    run = {"dataset": DATASET, "generator": VAE, "seed": seed, "n_test": len(held_out), "fit_seconds": seconds}
    return run | bounds | {"parameters": parameters} | {f"peer_{name}": value for name, value in peer.items()}
