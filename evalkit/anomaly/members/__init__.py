"""Members: ways of looking for rows that do not belong, each with a bias of its own."""

from dataclasses import dataclass
from importlib import import_module
from typing import Literal, cast

from evalkit.anomaly.members.base import Member, Reference, Training, across_folds

__all__ = ["MEMBERS", "Member", "MemberSpec", "Reference", "Training", "Voice", "across_folds"]


Voice = Literal["place", "rule"]


@dataclass(frozen=True)
class MemberSpec:
    """A line of the catalogue; the member itself is imported on use.

    Attributes:
        module: where it is, below ``evalkit.anomaly.members``.
        name: the class there.
        looks_for: what it sees, in words for the user.
        at_least: rows without which it has nothing to learn from.
        most_features: features beyond which it takes too long.
        costs: ``"fast"`` members are used at every effort, ``"default"`` ones from there up, the others only where they are named.
        voice: ``"place"``: judges where a row lies among the others. ``"rule"``: judges whether its columns fit each other.
    """

    module: str
    name: str
    looks_for: str
    at_least: int = 2
    most_features: int = 1_000_000
    costs: Literal["fast", "default", "named"] = "fast"
    voice: Voice = "place"

    def load(self) -> type[Member]:
        """The member's class."""
        return cast(type[Member], getattr(import_module(f"evalkit.anomaly.members.{self.module}"), self.name))


MEMBERS: dict[str, MemberSpec] = {
    "nearest": MemberSpec("nearest", "Nearest", "rows far from every other row"),
    "nearest_manhattan": MemberSpec("nearest", "NearestManhattan", "rows with many small oddities at once"),
    "local_gaussian": MemberSpec("local_gaussian", "LocalGaussian", "rows beside the local shape of the data", at_least=200),
    "local_outlier": MemberSpec("local_outlier", "LocalOutlier", "rows lonelier than their neighbours are", at_least=200),
    "conditional": MemberSpec(
        "conditional",
        "Conditional",
        "values that do not fit the row's other columns",
        at_least=200,
        most_features=120,
        costs="default",
        voice="rule",
    ),
    "vae": MemberSpec(
        "backbone", "VAEMember", "rows that a smooth picture of all columns finds unlikely", at_least=200, costs="default"
    ),
    "diffusion": MemberSpec("backbone", "DiffusionMember", "rows that noise cannot be taken off", at_least=200, costs="named"),
    "gan": MemberSpec("backbone", "GANMember", "rows that a trained discriminator has not seen", at_least=200, costs="named"),
    "transformer_lm": MemberSpec(
        "backbone", "TransformerMember", "columns that those before them do not foretell", at_least=200, costs="named"
    ),
}
