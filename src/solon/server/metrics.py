"""What operation needs to know, in Prometheus' format; no label holds anything that a caller wrote.

Figures are plain numbers that one event loop adds to, and become Prometheus' objects only when somebody asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from solon.server.desk import Desk
from solon.server.group import Group

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0, 180.0)
_JUDGMENTS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class _Spread:
    """How values spread over bins; the last one is open."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds, self.counts, self.sum = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def bins(self) -> list[tuple[str, float]]:
        """The counts up to every bound."""
        up_to = [sum(self.counts[: i + 1]) for i in range(len(self.counts))]
        return list(zip([*map(str, self.bounds), "+Inf"], map(float, up_to), strict=True))


class Metrics(Collector):
    """The figures of one server, read by Prometheus through `page`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._requests: Counter[tuple[str, int]] = Counter()
        self._rewarded: Counter[tuple[str, str]] = Counter()
        self._samples: Counter[str] = Counter()
        self._cohorts: Counter[str] = Counter()
        self._seconds: dict[str, _Spread] = {}
        self._k = _Spread(_JUDGMENTS)
        self._prompt_tokens = self._completion_tokens = self._calls = self._errors = 0
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def answered(self, protocol: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests[protocol, status] += 1
        if protocol not in self._seconds:
            self._seconds[protocol] = _Spread(_SECONDS)
        self._seconds[protocol].add(seconds)

    def judged(self, group: Group) -> None:
        """Count what a group cost and came to."""
        self._k.add(group.read)
        self._samples["read"] += group.read
        for part in group.parts:
            self._samples.update(part.judged.verdict.unread)
            cost = part.judged.cost
            self._prompt_tokens += cost.prompt_tokens
            self._completion_tokens += cost.completion_tokens
            self._calls += cost.calls

    def rewarded(self, protocol: str, reason: str | None, count: int = 1) -> None:
        """Count responses that got a reward, or none for this reason."""
        self._rewarded[protocol, reason or "valid"] += count

    def released(self, count: int, full: bool) -> None:
        """Count a cohort."""
        self._cohorts["full" if full else "late"] += 1

    def failed(self) -> None:
        """Count an error of the engine."""
        self._errors += 1

    def collect(self) -> Iterator[Metric]:
        """Return all figures."""
        desk = self._desk
        yield GaugeMetricFamily("solon_open_requests", "Requests under way.", desk.open)
        yield GaugeMetricFamily("solon_in_flight", "Cases judged right now.", desk.judging)
        yield GaugeMetricFamily(
            "solon_queue", "Requests under way beside those cases.", max(0, desk.open - desk.judging)
        )
        yield _counter("solon_requests", "Requests answered.", ("protocol", "status"), self._requests)
        yield _counter("solon_responses", "Responses judged, by outcome.", ("protocol", "outcome"), self._rewarded)
        yield _counter("solon_samples", "Samples, by what they came to.", ("outcome",), self._samples)
        yield _counter("solon_cohorts", "Cohorts released.", ("how",), self._cohorts)
        tokens = Counter(prompt=self._prompt_tokens, completion=self._completion_tokens)
        yield _counter("solon_tokens", "Tokens billed.", ("kind",), tokens)
        yield CounterMetricFamily("solon_calls", "Calls made to the model.", self._calls)
        yield CounterMetricFamily("solon_engine_errors", "Errors of the engine.", self._errors)
        yield HistogramMetricFamily("solon_k_used", "Judgments read of a group.", self._k.bins, self._k.sum)
        seconds = HistogramMetricFamily("solon_request_seconds", "Time to answer.", labels=("protocol",))
        for protocol, spread in self._seconds.items():
            seconds.add_metric((protocol,), spread.bins, spread.sum)
        yield seconds

    def page(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)


def _counter(name: str, told: str, labels: Sequence[str], counts: Counter[Any]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for key, count in counts.items():
        family.add_metric([key] if isinstance(key, str) else [str(part) for part in key], count)
    return family
