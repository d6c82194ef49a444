"""The circuit breaker, by tables: when it opens, when it probes, when waiting is over."""

import pytest

from solon.samplers.breaker import Breaker, Outage, down

RULES = Outage(faults=3, first=1.0, longest=4.0, patience=60.0)


def tripped(at: float = 100.0) -> Breaker:
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker.failed(at)
    return breaker


@pytest.mark.parametrize(
    ("history", "is_open"),
    [
        ("", False),
        ("ff", False),
        ("fff", True),
        ("ffhff", False),
        ("ffhfff", True),
        ("ffffh", False),
        ("fffhff", False),
    ],
)
def test_so_many_faults_in_a_row_open_it_and_an_answer_closes_it(history: str, is_open: bool) -> None:
    breaker = Breaker(RULES)
    for event in history:
        if event == "f":
            breaker.failed(100.0)
        else:
            breaker.heard()
    assert breaker.open is is_open
    assert breaker.admits(100.0) is not is_open


def test_probes_come_one_at_a_time_after_waits_that_double_up_to_a_limit() -> None:
    breaker, now, waits = tripped(), 100.0, []
    for _ in range(5):
        due = next(now + quarters / 4 for quarters in range(100) if breaker.admits(now + quarters / 4))
        waits.append(due - now)
        assert breaker.begin()
        assert not breaker.admits(due + 1000.0), "a second probe while one is under way"
        now = due + 0.25
        breaker.failed(now, probe=True)
    assert waits == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_probe_that_succeeds_closes_it_and_the_next_outage_begins_anew() -> None:
    breaker = tripped()
    assert breaker.begin()
    breaker.failed(101.0, probe=True)
    assert breaker.begin()
    breaker.heard()
    assert not breaker.begin(), "an ordinary call"
    for _ in range(3):
        assert breaker.admits(200.0)
        breaker.failed(200.0)
    assert [breaker.admits(at) for at in (200.9, 201.0)] == [False, True]


def test_calls_from_before_change_nothing_when_they_fail_and_close_it_when_they_succeed() -> None:
    breaker = tripped()
    assert breaker.begin()
    breaker.failed(103.0)
    assert not breaker.admits(104.0), "the probe is still under way"
    breaker.heard()
    assert (breaker.open, breaker.admits(104.0)) == (False, True)


def test_a_probe_that_is_given_up_lets_another_one_follow() -> None:
    breaker = tripped()
    breaker.begin()
    breaker.dropped()
    assert breaker.admits(101.0)


def test_a_wished_wait_is_never_cut_short() -> None:
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker.failed(100.0, wished=20.0)
    assert [breaker.admits(at) for at in (119.9, 120.0)] == [False, True]
    breaker.begin()
    breaker.failed(120.0, probe=True, wished=7.0)
    assert [breaker.admits(at) for at in (126.9, 127.0)] == [False, True]


def test_waiting_is_over_with_patience_or_when_no_probe_is_left_within_it() -> None:
    assert not Breaker(RULES).hopeless(1e9)
    breaker = tripped()
    assert [breaker.hopeless(at) for at in (100.0, 159.9, 160.0)] == [False, False, True]
    assert (breaker.lasted(159.0), Breaker(RULES).lasted(159.0)) == (59.0, 0.0)
    assert breaker.admits(160.0), "a probe may still find it back"
    breaker.begin()
    assert not breaker.hopeless(160.0), "what it finds is waited for"
    breaker.failed(110.0, probe=True, wished=50.0)
    assert breaker.hopeless(111.0)


def test_gateways_and_loading_servers_are_down_and_a_plain_500_is_about_the_request() -> None:
    assert all(map(down, (501, 502, 503, 504, 529)))
    assert not any(map(down, (200, 400, 401, 408, 429, 500)))


def test_the_defaults_outlast_a_restart() -> None:
    breaker, now, probes = Breaker(), 0.0, 0
    for _ in range(8):
        breaker.failed(now)
    while now < 20.0:
        now += 0.1
        assert not breaker.hopeless(now)
        if breaker.admits(now):
            probes += breaker.begin()
            breaker.failed(now, probe=True)
    assert probes == 5
