"""Which part of a text a token is predicted from: the same for scoring and for drawing."""


def window_start(position: int, context: int) -> int:
    """Where the window begins from which the token at a position is predicted.

    The first ``context`` tokens see everything before them. From there on windows advance by half a context, and each predicts
    the tokens in its second half: every token is predicted once, from at least half a context.

    >>> [window_start(position, 4) for position in range(9)]
    [0, 0, 0, 0, 2, 2, 4, 4, 6]
    """
    stride = stride_of(context)
    return max(0, -(-(position - context + 1) // stride)) * stride


def n_windows(length: int, context: int) -> int:
    """How many windows a text of ``length`` tokens takes.

    >>> [n_windows(length, 4) for length in (1, 4, 5, 6, 7)]
    [1, 1, 2, 2, 3]
    """
    return 1 + window_start(length - 1, context) // stride_of(context)


def stride_of(context: int) -> int:
    """How far windows advance."""
    return max(context // 2, 1)
