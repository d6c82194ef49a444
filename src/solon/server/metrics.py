"""What operation needs to know, in Prometheus' format; no label holds anything that a caller wrote."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from solon.server.desk import Desk
from solon.server.group import Group

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 100, 180)
_COUNTS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter("solon_requests", "Requests answered.", ("protocol", "status"), registry=registry)
        self._seconds = Histogram(
            "solon_request_seconds", "Time to answer.", ("protocol",), buckets=_SECONDS, registry=registry
        )
        self._judged = Counter(
            "solon_responses", "Responses judged, by outcome.", ("protocol", "outcome"), registry=registry
        )
        self._samples = Counter("solon_samples", "Samples, by what they came to.", ("outcome",), registry=registry)
        self._k = Histogram("solon_k_used", "Judgments that voted on a group.", buckets=_COUNTS, registry=registry)
        self._tokens = Counter("solon_tokens", "Tokens billed.", ("kind",), registry=registry)
        self._calls = Counter("solon_calls", "Calls made to the model.", registry=registry)
        self._cohorts = Counter("solon_cohorts", "Cohorts released.", ("how",), registry=registry)
        self._faults = Counter("solon_engine_errors", "Errors of the engine.", registry=registry)
        self._open = Gauge("solon_open_requests", "Requests under way.", registry=registry)
        self._flying = Gauge("solon_in_flight", "Cases judged right now.", registry=registry)
        self._queue = Gauge("solon_queue", "Requests that are under way and not judged right now.", registry=registry)
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def watch(self, desk: Desk) -> None:
        """Read the gauges from the desk whenever they are asked for."""
        self._open.set_function(lambda: desk.open)
        self._flying.set_function(lambda: desk.judging)
        self._queue.set_function(lambda: max(0, desk.open - desk.judging))

    def answered(self, protocol: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = self._known.get((protocol, status))
        if known is None:
            known = (self._requests.labels(protocol, str(status)), self._seconds.labels(protocol))
            self._known[protocol, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def judged(self, group: Group) -> None:
        """Count what a group cost and came to."""
        self._k.observe(group.read)
        if group.read:
            self._samples.labels("read").inc(group.read)
        for part in group.parts:
            for reason, count in part.judged.verdict.unread.items():
                self._samples.labels(reason).inc(count)
            cost = part.judged.cost
            self._tokens.labels("prompt").inc(cost.prompt_tokens)
            self._tokens.labels("completion").inc(cost.completion_tokens)
            self._calls.inc(cost.calls)

    def rewarded(self, protocol: str, reason: str | None, count: int = 1) -> None:
        """Count responses that got a reward, or none for this reason."""
        self._judged.labels(protocol, reason or "valid").inc(count)

    def released(self, count: int, full: bool) -> None:
        """Count a cohort."""
        self._cohorts.labels("full" if full else "late").inc()

    def failed(self) -> None:
        """Count an error of the engine."""
        self._faults.inc()

    def page(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)
