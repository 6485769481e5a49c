"""What every language model offers: fit, score and draw; for texts also complete, and figures per token."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import torch
from torch import Tensor

from evalkit.backbones.base import FINDING, Array, Capability, gentler, held_out_finding
from evalkit.backbones.checkpoint import readable
from evalkit.backbones.language.drawing import Choice, Drawing, draw
from evalkit.backbones.language.forecasting import Forecaster
from evalkit.backbones.language.held_out import HELD_OUT_TOKEN, hold_out, per_token, some_tokens
from evalkit.backbones.language.loss import NextToken
from evalkit.backbones.language.network import LIMITS, LanguageNetwork
from evalkit.backbones.language.ngram import ORDER, NGram
from evalkit.backbones.language.reading import TextReader, until_end
from evalkit.backbones.language.row_loss import WholeRows
from evalkit.backbones.language.row_network import RowNetwork
from evalkit.backbones.network import Network
from evalkit.backbones.preferences import Preferred, Votes
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.training import Objective, Schedule
from evalkit.core.errors import InputError
from evalkit.core.evidence import Finding
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality
from evalkit.core.seeds import derive_seed
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, expect
from evalkit.data.pixels import Pixels
from evalkit.data.tokens import Tokens

_TOKENS_AT_ONCE, _ROWS_AT_ONCE = 2**13, 64
_IMAGES_AT_ONCE, _MOST_IMAGES = 32, 100
_STEPS = (300, 2000)
_OF_TEXTS = Schedule(steps=1, betas=(0.9, 0.99), warmup=100, weight_decay=0.1, clip=1.0, ema=0.99, evaluate_every=100)
_OF_ROWS = Schedule(steps=1, rates={"head.line": 0.1, "past": 0.1}, weight_decay=1.0, clip=1.0, ema=0.98, evaluate_every=25)
_MOST_TOKENS = 1024
_REMEMBERED = 8192


class LanguageModel(TextReader, Forecaster):
    """Predicts each token of a text from those before it.

    The score is minus a text's log-likelihood in nats, exact, so longer texts score higher; :meth:`surprisal` is the same a token.
    A text longer than ``context`` is predicted in windows that overlap by half.

    Attributes:
        held_out_: nats a token on texts, or the last tenth of few long ones, that training never saw.
        usual: what settings that are None stand for, by modality.
        baseline_: what an n-gram model makes of the same tokens. A network that is not below it has not learned more than to count.
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]] = {
        "texts": frozenset(("score", "log_prob_bound", "sample", "condition")),
        "series": frozenset(("score", "log_prob_bound", "sample")),
    }

    usual: ClassVar[Mapping[Modality, Mapping[str, Any]]]

    context: int
    width: int | None
    batch: int | None
    learning_rate: float | None
    dropout: float | None

    network_: Any
    baseline_: Finding

    @abstractmethod
    def _text_network(self, counts: Tensor, longest: int) -> LanguageNetwork:
        """A network for texts with its first weights from torch's generator."""

    @abstractmethod
    def _row_network(self, rows: Encoded) -> RowNetwork:
        """A network for other rows with its first weights from torch's generator."""

    def sample(
        self,
        n: int,
        random_state: int = 0,
        condition: str | None = None,
        *,
        length: int | None = None,
        **choice: Unpack[Choice],
    ) -> Sample:
        """Draw n new texts; text i is the same whatever n is.

        Args:
            n: how many, >= 1.
            random_state: seed of the draws.
            condition: how each begins.
            length: tokens at most; None: as long as the longest training text, at most 1,024.
            choice: temperature, top_k, top_p; see :class:`~evalkit.backbones.language.drawing.Drawing`.
        """
        return self._sample_of(self.sample_rows(n, random_state, condition, length=length, **choice))

    def sample_rows(
        self,
        n: int,
        random_state: int = 0,
        condition: str | None = None,
        *,
        length: int | None = None,
        **choice: Unpack[Choice],
    ) -> Encoded:
        """:meth:`sample` as encoded rows."""
        self._require("sample")
        if n < 1 or (length is not None and length < 1):
            raise InputError(f"the number of texts to draw and their length must be at least 1, got {n} and {length}")
        if condition is not None:
            self._require("condition")
        prompt = [] if condition is None else self._tokens([condition]).row(0)[:-1].tolist()
        return self._drawn(prompt, n, length, Drawing(**choice), random_state)

    def terms_rows(self, rows: Encoded) -> Array:
        """Nats of each token, (n, longest text), NaN beyond a text's end."""
        if not isinstance(rows, Tokens):
            return super().terms_rows(rows)
        terms = np.full((len(rows), int(rows.lengths.max(initial=1))), np.nan)
        terms[np.arange(terms.shape[1]) < rows.lengths[:, None]] = self._nats(rows)
        return terms

    def to_state(self) -> State:
        """See :meth:`Backbone.to_state`."""
        return {**super().to_state(), "baseline": self.baseline_.model_dump(mode="json")}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """See :meth:`Backbone.from_state`."""
        model = super().from_state(state)
        with readable(cls.__name__):
            model.baseline_ = FINDING.validate_python(state["baseline"])
        return model

    def _new_network(self, rows: Encoded) -> Network:
        training = self.split(rows)[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.random_state, "language", "weights"))
            if isinstance(rows, Tokens):
                counts = torch.from_numpy(np.bincount(training.ids, minlength=training.vocabulary_size))
                return self._text_network(counts, int(training.lengths.max()) - 1)
            network = self._row_network(training)
        network.begin_with_lines(training)
        return network

    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Objective:
        batch = self._setting("batch", training.layout.modality)
        if not isinstance(training, Tokens):
            return WholeRows(_single(network.prepare(training)), _single(network.prepare(held_out)), batch, self.random_state)
        built: Any = network  # going on from a model, it is that one's network, whatever the settings say
        drops = built.plan()["dropout"] > 0
        return NextToken(training, expect(held_out, Tokens), built.context, batch, self.random_state, dropout=drops)

    def _learn_more(self, training: Encoded, held_out: Encoded) -> None:
        self.baseline_ = self._baseline(training, held_out)

    def _with_votes(self, votes: Votes, rows: Encoded) -> Encoded:
        """The texts as they are: votes have a loss of their own."""
        return rows if isinstance(rows, Tokens) else super()._with_votes(votes, rows)

    def _objective_with(self, votes: Votes | None, network: Network, training: Encoded, held_out: Encoded) -> Objective:
        """With votes on texts: direct preference optimisation."""
        if not isinstance(training, Tokens):
            return super()._objective_with(votes, network, training, held_out)
        own = self._objective(network, training, held_out)
        return (
            own
            if votes is None
            else Preferred(own, network, votes, some_tokens(expect(held_out, Tokens), _REMEMBERED), self.random_state)
        )

    def _gentler(self, schedule: Schedule, votes: Votes | None) -> Schedule:
        """Preferences are learned within some dozen small steps; larger ones forget more than they learn."""
        if votes is None or not isinstance(votes.items, Tokens):
            return super()._gentler(schedule, votes)
        return replace(gentler(schedule, 30), warmup=min(schedule.warmup, schedule.steps // 10))

    def _schedule(self, training: Encoded) -> Schedule:
        modality = training.layout.modality
        batch = self._setting("batch", modality)
        if isinstance(training, Tokens):
            recipe, passes = _OF_TEXTS, 20 * len(training.ids) // (batch * self.context)
        else:
            recipe, passes = _OF_ROWS, 40 * len(training) // batch
        fewest, most = _STEPS
        return replace(
            recipe,
            steps=self.steps or min(max(passes, fewest), most),
            minutes=self.minutes,
            learning_rate=self._setting("learning_rate", modality),
        )

    def _noise(self) -> tuple[Tensor, None]:
        """None is needed."""
        return torch.zeros(1), None

    def split(self, rows: Encoded) -> tuple[Any, Any]:
        """Of texts see :func:`~evalkit.backbones.language.held_out.hold_out`."""
        if isinstance(rows, Pixels):
            training, held_out = super().split(rows)
            return training, held_out.take(slice(0, _MOST_IMAGES))
        if not isinstance(rows, Tokens):
            return super().split(rows)
        return hold_out(rows, self.random_state, type(self).__name__.lower())

    def _baseline(self, training: Encoded, held_out: Encoded) -> Finding:
        """What counting makes of the held-out rows: n-grams of texts, of other rows each value by itself."""
        if isinstance(held_out, Tokens):
            counted = NGram().fit(expect(training, Tokens)).surprisal(held_out)
            return per_token(counted, held_out, name=f"{HELD_OUT_TOKEN}, {ORDER}-gram", seed=self.random_state)
        scores = torch.cat([self.network_.independent(x).sum(dim=1) for x in self._chunks(held_out)])
        found = held_out_finding(scores.numpy(), seed=self.random_state)
        return found.model_copy(update={"name": f"{found.name}, values by themselves"})

    def _judge(self, held_out: Encoded) -> Finding:
        """Nats a token of texts, nats a row of what else there is."""
        if not isinstance(held_out, Tokens):
            return super()._judge(held_out)
        return per_token(self._nats(held_out), held_out, name=HELD_OUT_TOKEN, seed=self.random_state)

    def _limits(self) -> Mapping[str, int]:
        return {"width": LIMITS["width"], "context": LIMITS["context"], "batch": 2**20}

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise InputError(f"dropout must be at least 0 and below 1, got {self.dropout}: change the setting")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 1:
            raise InputError(f"learning_rate must be above 0 and at most 1, got {self.learning_rate}: change the setting")

    def _setting(self, name: str, modality: Modality = "texts") -> Any:
        """A setting, or what it usually is."""
        given = getattr(self, name)
        return self.usual[modality][name] if given is None else given

    def _chunks(self, rows: Encoded) -> Iterator[Tensor]:
        """Prepared rows, as many at a time as fill some thousand places; of no rows one empty piece."""
        if not isinstance(rows, Tokens | Pixels):
            yield from super()._chunks(rows)
            return
        self._check_layout(rows)
        if isinstance(rows, Pixels):
            for first in range(0, max(len(rows), 1), _IMAGES_AT_ONCE):
                yield self.network_.prepare(rows.take(slice(first, first + _IMAGES_AT_ONCE)))
            return
        lengths, start = rows.lengths, 0
        while start < len(rows) or start == 0:
            longest = np.maximum.accumulate(lengths[start : start + _TOKENS_AT_ONCE])
            n = max(int((longest * np.arange(1, len(longest) + 1) <= _TOKENS_AT_ONCE).sum()), 1)
            yield self.network_.prepare(rows.take(slice(start, start + n)))
            start += n

    def _drawn(self, prompt: Sequence[int], n: int, length: int | None, drawing: Drawing, random_state: int) -> Encoded:
        if isinstance(self.network_, RowNetwork):
            with torch.no_grad(), suitable_threads(self.layout_.modality):
                return self.network_.draw_rows(n, drawing, random_state, self.layout_)
        most = length or min(max(self.network_.longest, 1), _MOST_TOKENS)
        given, found = np.array(prompt, dtype=np.int64), []
        with torch.no_grad(), suitable_threads("texts"):
            for first in range(0, n, _ROWS_AT_ONCE):
                rows = np.arange(first, min(first + _ROWS_AT_ONCE, n))
                found += list(draw(self.network_, given, rows, most, drawing, random_state))
        texts = [np.concatenate([given, until_end(row)]).astype(np.int32) for row in found]
        return Tokens.of(texts, len(self.network_.seen))


def _single(prepared: Tensor) -> Tensor:
    """Figures in the precision of training; codes as they are."""
    return prepared.float() if prepared.is_floating_point() else prepared
