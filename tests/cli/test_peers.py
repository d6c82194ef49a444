"""The comparison with other judges, on made-up ones: `python -m bench.peers` measures the real ones."""

import sys
from pathlib import Path

import pytest

from bench.peers import DRIVERS, Peer, compared, due, judged, lead, peer_of, table
from bench.peers import cases_of as cases
from bench.report import figure

FAKE = '''"""One call a vote, one response a prompt."""
import json, sys, time, urllib.request
sys.path.insert(0, {drivers!r})
from driving import Job, mean, report
PACKAGES = ()
STYLE = "grade"
def grade(url, text):
    body = json.dumps(dict(messages=[dict(role="user", content=text)])).encode()
    with urllib.request.urlopen(url + "/chat/completions", body) as page:
        return float(json.load(page)["choices"][0]["message"]["content"][-1] == "C")
def judged(job):
    time.sleep({pause} * (len(job.cases) > 8))
    found = [[mean([grade(job.url, one) for _ in range(job.k)]) for one in each] for _, each in job.cases]
    return {result}
report(Job.read(), judged)
'''


def fake(folder: Path, name: str, result: str = "found", pause: float = 0.0) -> Peer:
    driver = folder / f"with_{name}.py"
    driver.write_text(FAKE.format(drivers=str(DRIVERS), result=result, pause=pause))
    return peer_of(driver)


def test_a_peer_is_counted_by_the_server_and_its_verdicts_by_their_places(tmp_path):
    seen = judged(fake(tmp_path, "good"), cases(10), 1)
    assert (seen.requests, seen.samples) == (160, 160)
    assert all(seen.right)
    assert 160 * 300 < seen.prompt_tokens < 160 * 600
    turned = judged(fake(tmp_path, "turned", result="found[::-1]"), cases(10), 1)
    alike = [due(a, "grade") == due(b, "grade") for a, b in zip(cases(10), cases(10)[::-1], strict=True)]
    assert list(turned.right) == alike != [True] * 10
    with pytest.raises(RuntimeError, match="broken failed"):
        judged(fake(tmp_path, "broken", result="nothing"), cases(1), 1)


def test_a_figure_is_the_median_of_its_rounds_and_may_miss_what_is_wanted():
    assert str(figure("rate", [1.0, 4000.0, 2.5])) == "2.50 [1.00, 4,000]"
    wanted = [{}, {"target": 2.0}, {"target": 3.0}, {"most": 3.0}, {"most": 2.0}]
    assert [figure("rate", [2.5], **one).verdict for one in wanted] == ["", "ok", "MISSED", "ok", "MISSED"]


@pytest.mark.slow
def test_peers_take_turns_and_the_fastest_is_compared_with(tmp_path):
    peers = [peer_of(DRIVERS / "with_solon.py"), fake(tmp_path, "fast"), fake(tmp_path, "slow", pause=2.0)]
    standings = compared(peers, rounds=2, count=10, trial=9)
    ours, fast, slow = standings
    assert peers[0].python == sys.executable
    assert [one.ordered - one.right for one in standings] == [0, 0, 0]
    assert [one.requests for one in standings] == [2, 16, 16]
    assert fast.samples.median > slow.samples.median
    times = lead(standings)
    ratios = [a / b for a, b in zip(ours.rates, fast.rates, strict=True)]
    assert (times.name, times.median) == ("samples/s over fast, times", pytest.approx(sum(ratios) / 2))
    assert [line.split()[0] for line in table(standings)][-1] == "slow"
