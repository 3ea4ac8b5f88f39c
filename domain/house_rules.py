"""What an installation lets no campaign go beyond when it is begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.campaign import CampaignFile
from domain.errors import UserMistake
from domain.money import Money


class BeyondHouseRules(UserMistake):
    """A campaign asks for more than this installation allows."""

    code = "beyond_house_rules"


@dataclass(frozen=True)
class HouseRules:
    """How much one person may release here; who has set it is whoever runs the installation."""

    limits: tuple[Money, ...] = ()
    """Highest ``release.second_person_above``, by currency; none: every campaign sets its own."""
    solo: bool = True
    """False: ``staffing: solo`` is not begun here."""

    def mistakes(self, file: CampaignFile) -> Iterator[tuple[str, str, str]]:
        """What of a campaign is not allowed here, as path, what is wrong, what would be right."""
        if file.staffing == "solo" and not self.solo:
            yield "staffing", "nobody releases alone in this installation", "write 'team'"
        asked = file.release.second_person_above
        if not self.limits:
            return
        named = [each for each in self.limits if each.currency == asked.currency]
        if not named and asked.minor:
            yield (
                "release.second_person_above",
                f"this installation names no limit for {asked.currency}, so two people release "
                "each payment",
                f"write '0 {asked.currency}'",
            )
        elif named and asked.minor > named[0].minor:
            yield (
                "release.second_person_above",
                f"{asked} is more than one person may release in this installation",
                f"write '{named[0]}', or less",
            )

    def check(self, file: CampaignFile) -> None:
        """Refuse a campaign that is not allowed here.

        Raises:
            BeyondHouseRules: with everything that is wrong.
        """
        found = list(self.mistakes(file))
        if found:
            raise BeyondHouseRules(
                "; ".join(f"{path}: {message}" for path, message, _ in found),
                hint="; ".join(f"{path}: {hint}" for path, _, hint in found),
            )


NO_HOUSE_RULES = HouseRules()
"""Every campaign sets its own limit, and may be one person's."""


def read_limits(text: str) -> tuple[Money, ...]:
    """Read limits like ``400 EUR; 350 GBP``.

    Raises:
        ValueError: an amount cannot be read, is negative, or a currency comes twice.
    """
    limits = tuple(Money.model_validate(each) for each in text.split(";") if each.strip())
    if any(each.minor < 0 for each in limits):
        raise ValueError("a limit is negative")
    if len({each.currency for each in limits}) < len(limits):
        raise ValueError("a currency has two limits")
    return limits
