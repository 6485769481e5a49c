import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evalkit.backbones import training
from evalkit.backbones.checkpoint import load_state
from evalkit.backbones.training import History, Look, Schedule, put_arrays, train
from evalkit.core.errors import CancelledError, InputError, ModelError
from evalkit.core.progress import Step
from evalkit.core.seeds import generator


class Line:
    """Fit y = 2 x - 1 from noisy batches; keyed by step, as an objective has to be."""

    def __init__(self, noise: float = 0.1) -> None:
        self.noise = noise

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        random = generator(0, "line", step)
        x = torch.tensor(random.normal(size=(16, 1)), dtype=torch.float32)
        noise = torch.tensor(random.normal(size=(16, 1)), dtype=torch.float32)
        return ((network(x) - 2 * x + 1 + self.noise * noise) ** 2).mean()

    def look(self, network: nn.Module, history: History) -> Look:
        x = torch.linspace(-2, 2, 50)[:, None]
        with torch.no_grad():
            return Look(float(((network(x) - 2 * x + 1) ** 2).mean()))


def error(network: nn.Module) -> float:
    return Line().look(network, History()).held_out


def line() -> nn.Linear:
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    return network


def weights(network: nn.Module) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in network.state_dict().values())


SHORT = Schedule(steps=60, learning_rate=0.1, warmup=5, ema=0.9, evaluate_every=10, patience=100)


def test_it_learns_and_keeps_the_curve() -> None:
    network = line()
    history = train(network, Line(), Schedule(steps=300, learning_rate=0.1, evaluate_every=50, ema=0.9), stage="fitting")
    assert error(network) < 0.01
    assert history.steps == [50, 100, 150, 200, 250, 300]
    assert len(history.training) == len(history.held_out) == 6
    assert error(network) == pytest.approx(min(history.held_out))


def test_it_stops_when_the_held_out_loss_no_longer_falls_and_keeps_the_best() -> None:
    class Worsening(Line):
        calls = 0

        def look(self, network: nn.Module, history: History) -> Look:
            self.calls += 1
            self.best = weights(network) if self.calls == 2 else getattr(self, "best", b"")
            return Look(1.0 if self.calls == 2 else 1.0 + self.calls)

    objective, network = Worsening(), line()
    history = train(network, objective, Schedule(steps=1000, evaluate_every=10, patience=3), stage="fitting")
    assert history.steps[-1] == 50
    assert weights(network) == objective.best


def test_looks_before_the_earliest_step_do_not_count() -> None:
    class Rising(Line):
        def look(self, network: nn.Module, history: History) -> Look:
            return Look(float(len(history.steps)))

    history = train(line(), Rising(), Schedule(steps=1000, evaluate_every=10, patience=3, earliest=55), stage="fitting")
    assert history.steps[-1] == 90


def test_the_optimiser_is_adamw_with_clipping() -> None:
    ours, theirs = line(), line()
    schedule = Schedule(steps=40, learning_rate=0.05, warmup=0, weight_decay=0.1, clip=1.0, ema=0.0, evaluate_every=40)
    train(ours, Line(), schedule, stage="fitting")
    optimiser = torch.optim.AdamW(theirs.parameters(), lr=0.05, weight_decay=0.1)
    for step in range(40):
        optimiser.param_groups[0]["lr"] = 0.05 * (0.51 + 0.49 * math.cos(math.pi * step / 40))
        optimiser.zero_grad()
        Line().training_loss(theirs, step).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        optimiser.step()
    np.testing.assert_allclose(ours.weight.detach(), theirs.weight.detach(), rtol=1e-4)
    np.testing.assert_allclose(ours.bias.detach(), theirs.bias.detach(), rtol=1e-4)


def test_stopped_by_the_user_and_resumed_gives_the_same_bytes(tmp_path: Path) -> None:
    whole, part = line(), line()
    history = train(whole, Line(), SHORT, stage="fitting")

    def stop(step: Step) -> None:
        if step.done == 30:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        train(part, Line(), SHORT, stage="fitting", folder=tmp_path / "run", progress=stop)
    again = line()
    resumed = train(again, Line(), SHORT, stage="fitting", folder=tmp_path / "run", resume=True)
    assert weights(again) == weights(whole)
    assert resumed == history


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    first, second = line(), line()
    train(first, Line(), SHORT, stage="fitting", folder=tmp_path / "run")
    train(second, Line(), SHORT, stage="fitting", folder=tmp_path / "run", resume=True)
    assert weights(first) == weights(second)


def test_resuming_without_a_checkpoint_starts_anew(tmp_path: Path) -> None:
    first, second = line(), line()
    train(first, Line(), SHORT, stage="fitting")
    train(second, Line(), SHORT, stage="fitting", folder=tmp_path / "none yet", resume=True)
    assert weights(first) == weights(second)


def test_a_checkpoint_of_other_data_is_refused(tmp_path: Path) -> None:
    train(line(), Line(), SHORT, stage="fitting", folder=tmp_path / "run", fingerprint="a")
    with pytest.raises(ModelError, match="other data or settings"):
        train(line(), Line(), SHORT, stage="fitting", folder=tmp_path / "run", fingerprint="b", resume=True)


def test_resume_needs_a_folder() -> None:
    with pytest.raises(InputError, match="folder"):
        train(line(), Line(), SHORT, stage="fitting", resume=True)


def test_a_loss_that_is_not_finite_stops_with_a_sentence() -> None:
    class Diverging(Line):
        def training_loss(self, network: nn.Module, step: int) -> Tensor:
            return super().training_loss(network, step) * (math.inf if step == 5 else 1.0)

    with pytest.raises(ModelError, match="diverged"):
        train(line(), Diverging(), SHORT, stage="fitting")


def test_minutes_decide_the_number_of_steps() -> None:
    history = train(line(), Line(), Schedule(steps=10**6, minutes=1e-9, evaluate_every=10), stage="fitting")
    assert history.steps[-1] == 1


def test_an_objective_can_end_the_run_with_a_reason_and_keep_curves_and_alarms(tmp_path: Path) -> None:
    class Watching(Line):
        def look(self, network: nn.Module, history: History) -> Look:
            found = super().look(network, history)
            stop = "three looks are enough" if len(history.steps) == 2 else None
            return Look(found.held_out, {"looks": float(len(history.steps))}, stop, ("steep",))

    history = train(line(), Watching(), SHORT, stage="fitting", folder=tmp_path / "run")
    assert history.steps == [10, 20, 30]
    assert history.figures == {"looks": [0.0, 1.0, 2.0]}
    assert (history.alarms, history.stopped) == (["steep"], "three looks are enough")
    again = train(line(), Watching(), SHORT, stage="fitting", folder=tmp_path / "run", resume=True)
    assert again == history == History.from_state(history.to_state())


class TwoParts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slow, self.fast = line(), line()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.slow(x) + self.fast(x)
        return result


def test_parts_of_a_network_can_learn_at_their_own_rates() -> None:
    network = TwoParts()
    train(network, Line(), Schedule(steps=30, learning_rate=0.1, rates={"slow": 0.0}, evaluate_every=30), stage="fitting")
    assert float(network.slow.weight.detach()) == 0.0
    assert float(network.fast.weight.detach()) > 0.1


def test_an_unaveraged_part_is_kept_as_it_is_at_the_look() -> None:
    plain, averaged, mixed = TwoParts(), TwoParts(), TwoParts()
    for network, ema, parts in ((plain, 0.0, ()), (averaged, 0.9, ()), (mixed, 0.9, ("fast",))):
        schedule = Schedule(steps=30, learning_rate=0.1, ema=ema, unaveraged=parts, evaluate_every=30)
        train(network, Line(), schedule, stage="fitting")
    assert torch.equal(mixed.fast.weight, plain.fast.weight)
    assert torch.equal(mixed.slow.weight, averaged.slow.weight)
    assert not torch.equal(averaged.fast.weight, plain.fast.weight)


def test_progress_ends_at_the_end_with_both_losses() -> None:
    seen: list[Step] = []
    train(line(), Line(), SHORT, stage="fitting", progress=seen.append)
    assert [step.done for step in seen] == [10, 20, 30, 40, 50, 60, 60]
    assert set(seen[0].figures) == {"loss", "held-out loss"}


def test_between_looks_it_says_how_far_it_is_without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_TELL_SECONDS", -1.0)
    seen: list[Step] = []
    train(line(), Line(), SHORT, stage="fitting", progress=seen.append)
    assert [step.done for step in seen] == [*range(1, 61), 60]
    assert [step.done for step in seen if step.figures] == [10, 20, 30, 40, 50, 60, 60]


def test_stopped_between_two_looks_it_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_TELL_SECONDS", -1.0)
    whole, part, again = line(), line(), line()
    history = train(whole, Line(), SHORT, stage="fitting")

    def stop(step: Step) -> None:
        if step.done == 27:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(part, Line(), SHORT, stage="fitting", folder=tmp_path / "run", progress=stop)
    assert train(again, Line(), SHORT, stage="fitting", folder=tmp_path / "run", resume=True) == history
    assert weights(again) == weights(whole)


def test_a_preview_sees_the_averaged_weights_and_changes_nothing() -> None:
    watched, alone = line(), line()
    seen: list[bytes] = []

    def draw(n: int) -> int:
        seen.append(weights(watched))
        return n

    def look(step: Step) -> None:
        assert step.preview is not None
        before = weights(watched)
        assert step.preview(5) == 5
        assert seen[-1] != before
        assert weights(watched) == before

    train(watched, Line(), SHORT, stage="fitting", progress=look, preview=draw)
    train(alone, Line(), SHORT, stage="fitting")
    assert weights(watched) == weights(alone)


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(ModelError, match="do not fit"):
        put_arrays(line(), {"weight": np.zeros((2, 1), dtype=np.float32), "bias": np.zeros(1, dtype=np.float32)})


KILLED = """
import sys; from pathlib import Path
from evalkit.backbones import training
from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.vae import VAE
from tests.backbones.mixed_rows import mixed_rows
training._SAVE_SECONDS = 0.03
folder, out, resume = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "resume"
vae = VAE(steps=150, width=16, random_state=3).fit_rows(mixed_rows(), folder=folder, resume=resume)
save_state(out, "vae", vae.to_state())
"""


def start(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", KILLED, *arguments], env=environment, cwd=Path(__file__).parents[2])


def step_of(run: Path) -> int:
    """How far a run has come; a checkpoint that is being replaced at this moment cannot be read."""
    try:
        return int(load_state(run)[1]["step"])
    except (ModelError, OSError):
        return 0


def test_killed_twice_and_resumed_it_saves_the_bytes_of_an_unbroken_run(tmp_path: Path) -> None:
    whole, broken, run = (str(tmp_path / name) for name in ("whole", "broken", "run"))
    unbroken = start(str(tmp_path / "other run"), whole, "start")
    reached = 0
    for how, at_least in (("start", 20), ("resume", 60)):
        process = start(run, broken, how)
        while reached < at_least:
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.02)
            reached = step_of(Path(run))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < reached < 150
    assert start(run, broken, "resume").wait() == 0
    assert unbroken.wait() == 0
    for name in ("model.json", "arrays.safetensors"):
        assert Path(whole, name).read_bytes() == Path(broken, name).read_bytes()
