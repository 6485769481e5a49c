"""What runs in the peers' environment: files in, files and one line of JSON out. It imports nothing of evalkit.

    PYTHON tests/benchmarks/peers.py fit --family tvae|ctgan --train A.csv --metadata M.json --n N --seed S --out SYNTHETIC.csv
    PYTHON tests/benchmarks/peers.py quality --real B.csv --synthetic SYNTHETIC.csv --metadata M.json
    PYTHON tests/benchmarks/peers.py vae --train A.npy --test B.npy --latent-size N --epochs N --draws N --seed S --out BOUNDS.csv

M.json is SDMetrics' metadata: {"columns": {NAME: {"sdtype": "numerical" | "categorical"}}}. Images are float32 from 0 to 1,
(n, channels, height, width).
"""

import argparse
import json
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

EPOCHS = 300


def read(path: Path, metadata: dict) -> pd.DataFrame:
    """A CSV with the columns and types that the metadata names."""
    labels = {name: str for name, column in metadata["columns"].items() if column["sdtype"] == "categorical"}
    frame = pd.read_csv(path, dtype=labels, float_precision="round_trip", keep_default_na=False, na_values=[""])
    return frame[list(metadata["columns"])]


def fit(family: str, train: pd.DataFrame, metadata: dict, n: int, seed: int) -> tuple[pd.DataFrame, dict]:
    """Fit ctgan's TVAE or CTGAN with its own settings, and draw n rows."""
    import torch
    from ctgan import CTGAN, TVAE

    torch.set_num_threads(1)
    model = {"tvae": TVAE, "ctgan": CTGAN}[family](epochs=EPOCHS, enable_gpu=False)
    model.set_random_state(seed)
    discrete = [name for name, column in metadata["columns"].items() if column["sdtype"] == "categorical"]
    started = time.process_time()
    model.fit(train, discrete)
    fitted = time.process_time()
    drawn = model.sample(n)
    return drawn, {"fit_seconds": fitted - started, "sample_seconds": time.process_time() - fitted}


def quality(real: pd.DataFrame, synthetic: pd.DataFrame, metadata: dict) -> dict:
    """SDMetrics' QualityReport: the mean of how alike columns and pairs of columns are; 1 is best."""
    from sdmetrics.reports.single_table import QualityReport

    report = QualityReport()
    report.generate(real, synthetic, metadata, verbose=False)
    parts = report.get_properties().set_index("Property")["Score"]
    return {"quality": report.get_score(), "shapes": parts["Column Shapes"], "pair_trends": parts["Column Pair Trends"]}


def vae(train: np.ndarray, test: np.ndarray, latent_size: int, epochs: int, draws: int, seed: int) -> tuple[np.ndarray, dict]:
    """pythae's VAE with its residual network for MNIST and cross-entropy: the bound on each test image's log-likelihood in nats."""
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.nn.benchmarks.mnist.resnets import Decoder_ResNet_AE_MNIST, Encoder_ResNet_VAE_MNIST
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    config = VAEConfig(input_dim=train.shape[1:], latent_dim=latent_size, reconstruction_loss="bce")
    model = VAE(config, Encoder_ResNet_VAE_MNIST(config), Decoder_ResNet_AE_MNIST(config))
    rows = BaseDataset(torch.from_numpy(train), torch.zeros(len(train)))
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(output_dir=folder, num_epochs=epochs, learning_rate=1e-3, no_cuda=True, seed=seed)
        started = time.process_time()
        BaseTrainer(model, train_dataset=rows, training_config=settings).train()
    seconds = time.process_time() - started
    with torch.no_grad():
        bounds = torch.cat([bound(model.eval(), part, draws) for part in torch.from_numpy(test).split(100)])
    parameters = sum(each.numel() for each in model.parameters())
    return bounds.numpy(), {"fit_seconds": seconds, "parameters": parameters}


def bound(model, x, draws: int):
    """The importance-weighted bound of an image's log-likelihood, (n,)."""
    import torch
    from torch.nn.functional import binary_cross_entropy

    code = model.encoder(x)
    mean, log_variance = code.embedding, code.log_covariance
    weights = []
    for _ in range(draws):
        eps = torch.randn_like(mean)
        z = mean + torch.exp(0.5 * log_variance) * eps
        surprise = binary_cross_entropy(model.decoder(z).reconstruction, x, reduction="none").flatten(1).sum(1)
        weights.append(-surprise - 0.5 * (z**2 - eps**2 - log_variance).sum(1))
    return torch.logsumexp(torch.stack(weights), 0) - math.log(draws)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("fit")
    one.add_argument("--family", choices=["tvae", "ctgan"], required=True)
    one.add_argument("--n", type=int, required=True)
    one.add_argument("--seed", type=int, required=True)
    two = commands.add_parser("quality")
    three = commands.add_parser("vae")
    for name in ("latent-size", "epochs", "draws", "seed"):
        three.add_argument(f"--{name}", type=int, required=True)
    files = {one: ("train", "metadata", "out"), two: ("real", "synthetic", "metadata"), three: ("train", "test", "out")}
    for command, names in files.items():
        for name in names:
            command.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    print(json.dumps({"fit": _fit, "quality": _quality, "vae": _vae}[arguments.command](arguments)))


def _fit(arguments: argparse.Namespace) -> dict:
    metadata = json.loads(arguments.metadata.read_text())
    drawn, outcome = fit(arguments.family, read(arguments.train, metadata), metadata, arguments.n, arguments.seed)
    drawn.to_csv(arguments.out, index=False)
    return outcome


def _quality(arguments: argparse.Namespace) -> dict:
    metadata = json.loads(arguments.metadata.read_text())
    return quality(read(arguments.real, metadata), read(arguments.synthetic, metadata), metadata)


def _vae(arguments: argparse.Namespace) -> dict:
    train, test = (np.load(path, allow_pickle=False) for path in (arguments.train, arguments.test))
    bounds, outcome = vae(train, test, arguments.latent_size, arguments.epochs, arguments.draws, arguments.seed)
    pd.DataFrame({"bound": bounds}).to_csv(arguments.out, index=False)
    return outcome


if __name__ == "__main__":
    main()
