"""Operations that dominate the running time, one folder an operation: a reference that reads like the definition, and fast kernels.

Every operation takes ``impl``: ``None`` lets evalkit choose, ``"reference"`` is the plain implementation that all others are
tested against.
"""
