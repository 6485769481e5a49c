"""Saved VAEs of earlier versions, as this version writes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def with_layout(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first version had tables only and told the sizes of the network by those of its weights."""
    if "layout" in state or "features" not in state:
        return state
    weights = state["weights"]
    plan = {
        "facts": state["facts"],
        "latent_size": len(weights["encoder.leave.bias"]) // 2,
        "width": len(weights["encoder.enter.bias"]),
        "pseudo_rows": len(weights["pseudo_rows"]),
        "loadings": np.zeros((len(state["features"]), 0)),
        "shared": None,
    }
    return {**state, "layout": {"modality": "table", "features": state["features"]}, "network": plan}
