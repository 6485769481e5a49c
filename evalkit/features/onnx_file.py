"""Images by a pretrained network in an ONNX file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.files import sha256
from evalkit.core.sample import Images
from evalkit.features.base import Features, digest_of, features_of, numbers, sample_for
from evalkit.features.from_callable import FromCallable
from evalkit.features.network_input import NetworkInput

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Array = NDArray[np.float64]

_NAME = "onnx_file"
_LARGEST_BYTES = 2 * 2**30
_TYPES: dict[str, type[np.number[Any]]] = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


@dataclass(frozen=True)
class OnnxFile:
    """Images by a network that somebody trained, for example DINOv2 or Inception, exported to one ONNX file.

    The graph takes one input, (n, channels, height, width), floats from 0 to 1 or bytes, and its first output is (n, d), or
    (n, d, height, width), of which the mean over the places is taken. Sides that the graph fixes are what images are brought to.
    The features mean what the network learned: on images unlike those it was trained on, figures can rank generators wrongly. It
    runs on the CPU and reads no file but its own.

    Attributes:
        path: the file, 2 GB at most, with its weights inside.
        mean, deviation: see :class:`~evalkit.features.network_input.NetworkInput`; for graphs that do not scale by themselves.

    Source: https://onnx.ai; Stein et al., NeurIPS 2023, on which networks see what people see.

    >>> OnnxFile(Path("encoder.onnx"), mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)).path.name
    'encoder.onnx'
    """

    path: Path
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)

    def fit(self, reference: Images, *, seed: int) -> "FittedOnnxFile":
        """Open the graph and try it on a few reference images, together and alone; it learns nothing.

        Raises:
            SchemaError: they are no images.
            InputError: the file cannot be read, onnxruntime is not installed, or the graph takes or gives something else.
            ShapeError: there is no image, or the graph does not give a row for each.
        """
        images = sample_for(_NAME, Images, reference, least=1)
        session = _opened(self.path)
        taken, *more = session.get_inputs()
        if more or taken.type not in _TYPES or len(taken.shape) != 4:
            raise InputError(
                f"{self.path.name} must take images alone, floats or bytes (n, channels, height, width): it takes "
                + ", ".join(f"{each.name} {each.type} {each.shape}" for each in (taken, *more))
            )
        batch, channels, height, width = (side if isinstance(side, int) else None for side in taken.shape)
        scale = 255.0 if _TYPES[taken.type] is np.uint8 else 1.0
        size = None if height is None or width is None else (height, width)
        form = NetworkInput(size, channels, self.mean, self.deviation, scale)
        digest = digest_of(_NAME, sha256(self.path), self.mean, self.deviation)
        fitted = FittedOnnxFile(session, form, batch, digest)
        FromCallable(fitted.run, self.path.name).fit(images, seed=seed)
        return fitted


@dataclass(frozen=True, eq=False)
class FittedOnnxFile:
    """See :class:`OnnxFile`.

    Attributes:
        session: the graph.
        form: in which it takes images.
        batch: how many images it takes at a time; None: any number.
        digest: of the file's content and the settings, not of its name.
        name: of the extractor.
    """

    session: "InferenceSession"
    form: NetworkInput
    batch: int | None
    digest: str
    name: str = _NAME

    def extract(self, sample: Images) -> Features:
        """What the graph gives, checked.

        Raises:
            SchemaError: they are no images.
            InputError: the graph takes other images, or gives something else than finite numbers.
            ShapeError: there is no image.
        """
        return features_of(self.run(sample_for(_NAME, Images, sample, least=1)), self.name, self.digest)

    def run(self, images: Images) -> Array:
        """(n, d); the mean over places where the graph gives maps."""
        taken = self.session.get_inputs()[0]
        found = []
        for values in self.form.batches(images):
            given = values if _TYPES[taken.type] is np.float32 else np.rint(values)
            step = self.batch or len(given)
            for start in range(0, len(given), step):
                part = given[start : start + step].astype(_TYPES[taken.type])
                # A graph for a fixed number of images takes no fewer; what is added is cut off again.
                filled = np.concatenate([part, np.repeat(part[-1:], step - len(part), axis=0)])
                found.append(self._values(taken.name, filled)[: len(part)])
        return np.concatenate(found)

    def _values(self, name: str, images: NDArray[Any]) -> Array:
        values = numbers(_run(self.session, name, images), "what the graph gives")
        if values.ndim == 4:
            values = values.mean(axis=(2, 3))
        if values.ndim != 2 or len(values) != len(images):
            raise ShapeError(f"the graph must give a row of features for each of {len(images)} images, got shape {values.shape}")
        return values


def _opened(path: Path) -> "InferenceSession":
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise InputError("an ONNX file needs onnxruntime: install evalkit[onnx]") from error
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path.name} is larger than 2 GB: export the encoder alone")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    options = SessionOptions()
    options.log_severity_level = 4  # what it would print is raised
    try:
        # From bytes, so that no weights in other files are looked for.
        return InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise InputError(f"{path.name} is no ONNX graph with its weights inside that this onnxruntime can run") from error


def _run(session: "InferenceSession", name: str, images: NDArray[Any]) -> Any:
    try:
        return session.run(None, {name: images})[0]
    except Exception as error:  # as above
        shape = images.shape[1:]
        raise InputError(
            f"the ONNX graph cannot take images of {shape[2]} x {shape[1]} pixels with {shape[0]} channels: convert them first"
        ) from error
