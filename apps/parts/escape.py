"""Sentences of evalkit inside Markdown. Text from data never goes there: st.text, st.code and tables show it as it is."""

import string

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in string.punctuation})


def escaped(sentence: str) -> str:
    r"""The sentence so that Markdown shows every character of it.

    >>> escaped("12 of 2,000 rows *look*")
    '12 of 2\\,000 rows \\*look\\*'
    """
    return sentence.translate(_MARKS)
