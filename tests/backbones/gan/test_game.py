import torch
from torch.func import functional_call
from torch.nn.functional import softplus

from evalkit.backbones.gan.game import Game, _broken
from evalkit.backbones.gan.network import Choices
from evalkit.backbones.gan.stop_rule import accuracy_after_lesson
from evalkit.backbones.gan.table import TableNetwork
from evalkit.backbones.training import History
from evalkit.core.seeds import generator
from tests.backbones.gan.provoked import payments
from tests.backbones.mixed_rows import mixed_rows


def game() -> tuple[TableNetwork, Game]:
    rows = mixed_rows(80)
    torch.manual_seed(0)
    network = TableNetwork.for_rows(rows, Choices(None, 16, 0))
    with torch.no_grad():
        for parameter in network.discriminator.parameters():
            parameter.mul_(3.0)
    return network, Game(network, rows.take(slice(0, 60)), rows.take(slice(60, 80)), 0.7, 0)


def test_one_scalar_has_each_players_own_slope() -> None:
    """Against the two losses written out, on the same rows and noise."""
    network, own = game()
    seen: dict[str, torch.Tensor] = {}

    def remember(name: str, x: torch.Tensor) -> torch.Tensor:
        seen[name] = x
        return x

    blurred = own._blurred
    calls = iter(("real", "drawn"))
    own._blurred = lambda x, random: remember(next(calls), blurred(x, random))  # type: ignore[method-assign]
    own._noise = lambda network_, random, n: remember(  # type: ignore[method-assign]
        "noise", torch.from_numpy(random.standard_normal((n, network_.latent_size), dtype="float32"))
    )
    view = network.view
    views: list[torch.Tensor] = []
    network.view = lambda x: views.append(view(x)) or views[-1]  # type: ignore[method-assign, func-returns-value]
    loss = own.training_loss(network, 3)
    parameters = dict(network.named_parameters())
    slopes = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))

    real, guise = seen["real"].detach().requires_grad_(), seen["drawn"].detach().requires_grad_()
    ahead, behind = network.discriminator(real), network.discriminator(guise)
    at = torch.autograd.grad(ahead.sum() + behind.sum(), (real, guise), create_graph=True)
    penalty = sum((slope**2).sum(dim=1).mean() for slope in at)
    for_discriminator = softplus(behind - ahead).mean() + 0.35 * penalty
    frozen = {name: value.detach() for name, value in network.discriminator.named_parameters()}
    shift = guise.detach() - view(network.generator(seen["noise"])).detach()
    verdict = functional_call(network.discriminator, frozen, (view(network.generator(seen["noise"])) + shift,))
    for_generator = softplus(ahead.detach() - verdict).mean()

    for part, its_loss in (("discriminator", for_discriminator), ("generator", for_generator)):
        named = dict(getattr(network, part).named_parameters())
        expected = torch.autograd.grad(its_loss, list(named.values()))
        for name, slope in zip(named, expected, strict=True):
            torch.testing.assert_close(slopes[f"{part}.{name}"], slope, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(loss, for_discriminator + for_generator)


def test_a_step_is_a_function_of_seed_and_step() -> None:
    network, own = game()
    losses = [float(own.training_loss(network, step).detach()) for step in (1, 2, 1)]
    assert losses[0] == losses[2] != losses[1]


def test_a_look_sees_the_same_fixed_draws_and_fresh_ones() -> None:
    network, own = game()
    first, second = own.look(network, History()), own.look(network, History(steps=[10]))
    assert first.held_out == second.held_out
    assert first.figures.keys() == second.figures.keys()
    assert first.figures != second.figures


def test_nothing_is_judged_on_fewer_than_ten_rows() -> None:
    network, _ = game()
    rows = mixed_rows(80)
    assert not Game(network, rows, rows.take(slice(0, 9)), None, 0).look(network, History()).figures


def test_a_fresh_discriminator_learns_from_a_lesson_which_rows_of_a_mixed_table_are_broken() -> None:
    rows = payments().take(slice(0, 500))
    torch.manual_seed(0)
    network = TableNetwork.for_rows(rows, Choices(None, None, 0)).float()
    real = network.view(network.seen(rows, generator(0, "real")))
    assert accuracy_after_lesson(network.discriminator, real, _broken(real, generator(0, "broken"))) > 0.8
