"""Texts: how well is the next character of unseen Shakespeare predicted, and what does a memory save in drawing?

A family is given all of tinyshakespeare, one text, of which it holds out the last tenth; the figures are those of that tenth. It
looks at 8,192 of these characters every 100 steps, to stop when they no longer gain; ``best_step`` of a run tells whether that
chose anything (at the last step it did not). Each character is predicted within blocks of ``context`` characters that know nothing
of what stands before them, which is how the published figures of small models are made; a family's own score lets a block look
half a context back and is a figure of its own.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from evalkit.backbones import BACKBONES
from evalkit.backbones.language.held_out import hold_out
from evalkit.backbones.language.ngram import NGram
from evalkit.core.sample import Texts
from evalkit.data.text_encoding import TextEncoder
from evalkit.statistics import bootstrap_interval, mean_interval
from tests.benchmarks.backbone_tables import title_of
from tests.benchmarks.figures import Figure, held
from tests.benchmarks.runs import Key, Run, lines, timed

DATASET = "tinyshakespeare"
STRETCH = 256
NGRAM, MEMORY = "ngram", "memory"
SIZE = {"layers": 4, "heads": 4, "width": 128, "context": 64, "batch": 12, "steps": 2000}
# 1e-3 is the learning rate behind the published 1.88.
MODELS: dict[str, tuple[str, dict[str, Any], float]] = {
    "transformer_lm, learning rate 1e-3": ("transformer_lm", SIZE | {"learning_rate": 1e-3}, 1.88),
    "transformer_lm": ("transformer_lm", SIZE, 1.75),
    "recurrent_lm": ("recurrent_lm", {"context": 64, "batch": 12, "steps": 2000}, 2.0),
}
DRAWS, DRAWN_TOKENS, MEMORY_STEPS = 5, 256, 100


def tasks(arguments: argparse.Namespace) -> dict[Key, tuple[Any, ...]]:
    """What :func:`measure` is asked for: one seed, the held-out text is long."""
    generators = arguments.family or [NGRAM, *MODELS, MEMORY]
    return {(DATASET, generator, 0): (generator, 0, arguments.data) for generator in generators}


def told(run: Run) -> str:
    """A finished run in a line."""
    return f"{run['generator']} " + ", ".join(f"{name} {run[name]:.4f}" for name in ("nats", "ratio") if name in run)


def measure(generator: str, seed: int, data: Path) -> Run:
    """One run."""
    torch.set_num_threads(1)
    text = Texts.of([(data / "text" / "tinyshakespeare.txt").read_text(encoding="utf-8")])
    training, held_out = hold_out(TextEncoder().fit(text).transform(text), seed, generator)
    run = {"dataset": DATASET, "generator": generator, "seed": seed, "n": len(held_out.ids)}
    if generator == NGRAM:
        model, seconds = timed(lambda: NGram().fit(training))
        return run | _summed(model.surprisal(held_out)) | {"fit_seconds": seconds}
    if generator == MEMORY:
        return run | _remembered(text, seed)
    family, settings, _ = MODELS[generator]
    model, seconds = timed(lambda: BACKBONES[family].load()(**settings, random_state=seed).fit(text))
    run |= _summed(in_blocks(model.network_, held_out.ids, settings["context"]))
    best = model.history_.steps[int(np.argmin(model.history_.held_out))]
    run |= {"best_step": best, "parameters": sum(each.numel() for each in model.network_.parameters())}
    return run | {"fit_seconds": seconds, "own_nats": model.held_out_.value}


def in_blocks(network: Any, ids: np.ndarray, context: int) -> np.ndarray:
    """Nats of each token behind the first, in blocks of ``context`` tokens that know only what stands before in the block."""
    n_blocks = (len(ids) - 1) // context
    inputs = torch.from_numpy(ids[: n_blocks * context].astype(np.int64)).view(n_blocks, context)
    targets = torch.from_numpy(ids[1 : n_blocks * context + 1].astype(np.int64)).view(n_blocks, context)
    with torch.no_grad():
        parts = [network.surprisal(*some) for some in zip(inputs.split(64), targets.split(64), strict=True)]
    return torch.cat(parts).numpy().ravel()


def _summed(nats: np.ndarray) -> Run:
    """Mean nats with the interval over stretches of 256 tokens: neighbours depend on each other."""
    stretches = nats[: len(nats) // STRETCH * STRETCH].reshape(-1, STRETCH).mean(axis=1)
    _, low, high = bootstrap_interval(stretches, seed=0)
    return {"nats": float(nats.mean()), "nats_low": low, "nats_high": high}


def _remembered(text: Texts, seed: int) -> Run:
    """CPU seconds to draw tokens with and without a memory of what was read, at a context of 256."""
    settings = SIZE | {"context": DRAWN_TOKENS, "steps": MEMORY_STEPS}
    model, fit_seconds = timed(lambda: BACKBONES["transformer_lm"].load()(**settings, random_state=seed).fit(text))
    prompt = model.encode(["\n"])
    model.complete_rows(prompt, 8)
    ratios, equal, drawn = [], True, []
    for i in range(DRAWS):
        with_memory, fast = timed(lambda i=i: model.complete_rows(prompt, DRAWN_TOKENS, i, remember=True))
        without, slow = timed(lambda i=i: model.complete_rows(prompt, DRAWN_TOKENS, i, remember=False))
        ratios.append(slow / fast)
        equal &= with_memory.ids.tolist() == without.ids.tolist()
        drawn.append(len(with_memory.ids) - 1)
    return {"ratio": float(np.mean(ratios)), "ratios": ratios, "equal": equal, "drawn": drawn, "fit_seconds": fit_seconds}


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Nats a character with intervals over stretches of the text; the ratio with its interval over draws."""
    for run in lines(runs):
        name = run["generator"]
        if name == MEMORY:
            yield from _memory_figures(run)
            continue
        title = f"tinyshakespeare, {_title(name)}"
        interval = run["nats"], run["nats_low"], run["nats_high"]
        yield _figure(f"{title}: nats a held-out character", interval, run, most=MODELS[name][2] if name in MODELS else None)
        if name in MODELS:
            yield _figure(f"{title}: nats a held-out character, half a context back", [run["own_nats"]] * 3, run)
            yield _figure(f"{title}: parameters", [run["parameters"]] * 3, run)
            yield _figure(f"{title}: CPU seconds to fit", [run["fit_seconds"]] * 3, run)


def _memory_figures(run: Run) -> Iterator[Figure]:
    name = "TransformerLM at context 256"
    ratio = mean_interval(np.array(run["ratios"]))
    yield _figure(f"{name}: CPU seconds to draw 256 tokens without a memory over with one", ratio, run, least=3)
    yield _figure(f"{name}: the same tokens with a memory and without", [float(run["equal"])] * 3, run, least=1)


def _figure(title: str, interval: Any, run: Run, **bar: float | None) -> Figure:
    return held("backbones", title, interval, n=int(run["n"]), seconds_cpu=run["fit_seconds"], seeds=1, **bar)


def _title(generator: str) -> str:
    family, *variant = generator.split(", ")
    return ", ".join(["5-gram, modified Kneser-Ney" if family == NGRAM else title_of(family), *variant])
