"""How BERT cuts texts into pieces of words."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from evalkit.core.errors import InputError

SPECIAL = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
_LONGEST_WORD, _MOST_REMEMBERED = 100, 2**17
_ASCII_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


@dataclass(frozen=True, eq=False)
class WordPieces:
    """A vocabulary of whole words and of pieces that go on within a word (``##ing``), and how texts are cut into them.

    Texts are cleaned, put in lower case without accents where ``lowercase`` says so, and split at blanks, marks and Chinese
    characters; of each word the longest piece at its beginning is taken, then that of the rest. A word that cannot be made up so,
    or of more than 100 characters, is unknown.

    Source: Devlin et al., "BERT", NAACL 2019, and its published code. The ids are those of the tokenizers library 0.23, but for 503
    characters whose kind newer editions of Unicode settled or changed.

    Attributes:
        vocabulary: ids by piece.
        lowercase: whether upper and lower case are alike.
        accents: whether accents count.

    >>> pieces = WordPieces({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[PAD]": 3, "[MASK]": 4, "read": 5, "##ing": 6}, True, False)
    >>> pieces.ids("Réading ⌘", most=9)
    [1, 5, 6, 0, 2]
    """

    vocabulary: Mapping[str, int]
    lowercase: bool
    accents: bool

    @classmethod
    def from_json(cls, content: bytes) -> "WordPieces":
        """What a ``tokenizer.json`` tells of, the file of the tokenizers library.

        Raises:
            InputError: it is no such file, or one that cuts texts in another way.
        """
        try:
            told = json.loads(content)
            model, cleaning = told["model"], told["normalizer"]
            kinds = (model["type"], cleaning["type"], told["pre_tokenizer"]["type"])
            usual = (model["unk_token"], model["continuing_subword_prefix"], model["max_input_chars_per_word"])
            vocabulary = {str(piece): int(number) for piece, number in model["vocab"].items()}
            lowercase, accents = bool(cleaning["lowercase"]), cleaning["strip_accents"]
            cleaned = cleaning["clean_text"] and cleaning["handle_chinese_chars"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError("tokenizer.json is not a tokenizer of BERT's kind: choose the folder of another model") from error
        known = kinds == ("WordPiece", "BertNormalizer", "BertPreTokenizer") and usual == ("[UNK]", "##", _LONGEST_WORD)
        if not known or not cleaned or not vocabulary.keys() >= set(SPECIAL):
            raise InputError("tokenizer.json cuts texts in another way than BERT does: choose the folder of another model")
        return cls(vocabulary, lowercase, not (lowercase if accents is None else accents))

    def ids(self, text: str, most: int) -> list[int]:
        """The ids of a text between those of its beginning and its end, ``most`` at most, those two counted."""
        inner = list(islice(self._pieces(text), most - 2))
        return [self.vocabulary["[CLS]"], *inner, self.vocabulary["[SEP]"]]

    def _pieces(self, text: str) -> Iterator[int]:
        for part in re.split(r"(\[(?:UNK|CLS|SEP|PAD|MASK)\])", text):
            if part in SPECIAL:
                yield self.vocabulary[part]
            else:
                for word in _words(self._cleaned(part)):
                    yield from self._of_word(word)

    def _cleaned(self, text: str) -> str:
        cleaned = "".join(self._characters[character] for character in text)
        if not self.accents:
            decomposed = unicodedata.normalize("NFD", cleaned)
            cleaned = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
        # One by one: Python ends a word with another sigma.
        return "".join(character.lower() for character in cleaned) if self.lowercase else cleaned

    @cached_property
    def _characters(self) -> "_Characters":
        return _Characters()

    @cached_property
    def _known_words(self) -> dict[str, tuple[int, ...]]:
        return {}

    def _of_word(self, word: str) -> tuple[int, ...]:
        found = self._known_words.get(word)
        if found is None:
            if len(self._known_words) >= _MOST_REMEMBERED:
                self._known_words.clear()
            found = self._known_words[word] = self._cut(word)
        return found

    def _cut(self, word: str) -> tuple[int, ...]:
        unknown = (self.vocabulary["[UNK]"],)
        if len(word) > _LONGEST_WORD:
            return unknown
        found: list[int] = []
        start = 0
        while start < len(word):
            marked = "##" * (start > 0)
            ends = (end for end in range(len(word), start, -1) if marked + word[start:end] in self.vocabulary)
            if (end := next(ends, None)) is None:
                return unknown
            found.append(self.vocabulary[marked + word[start:end]])
            start = end
        return tuple(found)


class _Characters(dict[str, str]):
    """What becomes of each character when a text is cleaned."""

    def __missing__(self, character: str) -> str:
        self[character] = found = _clean(character)
        return found


def _clean(character: str) -> str:
    if character in "\t\n\r" or unicodedata.category(character) in ("Zs", "Zl", "Zp"):
        return " "
    if character in "\x00\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs"):
        return ""
    return f" {character} " if any(first <= ord(character) <= last for first, last in _CHINESE) else character


def _words(cleaned: str) -> Iterator[str]:
    """Words and marks, each mark by itself."""
    for word in cleaned.split():
        start = 0
        for i, character in enumerate(word):
            if _is_mark(character):
                yield from filter(None, (word[start:i], character))
                start = i + 1
        if start < len(word):
            yield word[start:]


def _is_mark(character: str) -> bool:
    return character in _ASCII_MARKS or unicodedata.category(character).startswith("P")
