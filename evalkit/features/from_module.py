"""Images by a network of the user's: a torch module, with weights from a safetensors file where it has none of its own."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, from_numpy, inference_mode, nn

from evalkit.core.errors import InputError
from evalkit.core.sample import Images
from evalkit.features.base import sample_for
from evalkit.features.from_callable import FittedCallable, FromCallable
from evalkit.features.network_input import NetworkInput


@dataclass(frozen=True, eq=False)
class FromModule:
    """Images by a torch module from (n, channels, height, width) to (n, d), or to maps of which the mean over places is taken.

    The module is put into evaluation mode and run without gradients; it is the caller's, and so is its device, the CPU.

    Attributes:
        module: the network.
        name: under which figures show it.
        form: in which it takes images; None: as they are, from 0 (black) to 1.
        weights: a .safetensors file to be loaded into it, name by name; None: it has them. Other files of weights can run code
            when they are read: convert them with ``safetensors.torch.save_file(module.state_dict(), path)``.

    >>> import torch
    >>> images = Images.of(np.zeros((3, 8, 8, 1), dtype=np.uint8))
    >>> network = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU())
    >>> FromModule(network, "five maps").fit(images, seed=0).extract(images).values.shape
    (3, 5)
    """

    module: nn.Module
    name: str
    form: NetworkInput | None = None
    weights: Path | None = None

    def fit(self, reference: Images, *, seed: int) -> FittedCallable:
        """Load the weights and try the module on a few reference images; it learns nothing.

        Raises:
            SchemaError: they are no images.
            InputError: the weights do not fit, or an image's features depend on the others.
            ShapeError: there is no image, or the module does not give a row for each.
        """
        sample_for(self.name, Images, reference, least=1)
        if self.weights is not None:
            _load(self.module, self.weights)
        self.module.eval()
        return FromCallable(self._features, self.name).fit(reference, seed=seed)

    def _features(self, images: Images) -> NDArray[np.float32]:
        form = self.form or NetworkInput()
        with inference_mode():
            found = [self._batch(from_numpy(batch)) for batch in form.batches(images)]
        return np.concatenate(found)

    def _batch(self, batch: Tensor) -> NDArray[np.float32]:
        values = self.module(batch)
        return np.asarray(values.mean(dim=(2, 3)) if values.ndim == 4 else values)


def _load(module: nn.Module, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path.name} cannot be read as a .safetensors file: convert the weights") from error
    except RuntimeError as error:
        raise InputError(f"{path.name} does not fit the module: other names or shapes of weights") from error
