"""What a trainer's process can tell Solon: by environment, and over it by keyword where a trainer has keywords."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from solon.errors import UserError
from solon.rewards import KINDS, Kind

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """How to ask the server for rewards; every field `name` is also the variable `SOLON_NAME`."""

    url: str = "http://localhost:8100"
    """The server's address."""
    api_key: str = field(default="", repr=False)
    """The server's key, if it wants one."""
    reward: Kind = "mean"
    """mean (the score, 1 to 10), centered (less the group's mean), rank (0 to 1), or pairwise."""
    deadline: float = 100.0
    """Seconds until a reward is given up, retries included; shorter than what the trainer waits."""
    k: int = 0
    """Judgments per case; 0 leaves it to the server."""
    principles: str = ""
    """Principles that every judgment is to apply, one a line; a server judges by them as its own options say."""
    group_max: int = 64
    """The most responses in one request; larger groups are cut into even parts. How many stand in one prompt is the
    server's own option."""
    group_size: int = 0
    """Where a trainer sends one response at a time: how many of a prompt the server gathers; 0 judges each alone."""
    strip_think: bool = True
    """Judge what follows a response's `<think>` block, without the block."""
    reference: bool = True
    """Show the judge the label that a trainer passes along as the reference answer, where it is a text."""
    neutral: float | None = None
    """What stands for a missing reward where a trainer takes only numbers and nothing of the group is known; by default
    the middle of the scale, 5.5."""


def settings(**given: object) -> Settings:
    """Return the settings: keyword arguments over the environment over defaults; None stands for not given.

    Raises:
        UserError: there is no such setting, or a value is not of its kind.
    """
    known = {each.name for each in fields(Settings)}
    if unknown := sorted(given.keys() - known):
        raise UserError(f"there is no setting '{unknown[0]}'; the settings are {', '.join(sorted(known))}")
    found = {name: os.environ.get(f"SOLON_{name.upper()}") for name in known}
    told: dict[str, object] = {name: value for name, value in found.items() if value}
    told |= {name: value for name, value in given.items() if value is not None}
    return _checked(Settings(**{name: _cast(name, value) for name, value in told.items()}))  # type: ignore[arg-type]


def _cast(name: str, value: object) -> object:
    try:
        if name in ("strip_think", "reference"):
            return value if isinstance(value, bool) else _FLAGS[str(value).lower()]
        if name in ("deadline", "neutral"):
            return float(str(value))
        if name in ("k", "group_max", "group_size"):
            return int(str(value))
    except (ValueError, KeyError) as error:
        raise UserError(f"the setting {name} (SOLON_{name.upper()}) cannot be {value!r}") from error
    if name == "principles" and not isinstance(value, str):
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return str(value)


def _checked(made: Settings) -> Settings:
    if made.reward not in KINDS:
        raise UserError(f"reward (SOLON_REWARD) is '{made.reward}'; it may be {', '.join(KINDS)}")
    if not made.url.startswith(("http://", "https://")):
        raise UserError(f"url (SOLON_URL) is '{made.url}'; it is to start with http:// or https://")
    bounds: Mapping[str, tuple[float, float]] = {"deadline": (made.deadline, 0.001), "group_max": (made.group_max, 1)}
    for name, (value, least) in bounds.items():
        if not value >= least:
            raise UserError(f"{name} (SOLON_{name.upper()}) is {value}; it is to be at least {least}")
    return made
