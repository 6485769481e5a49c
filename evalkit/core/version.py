"""Which evalkit this is."""

from importlib.metadata import version

VERSION = version("evalkit")
"""As pyproject.toml says it."""
