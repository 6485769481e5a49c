"""Images by untrained convolutions."""

from dataclasses import dataclass

from evalkit.core.sample import Images
from evalkit.core.seeds import generator
from evalkit.features.convolutions import LARGEST_SIDE, FittedConvolutions, fixed, random_layers
from evalkit.features.pictures import shape_of

_NAME = "random_convolutions"
_ROWS = 1000


@dataclass(frozen=True)
class RandomConvolutions:
    """Images by the activations of a network with random weights: nothing is trained.

    Good at noise, blur and texture, weaker at where things are. Each feature is divided by its standard deviation in the reference.
    Another seed gives other features, some better than others. Images with a side of more than 64 pixels are first made smaller,
    so that fine detail is lost.

    Attributes:
        channels: of each layer.

    >>> import numpy as np
    >>> images = Images.of(np.zeros((3, 8, 8, 1), dtype=np.uint8))
    >>> RandomConvolutions().fit(images, seed=0).extract(images).values.shape
    (3, 112)
    """

    channels: tuple[int, ...] = (8, 16, 32)

    def fit(self, reference: Images, *, seed: int) -> FittedConvolutions:
        """Draw weights; of the reference only form, brightness, contrast and the features' deviations are learned.

        Raises:
            SchemaError: they are no images.
            ShapeError: there is none.
        """
        shape = shape_of(_NAME, reference, largest_side=LARGEST_SIDE)
        chosen = generator(seed, _NAME, "rows").permutation(len(reference))[:_ROWS]
        layers = random_layers(seed, _NAME, (shape.channels, *self.channels))
        return fixed(_NAME, self, shape, layers, shape.read_pixels(reference.take(chosen)))
