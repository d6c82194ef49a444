"""What cases of a run are picked by: what their verdicts are, and whether those are right."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from solon.server.page.labels import right
from solon.types import Label, Verdict

FILTERS = ("tie", "disagreement", "unread", "low", "mismatch")
"""No single best; samples that differ on it, or the orders do; samples that could not be read; a share of agreeing
samples below a bound; a verdict that its label says is wrong."""


class Seen(NamedTuple):
    """What of a verdict its case is picked by, by the names that verdicts and `verdicts.jsonl` have for it."""

    scores: Sequence[float] | None
    tied: Sequence[int]
    agreement: float | None
    position_consistency: float | None
    unread: object

    @classmethod
    def of(cls, told: Verdict | Mapping[str, Any]) -> "Seen":
        """Take it from a verdict, or from a line of verdicts; a KeyError names what that lacks."""
        named = (told[name] if isinstance(told, Mapping) else getattr(told, name) for name in cls._fields)
        return cls(*named)

    def flags(self, label: Label | None) -> frozenset[str]:
        """Return the filters that the case passes, but for `low`, which has a bound."""
        raised = {
            "tie": self.scores is not None and len(self.scores) > 1 and len(self.tied) > 1,
            "disagreement": (self.agreement is not None and self.agreement < 1) or self.position_consistency == 0,
            "unread": bool(self.unread),
            "mismatch": right(self.scores, label) is False,
        }
        return frozenset(name for name, there in raised.items() if there)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one case of a run is picked by."""

    id: str
    place: int
    flags: frozenset[str]
    agreement: float | None

    def passes(self, wanted: Collection[str], below: float) -> bool:
        """Tell whether the case passes all filters."""
        low = self.agreement is not None and self.agreement < below
        return all(low if one == "low" else one in self.flags for one in wanted)
