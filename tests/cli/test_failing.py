"""Servers that fail, in small: the command `python -m bench.faults` does the same at full size."""

import pytest

from bench.faults import Line, inject, outage


def holding(lines: list[Line], but: str = "") -> dict[str, str]:
    assert [line for line in lines if not line.holds and line.name != but] == []
    return {line.name: line.seen for line in lines}


def test_faults_of_every_kind_lose_nothing_double_nothing_and_change_nothing() -> None:
    seen = holding(inject(judgments=400, share=0.3, latency=0.01, timeout=0.4), but="judgments/s with faults")
    assert [part.split()[0] for part in seen["faults by kind"].split(", ")] == [
        "429", "500", "empty", "fewer", "half", "reset", "stall",
    ]  # fmt: skip
    assert seen["samples the same as without faults"] == "400"
    assert int(seen["drawn again, since the answer was lost"]) > 10


@pytest.mark.slow
def test_an_outage_costs_nothing_but_time() -> None:
    holding(outage(cases=150, seconds=1.0, latency=0.05))
