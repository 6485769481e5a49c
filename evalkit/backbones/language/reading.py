"""What language models show about texts: surprise by text, token and byte; how they go on; which tokens are alike."""

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from evalkit.backbones.base import Array, Backbone
from evalkit.backbones.language.drawing import Choice, Drawing, draw
from evalkit.backbones.language.held_out import per_token
from evalkit.backbones.threads import suitable_threads
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.evidence import Finding
from evalkit.core.sample import Texts
from evalkit.data.encoded import expect
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import END_OF_TEXT, Tokens
from evalkit.kernels.neighbours import nearest


class TextReader(Backbone):
    """The methods that make sense for texts only; of a model of something else they raise CapabilityError."""

    network_: Any

    def surprisal(self, data: Any) -> Array:
        """Mean nats a token of each text, (n,): texts of different lengths compare."""
        rows = self._texts_of(data)
        return self.score_rows(rows) / rows.lengths

    def nats_per_token(self, data: Any) -> Finding:
        """Mean nats a token over all texts, with its interval."""
        return self.nats_per_token_rows(self._texts_of(data))

    def nats_per_token_rows(self, rows: Tokens) -> Finding:
        """:meth:`nats_per_token` for encoded rows."""
        return per_token(self._nats(rows), rows, name="nats a token", seed=self.random_state)

    def nats_per_byte(self, data: Any) -> Finding:
        """Mean nats a byte of UTF-8 over all texts, the end of a text counted as one: compares models of any vocabulary."""
        rows, encoder = self._texts_of(data), self._text_encoder()
        lengths = np.array([len(encoder.piece(token)) or 1 for token in range(rows.vocabulary_size)], dtype=np.float64)
        return per_token(self._nats(rows), rows, name="nats a byte", seed=self.random_state, unit=lengths[rows.ids])

    def surprisal_map(self, text: str) -> list[tuple[str, float]]:
        """Each piece of a text with its nats; the last is the end of the text, an empty piece."""
        rows = self._tokens([text])
        return [(self._shown(token), nats) for token, nats in zip(rows.ids.tolist(), self._nats(rows).tolist(), strict=True)]

    def nearest_tokens(self, token: str, k: int = 5) -> list[tuple[str, float]]:
        """The k tokens that the model treats most like one, with the cosine between their embeddings.

        Args:
            token: a text that is one token of the vocabulary.
            k: how many, among tokens that the training texts had.

        Raises:
            InputError: the text is not one token.
        """
        ids = self._tokens([token]).ids[:-1]
        if len(ids) != 1:
            raise InputError(f"nearest_tokens needs a text that is one token of the model, got {len(ids)}: give a piece of it")
        others = np.setdiff1d(np.flatnonzero(self.network_.seen.numpy()), [ids[0], END_OF_TEXT])
        embedding = self.network_.embedding.detach().numpy()
        direction = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
        found = nearest(direction[others], direction[ids], k)
        pairs = zip(found.indices[0].tolist(), found.distances[0].tolist(), strict=True)
        return [(self._shown(int(others[place])), 1 - distance / 2) for place, distance in pairs]

    def complete(self, prompts: Sequence[str], n_tokens: int = 64, random_state: int = 0, **choice: Unpack[Choice]) -> list[str]:
        """How each text goes on: what comes behind it, until the model ends the text.

        Args:
            prompts: texts that begin.
            n_tokens: at most, >= 1.
            random_state: seed of the draws; prompt i draws with its own numbers.
            choice: temperature, top_k, top_p; see :class:`~evalkit.backbones.language.drawing.Drawing`.
        """
        rows = self.complete_rows(self._tokens(prompts), n_tokens, random_state, **choice)
        piece = self._text_encoder().piece
        return [b"".join(map(piece, rows.row(i).tolist())).decode(errors="replace") for i in range(len(rows))]

    def complete_rows(
        self, prompts: Tokens, n_tokens: int = 64, random_state: int = 0, *, remember: bool = True, **choice: Unpack[Choice]
    ) -> Tokens:
        """:meth:`complete` for encoded rows; ``remember=False`` reads everything again for each token, with the same result."""
        self._require("condition")
        self._check_layout(prompts)
        if n_tokens < 1:
            raise InputError(f"n_tokens must be at least 1, got {n_tokens}: change the setting")
        drawing, drawn = Drawing(**choice), []
        with torch.no_grad(), suitable_threads("texts"):
            for i in range(len(prompts)):
                given = prompts.row(i)[:-1].astype(np.int64)
                drawn += list(draw(self.network_, given, np.array([i]), n_tokens, drawing, random_state, remember=remember))
        return Tokens.of([until_end(row) for row in drawn], prompts.vocabulary_size)

    def _nats(self, tokens: Tokens) -> NDArray[np.float64]:
        """Nats of every token, (tokens,)."""
        with torch.no_grad(), suitable_threads("texts"):
            parts = [self.network_.per_row(x, *self._noise())[x >= 0] for x in self._chunks(tokens)]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)

    def _texts_of(self, data: Any) -> Tokens:
        self._text_encoder()
        return expect(self._rows(data), Tokens)

    def _tokens(self, texts: Sequence[str]) -> Tokens:
        return self._text_encoder().transform(Texts.of(texts))

    def _text_encoder(self) -> TextEncoder:
        encoder = self._encoder()
        if not isinstance(encoder, TextEncoder):
            raise CapabilityError(f"this {type(self).__name__} was fitted to {self.layout_.modality}: fit one to texts for this")
        return encoder

    def _shown(self, token: int) -> str:
        return self._text_encoder().piece(token).decode(errors="replace")


def until_end(row: NDArray[np.int32]) -> NDArray[np.int32]:
    """What stands in front of the end of the text."""
    ends = np.flatnonzero(row == END_OF_TEXT)
    return row[: ends[0]] if len(ends) else row
