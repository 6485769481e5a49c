"""The one training loop: what every family shares, and how a killed run goes on as if nothing had happened.

Batches and noise are functions of (seed, step), so the state of a run is its weights, the optimiser's moments, the best weights
so far and the step: no generator has a state that would have to be kept.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.core.errors import CancelledError, InputError, ModelError
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.state import State

KIND = "training"
_PACE_STEPS = 20
_SAVE_SECONDS = 15.0
_BETAS = (0.9, 0.999)


class Objective(Protocol):
    """What a family wants its network to become good at."""

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """The loss of this step's batch, a scalar; batch and noise depend on (seed, step) only."""

    def held_out_loss(self, network: nn.Module) -> float:
        """The loss of rows that training never sees, the same rows and noise every time."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: optimiser steps at most, >= 1.
        learning_rate: the highest; reached after ``warmup`` steps, then a cosine down to 2 % of it.
        warmup: steps of linear rise.
        weight_decay: AdamW's.
        clip: the gradient's norm is cut to this.
        ema: decay of the moving average of the weights, which is what is kept.
        evaluate_every: steps between two looks at the held-out loss.
        patience: looks without a better held-out loss after which training stops.
        earliest: the first step at which the held-out loss counts (while a family warms up, it means something else).
        minutes: instead of ``steps``, as many steps as fit; found from the pace of the first steps.
    """

    steps: int
    learning_rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 1e-4
    clip: float = 5.0
    ema: float = 0.995
    evaluate_every: int = 50
    patience: int = 8
    earliest: int = 0
    minutes: float | None = None


@dataclass
class History:
    """The curve of one run: at each look the step, the mean training loss since the last look, and the held-out loss."""

    steps: list[int] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    def to_state(self) -> State:
        """Plain lists."""
        return {"steps": list(self.steps), "training": list(self.training), "held_out": list(self.held_out)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "History":
        """What :meth:`to_state` gave."""
        return cls(list(state["steps"]), list(state["training"]), list(state["held_out"]))


def train(
    network: nn.Module,
    objective: Objective,
    schedule: Schedule,
    *,
    stage: str,
    fingerprint: str = "",
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress = silent,
) -> History:
    """Train a network in place; afterwards it holds the averaged weights with the lowest held-out loss.

    Args:
        network: is changed.
        objective: its losses.
        schedule: how long and how fast.
        stage: what the progress is called ("fitting the VAE").
        fingerprint: names data and settings; a checkpoint of another one is refused.
        folder: where checkpoints of the run are written, about every 15 seconds and when the user stops it.
        resume: go on from the checkpoint in ``folder`` if there is one; the result has the same bytes as an unbroken run's.
        progress: is called at every look with the losses.

    Raises:
        CancelledError: ``progress`` asked to stop; with a folder, nothing is lost.
        ModelError: the checkpoint is damaged, or belongs to other data or settings; or the loss is not finite.
    """
    if resume and folder is None:
        raise InputError("going on with a training run needs the folder of its checkpoints: name it")
    run = _Run(network, objective, schedule, fingerprint)
    if resume and folder is not None and folder.exists():
        run.restore(folder)
    saved_at = time.monotonic()
    while not run.finished:
        run.advance()
        try:
            if run.looked:
                progress(Step(stage, run.step, run.total, run.figures()))
        except CancelledError:
            run.save(folder)
            raise
        if time.monotonic() - saved_at > _SAVE_SECONDS:
            run.save(folder)
            saved_at = time.monotonic()
    run.save(folder)
    progress(Step(stage, run.total, run.total, run.figures()))
    run.finish()
    return run.history


class _Run:
    """The state of one training run."""

    def __init__(self, network: nn.Module, objective: Objective, schedule: Schedule, fingerprint: str) -> None:
        self.network, self.objective, self.schedule, self.fingerprint = network, objective, schedule, fingerprint
        self.weights, self.slope = _flat(network)
        self.optimiser = _AdamW(self.weights, self.slope, schedule.weight_decay)
        self.average, self.best = self.weights.clone(), self.weights.clone()
        self.best_loss = math.inf
        self.step, self.total, self.fruitless = 0, schedule.steps, 0
        self.recent: list[float] = []
        self.history = History()
        self.started = time.monotonic()

    @property
    def finished(self) -> bool:
        return self.step >= self.total or self.fruitless >= self.schedule.patience

    @property
    def looked(self) -> bool:
        return bool(self.history.steps) and self.history.steps[-1] == self.step

    def figures(self) -> dict[str, float]:
        if not self.history.steps:
            return {}
        return {"loss": self.history.training[-1], "held-out loss": self.history.held_out[-1]}

    def advance(self) -> None:
        """One step of the optimiser, and a look at the held-out loss when it is due."""
        self.network.train()
        self.slope.zero_()
        loss = self.objective.training_loss(self.network, self.step)
        loss.backward()  # type: ignore[no-untyped-call]
        self.slope *= torch.clamp(self.schedule.clip / (self.slope.norm() + 1e-6), max=1.0)
        self.optimiser.step(self._learning_rate(), self.step + 1)
        self.average.lerp_(self.weights, 1 - min(self.schedule.ema, (1 + self.step) / (10 + self.step)))
        self.recent.append(float(loss.detach()))
        self.step += 1
        if self.step == _PACE_STEPS and self.schedule.minutes is not None:
            pace = (time.monotonic() - self.started) / _PACE_STEPS
            self.total = max(_PACE_STEPS, int(60 * self.schedule.minutes / pace))
        if self.step % self.schedule.evaluate_every == 0 or self.step == self.total:
            self._look()

    def _learning_rate(self) -> float:
        rise = min(1.0, (self.step + 1) / (self.schedule.warmup + 1))
        fall = 0.51 + 0.49 * math.cos(math.pi * self.step / self.total)
        return self.schedule.learning_rate * rise * fall

    def _look(self) -> None:
        """Compare the averaged weights' held-out loss with the best so far."""
        own = self.weights.clone()
        self.weights.copy_(self.average)
        self.network.eval()
        held_out = self.objective.held_out_loss(self.network)
        self.weights.copy_(own)
        mean = sum(self.recent) / len(self.recent)
        if not math.isfinite(mean + held_out):
            raise ModelError(f"training diverged at step {self.step}: lower the learning rate or look for extreme values")
        self.recent = []
        self.history.steps.append(self.step)
        self.history.training.append(mean)
        self.history.held_out.append(held_out)
        if self.step < self.schedule.earliest and self.step < self.total:
            return
        if held_out < self.best_loss:
            self.best_loss, self.best, self.fruitless = held_out, self.average.clone(), 0
        else:
            self.fruitless += 1

    def finish(self) -> None:
        """Leave the best weights in the network."""
        self.weights.copy_(self.best)
        for parameter in self.network.parameters():
            parameter.grad = None
        self.network.eval()

    def save(self, folder: Path | None) -> None:
        """Write everything the run needs to go on."""
        if folder is None:
            return
        state: State = {
            "fingerprint": self.fingerprint,
            "step": self.step,
            "total": self.total,
            "fruitless": self.fruitless,
            "best_loss": self.best_loss if math.isfinite(self.best_loss) else None,
            "recent": list(self.recent),
            "history": self.history.to_state(),
            "vectors": arrays_of(self._vectors()),
        }
        save_state(folder, KIND, state)

    def restore(self, folder: Path) -> None:
        """Take up what :meth:`save` wrote."""
        kind, state = load_state(folder)
        if kind != KIND or state.get("fingerprint") != self.fingerprint:
            raise ModelError(f"{folder.name!r} is a checkpoint of other data or settings: use the same ones, or start anew")
        for name, vector in self._vectors().items():
            vector.copy_(torch.tensor(state["vectors"][name]))
        self.step, self.total, self.fruitless = state["step"], state["total"], state["fruitless"]
        self.best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        self.recent, self.history = list(state["recent"]), History.from_state(state["history"])

    def _vectors(self) -> dict[str, Tensor]:
        moments = {"first moment": self.optimiser.first, "second moment": self.optimiser.second}
        return {"weights": self.weights, "average": self.average, "best": self.best, **moments}


class _AdamW:
    """Adam with decoupled weight decay on one flat vector: a few operations a step however many layers there are.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; tests compare with ``torch.optim.AdamW``.
    """

    def __init__(self, weights: Tensor, slope: Tensor, weight_decay: float) -> None:
        self.weights, self.slope, self.weight_decay = weights, slope, weight_decay
        self.first, self.second = torch.zeros_like(weights), torch.zeros_like(weights)

    def step(self, learning_rate: float, number: int) -> None:
        """Move the weights; steps are numbered from 1."""
        self.first.lerp_(self.slope, 1 - _BETAS[0])
        self.second.mul_(_BETAS[1]).addcmul_(self.slope, self.slope, value=1 - _BETAS[1])
        width = (self.second / (1 - _BETAS[1] ** number)).sqrt_().add_(1e-8)
        self.weights.mul_(1 - learning_rate * self.weight_decay)
        self.weights.addcdiv_(self.first, width, value=-learning_rate / (1 - _BETAS[0] ** number))


def _flat(network: nn.Module) -> tuple[Tensor, Tensor]:
    """One vector with all of a network's weights and one with their slopes; the network's own become views of them."""
    parameters = list(network.parameters())
    weights = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    slope = torch.zeros_like(weights)
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, piece, its_slope in zip(parameters, torch.split(weights, sizes), torch.split(slope, sizes), strict=True):
        parameter.data, parameter.grad = piece.view_as(parameter), its_slope.view_as(parameter)
    return weights, slope


def arrays_of(tensors: Mapping[str, Tensor]) -> State:
    """A state dict's tensors as NumPy arrays, in their own types."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def tensors_of(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """The way back from :func:`arrays_of`."""
    return {name: torch.tensor(array) for name, array in arrays.items()}


def put_arrays(network: nn.Module, arrays: Mapping[str, Any]) -> None:
    """Load weights into a network after checking that names, shapes and types are the network's own.

    Raises:
        ModelError: they are not.
    """
    wanted = network.state_dict()
    given = tensors_of(arrays)
    fits = wanted.keys() == given.keys() and all(
        wanted[name].shape == given[name].shape and wanted[name].dtype == given[name].dtype for name in wanted
    )
    if not fits:
        raise ModelError("the saved weights do not fit the saved settings: take the model from its source again or fit it anew")
    network.load_state_dict(given)
