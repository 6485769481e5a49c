"""From Samples to feature arrays. ``EXTRACTORS`` names the ways; each loads on use."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from evalkit.core.schema import Modality

if TYPE_CHECKING:
    from evalkit.features.base import Extractor as Extractor
    from evalkit.features.base import Features as Features
    from evalkit.features.base import FittedExtractor as FittedExtractor
    from evalkit.features.base import as_features as as_features
    from evalkit.features.cache import extract as extract
    from evalkit.features.from_callable import FromCallable as FromCallable
    from evalkit.features.from_module import FromModule as FromModule
    from evalkit.features.onnx_file import OnnxFile as OnnxFile
    from evalkit.features.saved import load_extractor as load_extractor
    from evalkit.features.saved import save_extractor as save_extractor


@dataclass(frozen=True)
class ExtractorSpec:
    """One extractor as the doors show it: light, nothing heavy is imported.

    Attributes:
        name: on the command line and in settings.
        what_it_is: one sentence for somebody who must choose.
        modality: of the Samples it reads.
        module, class_name: where it lives.
        fitted_name: what its ``fit`` returns, in the same module.
    """

    name: str
    what_it_is: str
    modality: Modality
    module: str
    class_name: str
    fitted_name: str

    def load(self) -> "type[Extractor]":
        """The class."""
        found: type[Extractor] = getattr(import_module(self.module), self.class_name)
        return found

    def load_fitted(self) -> Any:
        """The class of what is fitted; it has ``to_state`` and ``from_state``."""
        return getattr(import_module(self.module), self.fitted_name)


EXTRACTORS: dict[str, ExtractorSpec] = {
    spec.name: spec
    for spec in (
        ExtractorSpec(
            name="encoded_table",
            what_it_is="Every column with one weight: numbers on a robust scale, labels one by one, moments and texts in parts.",
            modality="table",
            module="evalkit.features.encoded_table",
            class_name="EncodedTable",
            fitted_name="FittedEncodedTable",
        ),
        ExtractorSpec(
            name="self_supervised",
            what_it_is="A small network, trained here on the reference to tell how images are turned and moved; a few seconds.",
            modality="images",
            module="evalkit.features.self_supervised",
            class_name="SelfSupervised",
            fitted_name="FittedConvolutions",
        ),
        ExtractorSpec(
            name="pixel_pca",
            what_it_is="The reference's main patterns of pixels, and what lies outside: which kinds there are and where.",
            modality="images",
            module="evalkit.features.pixel_pca",
            class_name="PixelPca",
            fitted_name="FittedPixelPca",
        ),
        ExtractorSpec(
            name="random_convolutions",
            what_it_is="A network with random weights: nothing is trained; good at noise, blur and texture.",
            modality="images",
            module="evalkit.features.random_convolutions",
            class_name="RandomConvolutions",
            fitted_name="FittedConvolutions",
        ),
        ExtractorSpec(
            name="hashed_ngrams",
            what_it_is="Which pieces of one to four letters a text is made of, its length and its characters; not what it means.",
            modality="texts",
            module="evalkit.features.hashed_ngrams",
            class_name="HashedNgrams",
            fitted_name="FittedHashedNgrams",
        ),
        ExtractorSpec(
            name="language_states",
            what_it_is="A small language model, trained here on the reference: the order of words, and what surprises it.",
            modality="texts",
            module="evalkit.features.language_states",
            class_name="LanguageStates",
            fitted_name="FittedLanguageStates",
        ),
        ExtractorSpec(
            name="sentences",
            what_it_is="What a text means, by a sentence model whose files are on this machine; nothing is trained or downloaded.",
            modality="texts",
            module="evalkit.features.sentences",
            class_name="SentenceEmbeddings",
            fitted_name="FittedSentences",
        ),
        ExtractorSpec(
            name="windows",
            what_it_is="Windows of a series: values, levels, spread, how one step follows another and one channel another.",
            modality="series",
            module="evalkit.features.windows",
            class_name="Windows",
            fitted_name="FittedWindows",
        ),
    )
}

USUAL: dict[Modality, str] = {"table": "encoded_table", "images": "self_supervised", "texts": "hashed_ngrams", "series": "windows"}
"""The extractor that is used where none is named."""

_WHERE = {
    "Extractor": "evalkit.features.base",
    "Features": "evalkit.features.base",
    "FittedExtractor": "evalkit.features.base",
    "FromCallable": "evalkit.features.from_callable",
    "FromModule": "evalkit.features.from_module",
    "OnnxFile": "evalkit.features.onnx_file",
    "as_features": "evalkit.features.base",
    "extract": "evalkit.features.cache",
    "load_extractor": "evalkit.features.saved",
    "save_extractor": "evalkit.features.saved",
}

__all__ = [
    "EXTRACTORS",
    "USUAL",
    "Extractor",
    "ExtractorSpec",
    "Features",
    "FittedExtractor",
    "FromCallable",
    "FromModule",
    "OnnxFile",
    "as_features",
    "extract",
    "load_extractor",
    "save_extractor",
]


def __getattr__(name: str) -> Any:
    # The catalogue is read by `--help`, which must not import NumPy.
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'evalkit.features' has no attribute {name!r}")
