"""Small texts in encoded form: sentences of a few words, of different lengths."""

import numpy as np

from evalkit.core.seeds import generator
from evalkit.data.tokens import Tokens

_WHO, _DOES, _WHAT = ("a cat", "the dog", "one bird"), ("sees", "hears", "likes"), ("a fish", "the sea", "rain", "me")
VOCABULARY = 257


def written_texts(n: int = 120, seed: int = 0) -> Tokens:
    """One to three sentences each; who likes, likes the sea."""
    random = generator(seed, "written texts")
    texts = []
    for _ in range(n):
        sentences = []
        for _ in range(random.integers(1, 4)):
            does = random.choice(_DOES)
            what = "the sea" if does == "likes" else random.choice(_WHAT)
            sentences.append(f"{random.choice(_WHO)} {does} {what}.")
        texts.append(" ".join(sentences))
    return as_tokens(*texts)


def odd_texts() -> Tokens:
    """Nothing at all, one letter again and again, the same text twice."""
    return as_tokens(*["", "a", "a" * 40, "ab", "ab"] * 5)


def as_tokens(*texts: str) -> Tokens:
    """Texts as bytes."""
    return Tokens.of([np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int32) for text in texts], VOCABULARY)
