"""Which evalkit this is, and beside which libraries it runs."""

import platform
from importlib.metadata import version

VERSION = version("evalkit")
"""As pyproject.toml says it."""


def versions(*packages: str) -> dict[str, str]:
    """Of evalkit, Python and the named packages, as they are installed.

    >>> list(versions("numpy"))
    ['evalkit', 'python', 'numpy']
    """
    return {"evalkit": VERSION, "python": platform.python_version(), **{name: version(name) for name in packages}}
