"""The VAE's network: encoder, prior, decoder, and ``per_row``, which is the loss, the score and the explanation at once."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, silu

from evalkit.backbones.heads import TableHeads

_LOG_TWO_PI = math.log(2 * math.pi)


class Perceptron(nn.Module):
    """Layers of one width with skip connections: nothing in it looks at other rows."""

    def __init__(self, n_inputs: int, width: int, n_outputs: int) -> None:
        super().__init__()
        self.enter, self.middle, self.leave = nn.Linear(n_inputs, width), nn.Linear(width, width), nn.Linear(width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(…, n_inputs) to (…, n_outputs)."""
        hidden = silu(self.enter(x))
        left: Tensor = self.leave(hidden + silu(self.middle(hidden)))
        return left


class VAENetwork(nn.Module):
    """A latent code for each row, a prior over codes, and the likelihood of the row's features given its code.

    The prior is a mixture of the encodings of learned pseudo-rows and one standard normal (Tomczak and Welling, "VAE with a
    VampPrior", AISTATS 2018): a table's rows come in several groups, and a single normal would call the space between them likely.

    Args:
        heads: the features' likelihoods.
        latent_size: width of the code.
        width: width of the hidden layers.
        pseudo_rows: (m, heads.n_inputs) where the pseudo-rows start: some training rows.
    """

    def __init__(self, heads: TableHeads, latent_size: int, width: int, pseudo_rows: Tensor) -> None:
        super().__init__()
        self.heads, self.latent_size = heads, latent_size
        self.encoder = Perceptron(heads.n_inputs, width, 2 * latent_size)
        self.decoder = Perceptron(latent_size, width, max(heads.n_outputs, 1))
        self.pseudo_rows = nn.Parameter(pseudo_rows.clone())
        self.weights = nn.Parameter(torch.zeros(len(pseudo_rows) + 1))

    def per_row(self, x: Tensor, eps: Tensor, t: Tensor | None = None) -> Tensor:
        """Each row's terms in nats; their sum is minus the importance-weighted bound on its log-likelihood.

        Args:
            x: prepared rows, (n, f, 3).
            eps: standard normal noise, (draws, n, latent) or (draws, 1, latent) for the same noise in every row.
            t: unused; other families' noise level.

        Returns:
            (n, f + 1): a term for each feature, averaged over the draws with their importance weights, and last what the code
            itself costs (its divergence from the prior, and the weights' own).

        Source: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, split into terms.
        """
        return self.per_row_of_inputs(x, self.heads.inputs(x), eps)

    def per_row_of_inputs(self, x: Tensor, inputs: Tensor, eps: Tensor) -> Tensor:
        """:meth:`per_row` with the encoder's inputs given apart, so that a term's slope along each of them can be had."""
        mean, log_sigma = self.encode(inputs)
        code = mean + torch.exp(log_sigma) * eps
        features = self.heads.terms(x, self.decode(code))
        density = -(0.5 * eps * eps + log_sigma + 0.5 * _LOG_TWO_PI).sum(dim=-1)
        cost = density - self.log_prior(code)
        terms = torch.cat([features, cost.unsqueeze(-1)], dim=-1)
        return terms[0] if len(eps) == 1 else _importance_weighted(terms)

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma of the code, (n, latent) each."""
        mean, log_sigma = self.encoder(inputs).chunk(2, dim=-1)
        return mean, log_sigma.clamp(-4.5, 1.5)

    def decode(self, code: Tensor) -> Tensor:
        """Outputs for the heads, (…, heads.n_outputs)."""
        outputs: Tensor = self.decoder(code)[..., : self.heads.n_outputs]
        return outputs

    def log_prior(self, code: Tensor) -> Tensor:
        """Log-density of codes, (…, latent) to (…)."""
        mean, log_sigma = self._components()
        precision = torch.exp(-2 * log_sigma)
        own = (mean * mean * precision + 2 * log_sigma + _LOG_TWO_PI).sum(dim=-1)
        square = (code * code) @ precision.T - 2 * code @ (mean * precision).T + own
        return torch.logsumexp(log_softmax(self.weights, dim=0) - 0.5 * square, dim=-1)

    def draw_codes(self, eps: Tensor, uniform: Tensor) -> Tensor:
        """Codes from the prior, (n, latent), for normal noise (n, latent) and uniform numbers (n,)."""
        mean, log_sigma = self._components()
        below = torch.cumsum(torch.softmax(self.weights, dim=0), dim=0)[:-1]
        which = (uniform[:, None] > below).sum(dim=1)
        return mean[which] + torch.exp(log_sigma[which]) * eps

    def _components(self) -> tuple[Tensor, Tensor]:
        """Mean and log-sigma of the prior's components, the standard normal last."""
        mean, log_sigma = self.encode(self.pseudo_rows)
        normal = mean.new_zeros(1, self.latent_size)
        return torch.cat([mean, normal]), torch.cat([log_sigma, normal])


def _importance_weighted(terms: Tensor) -> Tensor:
    """Terms of several draws, (draws, n, terms), as terms of their joint bound, (n, terms)."""
    log_weight = log_softmax(-terms.sum(dim=-1), dim=0)
    weight = torch.exp(log_weight)
    spent = (weight * (log_weight + math.log(len(terms)))).sum(dim=0)
    total = (weight.unsqueeze(-1) * terms).sum(dim=0)
    return torch.cat([total[:, :-1], total[:, -1:] + spent.unsqueeze(-1)], dim=-1)
