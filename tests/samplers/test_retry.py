"""Waits between tries, and both forms of Retry-After."""

import random
from email.utils import formatdate

import pytest

from solon.samplers.retry import Backoff, passing, retry_after


def test_waits_double_up_to_a_limit_with_jitter_below() -> None:
    backoff = Backoff(first=0.5, longest=30.0, jitter=random.Random(0))
    for tried, step in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30]):
        waits = [backoff.wait(tried) for _ in range(200)]
        assert step / 2 <= min(waits) < 0.6 * step
        assert 0.9 * step < max(waits) <= step


def test_a_wished_wait_is_never_cut_short() -> None:
    backoff = Backoff(jitter=random.Random(0))
    assert all(12.0 <= backoff.wait(0, 12.0) <= 12.5 for _ in range(100))


def test_a_plain_500_gets_half_of_the_tries() -> None:
    backoff = Backoff(retries=7)
    assert [backoff.allows(tried, 503) for tried in (0, 6, 7)] == [True, True, False]
    assert [backoff.allows(tried, 500) for tried in (0, 3, 4)] == [True, True, False]
    assert not Backoff(retries=0).allows(0)


def test_an_outage_of_twenty_seconds_is_outlasted() -> None:
    backoff = Backoff(jitter=random.Random(0))
    assert sum(min(backoff.wait(tried) for _ in range(50)) for tried in range(backoff.retries)) > 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", 0.0),
        (formatdate(1_000_030, usegmt=True), 30.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Mon, 99 Foo", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=1_000_000.0) == seconds


def test_statuses_of_the_moment() -> None:
    assert all(map(passing, (408, 429, 500, 502, 503, 504, 529)))
    assert not any(map(passing, (400, 401, 403, 404, 413, 422)))
