"""Several processes train one network: two on the CPU behave as several GPUs do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evalkit.backbones.checkpoint import load_state
from evalkit.backbones.network import Network
from evalkit.backbones.processes import Alone, count_started, processes, writes
from evalkit.backbones.vae import VAE
from evalkit.core.errors import InputError
from evalkit.data.encoded import Encoded
from evalkit.run.fit import fit
from tests.backbones.contract_rows import SETTINGS, contract_rows

TWO = """
import sys
import numpy as np
from pathlib import Path
from evalkit.backbones.checkpoint import save_state
from evalkit.backbones.processes import processes
from tests.backbones.contract_rows import backbone, contract_rows
together = processes("cpu")
out = Path(sys.argv[1])
for name in ("vae", "gan"):
    model = backbone(name, "table", steps=60).fit_rows(contract_rows("table"), folder=out / f"{name}-run")
    save_state(out / f"{name}-{together.number}", name, model.to_state())
"""


def started(tmp_path: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", *command]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(launch, env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)


def test_alone_there_is_nothing_to_agree_on() -> None:
    alone = processes("cpu")
    assert isinstance(alone, Alone)
    assert (alone.number, alone.count, count_started(), writes()) == (0, 1, 1, True)
    figures = torch.ones(2)
    assert alone.mean(figures) is figures
    with alone.precision():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_two_processes_learn_the_same_from_twice_as_many_rows(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(TWO)
    done = started(tmp_path, str(script), str(tmp_path))
    assert done.returncode == 0, done.stderr
    for name in ("vae", "gan"):
        first, second = (load_state(tmp_path / f"{name}-{number}")[1] for number in (0, 1))
        for weights in first["weights"]:
            np.testing.assert_array_equal(first["weights"][weights], second["weights"][weights])
        assert first["history"] == second["history"]
        assert load_state(tmp_path / f"{name}-run")[1]["step"] == 60
    rows = contract_rows("table")
    both = load_state(tmp_path / "vae-0")[1]
    Doubled.__name__ = "VAE"  # the rows that are held out are keyed by it
    doubled = Doubled(**SETTINGS["vae", "table"]).fit_rows(rows)
    np.testing.assert_allclose(VAE.from_state(both).score_rows(rows), doubled.score_rows(rows), rtol=1e-4)


class Doubled(VAE):
    """One process that takes at every step the batches that two would."""

    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Any:
        own = super()._objective(network, training, held_out)
        learned = own.training_loss

        def both(network: nn.Module, step: int) -> Tensor:
            return (learned(network, 2 * step) + learned(network, 2 * step + 1)) / 2

        own.training_loss = both  # type: ignore[method-assign]
        return own


def test_one_of_several_processes_saves_the_model(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n" + "".join(f"{i % 7},{i % 5}.5\n" for i in range(200)))
    out = tmp_path / "model"
    done = started(tmp_path, "-m", "evalkit", "fit", str(rows), "--backbone", "vae", "--steps", "20", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert load_state(out)[0] == "vae"
    assert not (tmp_path / "model.training").exists()


def test_what_several_processes_cannot_do_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="several processes train one model"):
        fit(tmp_path / "rows.csv", "auto", tmp_path / "model")
