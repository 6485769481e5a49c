from evalkit.backbones.gan import GAN
from evalkit.backbones.gan.stop_rule.rule import CONSECUTIVE, reason_to_stop
from evalkit.backbones.gan.stop_rule.signs import ALIVE, DISCRIMINATOR, PROBE
from tests.backbones.gan.provoked import plain


def reason(n: int = 28, looks: int = CONSECUTIVE + 1, **changed: float) -> str | None:
    """The rule's answer where all looks are alike, but for the last one's changed figures."""
    usual = {"discriminator": 0.5, "probe": 0.5, "alive": 0.8, "loss": 1.0}
    last = {**usual, **changed}
    names = {DISCRIMINATOR: "discriminator", PROBE: "probe", ALIVE: "alive"}
    curves = {name: [usual[short]] * (looks - 1) + [last[short]] for name, short in names.items()}
    return reason_to_stop(curves, [1.0] * (looks - 1) + [last["loss"]], n, 500)


def test_it_ends_when_neither_can_tell_for_several_looks_and_says_what_would_go_unnoticed() -> None:
    said = reason()
    assert said is not None
    assert "28 rows" in said
    assert "0.61" in said or "0.62" in said
    assert reason(looks=CONSECUTIVE) is None


def test_it_goes_on_while_anyone_can_tell_or_the_discriminator_is_dead_or_snapshots_get_better() -> None:
    for changed in ({"discriminator": 0.75}, {"discriminator": 0.2}, {"probe": 0.8}, {"alive": 0.5}, {"loss": 0.9}):
        assert reason(**changed) is None


def test_the_same_accuracy_ends_it_on_few_rows_and_not_on_many() -> None:
    assert reason(n=28, discriminator=0.57) is not None
    assert reason(n=500, discriminator=0.57) is None


def test_a_healthy_game_ends_by_it_in_silence() -> None:
    history = GAN().fit_rows(plain()).history_
    assert history.stopped is not None
    assert "probe" in history.stopped
    assert history.alarms == []
    assert history.steps[-1] < 1500
