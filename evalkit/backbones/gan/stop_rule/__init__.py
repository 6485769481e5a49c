"""When a game is over, and what can go wrong in it."""

from evalkit.backbones.gan.stop_rule.alarms import alarms
from evalkit.backbones.gan.stop_rule.lesson import accuracy_after_lesson
from evalkit.backbones.gan.stop_rule.rule import reason_to_stop
from evalkit.backbones.gan.stop_rule.signs import FEWEST, Group, energy_distance, signs

__all__ = ["FEWEST", "Group", "accuracy_after_lesson", "alarms", "energy_distance", "reason_to_stop", "signs"]
