"""evalkit: find the rows that do not belong, and compare generative models, with figures that say how far they can be trusted.

>>> import evalkit as ek
>>> sample = ek.load([[1.0, 2.0], [3.0, 4.0]])
>>> len(sample)
2
"""

from typing import TYPE_CHECKING, Any

from evalkit.core.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from evalkit.anomaly import AnomalyDetector as AnomalyDetector
    from evalkit.anomaly import Detection as Detection
    from evalkit.backbones.diffusion import Diffusion as Diffusion
    from evalkit.backbones.gan import GAN as GAN
    from evalkit.backbones.recurrent_lm import RecurrentLM as RecurrentLM
    from evalkit.backbones.transformer_lm import TransformerLM as TransformerLM
    from evalkit.backbones.vae import VAE as VAE
    from evalkit.compare.evaluation import Evaluation as Evaluation
    from evalkit.core.errors import EvalkitError as EvalkitError
    from evalkit.core.evidence import Evidence as Evidence
    from evalkit.core.evidence import Failure as Failure
    from evalkit.core.sample import Images as Images
    from evalkit.core.sample import Sample as Sample
    from evalkit.core.sample import Series as Series
    from evalkit.core.sample import Table as Table
    from evalkit.core.sample import Texts as Texts
    from evalkit.core.schema import Schema as Schema
    from evalkit.data import load as load
    from evalkit.ratings import Ranking as Ranking
    from evalkit.ratings import agreement as agreement
    from evalkit.ratings import mean_ratings as mean_ratings
    from evalkit.ratings import rank as rank
    from evalkit.run.evaluate import evaluate as evaluate
    from evalkit.run.models import load_model as load_model
    from evalkit.run.models import save as save

_WHERE = {
    "AnomalyDetector": "evalkit.anomaly",
    "Detection": "evalkit.anomaly",
    "Diffusion": "evalkit.backbones.diffusion",
    "EvalkitError": "evalkit.core.errors",
    "Evaluation": "evalkit.compare.evaluation",
    "Evidence": "evalkit.core.evidence",
    "Failure": "evalkit.core.evidence",
    "GAN": "evalkit.backbones.gan",
    "Images": "evalkit.core.sample",
    "Ranking": "evalkit.ratings",
    "RecurrentLM": "evalkit.backbones.recurrent_lm",
    "Sample": "evalkit.core.sample",
    "Schema": "evalkit.core.schema",
    "Series": "evalkit.core.sample",
    "Table": "evalkit.core.sample",
    "Texts": "evalkit.core.sample",
    "TransformerLM": "evalkit.backbones.transformer_lm",
    "VAE": "evalkit.backbones.vae",
    "agreement": "evalkit.ratings",
    "evaluate": "evalkit.run.evaluate",
    "load": "evalkit.data",
    "load_model": "evalkit.run.models",
    "mean_ratings": "evalkit.ratings",
    "rank": "evalkit.ratings",
    "save": "evalkit.run.models",
}

__all__ = [  # noqa: RUF022 - in the order of a first session
    "load",
    "AnomalyDetector",
    "Detection",
    "VAE",
    "GAN",
    "Diffusion",
    "RecurrentLM",
    "TransformerLM",
    "evaluate",
    "Evaluation",
    "rank",
    "Ranking",
    "agreement",
    "save",
    "load_model",
    "mean_ratings",
    "Sample",
    "Table",
    "Images",
    "Texts",
    "Series",
    "Schema",
    "Evidence",
    "Failure",
    "EvalkitError",
]


def __getattr__(name: str) -> Any:
    # Names load on first use: `import evalkit` and `evalkit --help` stay light.
    if name in _WHERE:
        import importlib

        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
