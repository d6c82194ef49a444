"""What stands for a missing reward: one rule in the trainer's process and on the server."""

import pytest

from solon.integrations.neutral import Neutral
from solon.integrations.settings import settings
from solon.rewards import Kind, rewards
from solon.server.app import create_app
from solon.server.group import Group
from solon.server.service import Member
from solon.server.settings import Settings
from tests.server.serving import judging

LOST: tuple[None, None] = (None, None)
SOME = (None, 2.0, 5.0)


def shim(kind: Kind, scores: tuple[float | None, ...], neutral: float | None) -> float:
    return Neutral().filled("", rewards(scores, kind), settings(reward=kind, neutral=neutral))[0]


def server(kind: Kind, scores: tuple[float | None, ...], neutral: float | None) -> float:
    service = create_app(judging(), Settings(neutral=neutral)).state.service
    group = Group(len(scores), kind, (), scores, rewards(scores, kind), (), 0, 0)
    return float(service.number(Member(group, 0)))


@pytest.mark.parametrize("side", [shim, server])
@pytest.mark.parametrize(
    ("kind", "scores", "neutral", "expected"),
    [
        ("mean", SOME, None, 3.5),
        ("mean", SOME, 1.0, 3.5),
        ("mean", LOST, 1.0, 1.0),
        ("mean", LOST, 0.0, 0.0),
        ("mean", LOST, None, 5.5),
        ("pairwise", SOME, 1.0, 3.5),
        ("pairwise", LOST, 1.0, 1.0),
        ("pairwise", LOST, None, 5.5),
        ("centered", SOME, 1.0, 0.0),
        ("centered", LOST, 1.0, 0.0),
        ("centered", LOST, None, 0.0),
        ("rank", SOME, 1.0, 0.5),
        ("rank", LOST, 1.0, 0.5),
        ("rank", LOST, None, 0.5),
    ],
)
def test_the_groups_mean_then_the_number_that_was_asked_for_then_the_middle(side, kind, scores, neutral, expected):
    assert side(kind, scores, neutral) == expected
