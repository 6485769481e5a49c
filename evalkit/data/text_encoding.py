"""From texts to tokens and back, as fitted on a reference."""

from typing import Any, Literal, Self, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError
from evalkit.core.sample import Problem, Texts
from evalkit.core.schema import Schema
from evalkit.core.state import ReadState, State
from evalkit.data.byte_pairs import FIRST_MERGE, LONGEST_WORD, Pieces, train_merges
from evalkit.data.spool import room_for
from evalkit.data.tokens import END_OF_TEXT, Tokens

Vocabulary = Literal["byte", "bpe"]
MOST_PIECES = 65_536
_MOST_TRAINING_BYTES = 10_000_000
_SCHEMA: TypeAdapter[Schema] = TypeAdapter(Schema)


class TextEncoder:
    """From texts to tokens and back. Any text comes back as it was, whatever the reference held.

    Args:
        vocabulary: ``byte`` has one token a byte of UTF-8; ``bpe`` learns frequent pieces of words, which makes rows shorter and a
            model's context reach further. Nats per token of two vocabularies do not compare; nats per byte do.
        size: ids in all with ``bpe``, the 256 bytes and the end of a text among them; fewer when the reference is too small to
            hold so many pieces. Learned from the first 10 MB.

    >>> texts = Texts.of(["low tide", "lower still", "größer"])
    >>> encoder = TextEncoder(vocabulary="bpe", size=259).fit(texts)
    >>> encoder.transform(texts).lengths.tolist(), encoder.decode(encoder.transform(texts)).texts.to_pylist()
    ([8, 10, 8], ['low tide', 'lower still', 'größer'])
    """

    def __init__(self, vocabulary: Vocabulary = "byte", size: int = 2048) -> None:
        self.vocabulary = vocabulary
        self.size = size
        self._schema: Schema | None = None
        self._pieces = Pieces([])
        self._merges = np.zeros((0, 2), dtype=np.int32)

    def fit(self, texts: Texts) -> Self:
        """Learn the pieces; bytes need no learning.

        Raises:
            InputError: a setting is out of its range.
        """
        if self.vocabulary not in get_args(Vocabulary):
            raise InputError(f"the vocabulary must be byte or bpe, got {self.vocabulary!r}: choose one of them")
        if not FIRST_MERGE < self.size <= MOST_PIECES:
            raise InputError(f"the size of a vocabulary must be above {FIRST_MERGE} and at most {MOST_PIECES:,}, got {self.size:,}")
        n_merges = self.size - FIRST_MERGE if self.vocabulary == "bpe" else 0
        self._take_over(texts.schema, train_merges(_beginning(texts), n_merges))
        return self

    @property
    def schema(self) -> Schema:
        """The reference's schema."""
        if self._schema is None:
            raise NotFittedError("this TextEncoder is not fitted yet: call fit with the reference first")
        return self._schema

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, the end of a text included."""
        return FIRST_MERGE + len(self._merges)

    def piece(self, token: int) -> bytes:
        """The bytes that an id stands for; none for the end of a text."""
        return self._pieces.table[token]

    def transform(self, texts: Texts) -> Tokens:
        """Encode texts, each by itself.

        Raises:
            SchemaError: the Sample is of another modality.
        """
        if self.schema.modality != texts.schema.modality:
            raise SchemaError(f"this encoder was fitted to texts and got {texts.schema.modality}: give texts")
        starts = np.zeros(len(texts) + 1, dtype=np.int64)
        ids = room_for(((pc.sum(pc.binary_length(texts.texts)).as_py() or 0) + len(texts),), np.int32)
        for i, text in enumerate(texts.texts):
            row = self._ids(text.as_py().encode())
            end = starts[i] + len(row)
            ids[starts[i] : end] = row
            ids[end] = END_OF_TEXT
            starts[i + 1] = end + 1
        return Tokens(ids[: starts[-1]], starts, self.vocabulary_size)

    def decode(self, tokens: Tokens, *, name: str = "generated") -> Texts:
        """Turn tokens into texts; bytes that are no character are shown as one, and ``problems`` says so.

        Raises:
            SchemaError: the tokens were encoded with another vocabulary.
        """
        if tokens.vocabulary_size != self.vocabulary_size:
            raise SchemaError(
                f"the tokens are of a vocabulary of {tokens.vocabulary_size:,} and this encoder has {self.vocabulary_size:,}: "
                "decode them with the encoder that made them"
            )
        written = [b"".join(map(self.piece, tokens.row(i).tolist())) for i in range(len(tokens))]
        texts = [text.decode(errors="replace") for text in written]
        n_broken = sum(text.encode() != bytes_ for text, bytes_ in zip(texts, written, strict=True))
        problems = (Problem(what="hold bytes that are no character, shown as �", rows=n_broken),) if n_broken else ()
        return Texts(name, self.schema, pa.chunked_array([texts], pa.large_string()), problems)

    def to_state(self) -> State:
        """What was learned."""
        state: State = {"vocabulary": self.vocabulary, "size": self.size, "schema": self.schema.model_dump(mode="json")}
        return state | {"merges": self._merges}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            ModelError: the state is not an encoder's.
        """
        try:
            encoder = cls(state["vocabulary"], state["size"])
            encoder._take_over(_SCHEMA.validate_python(state["schema"]), _checked(state["merges"]))
        except (ValidationError, KeyError, IndexError, TypeError, ValueError) as error:
            raise ModelError(
                "the model's text encoder is damaged or was written by another version: fit the model again"
            ) from error
        return encoder

    def _take_over(self, schema: Schema, merges: NDArray[np.int32]) -> None:
        self._schema, self._merges, self._pieces = schema, merges, Pieces(merges.tolist())

    def _ids(self, text: bytes) -> NDArray[np.uint8] | NDArray[np.int32]:
        if not len(self._merges):
            return np.frombuffer(text, dtype=np.uint8)
        return np.asarray(self._pieces.encode(text), dtype=np.int32)


def _beginning(texts: Texts) -> list[bytes]:
    found: list[bytes] = []
    left = _MOST_TRAINING_BYTES
    for text in texts.texts:
        found.append(text.as_py().encode()[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return found


def _checked(merges: Any) -> NDArray[np.int32]:
    """Merges from a file: each may only join what is there before it, and no piece is longer than a word can be."""
    result = np.asarray(merges, dtype=np.int32).reshape(-1, 2)
    lengths = [1] * END_OF_TEXT + [LONGEST_WORD]
    for first, second in result.tolist():
        length = lengths[first] + lengths[second] if min(first, second) >= 0 else 0
        if not 2 <= length <= LONGEST_WORD:
            raise ValueError("a merge joins what cannot be joined")
        lengths.append(length)
    return result
