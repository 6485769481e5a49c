"""State: what a fitted object is, as a tree that holds plain JSON values and NumPy arrays and nothing else.

Everything fitted has ``to_state()`` and a classmethod ``from_state(state)``. A checkpoint writes the tree as JSON beside one
safetensors file; no code is ever stored.
"""

from collections.abc import Mapping
from typing import Any

State = dict[str, Any]
"""Keys are strings; values are JSON values, NumPy arrays (numeric or boolean), or nested States and lists of them."""

ReadState = Mapping[str, Any]
