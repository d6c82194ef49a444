"""The rewards of groups, as `server/group.py` names them."""

from solon.rewards import Duels, Kind, grouped, rewards

__all__ = ["Duels", "Kind", "grouped", "rewards"]
