"""Load a benchmark's items, and see that they are all there and nothing twice."""

from collections import Counter
from collections.abc import Sequence

from solon.benchmarks.benchmark import Benchmark, Item
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.reading import Hub, Source
from solon.errors import UserError

_GO_ON = "--partial goes on with what is there"


def source_of(benchmark: Benchmark, config: BenchConfig) -> Source:
    """Return where the data is: what was named, or what the hub has.

    Raises:
        UserError: files and a data set were named.
    """
    if config.hub is None:
        return Source(config.data, benchmark.hub)
    if config.data is not None:
        raise UserError("--data names files and --hub a data set: leave one of them out")
    split = benchmark.hub[0].split if benchmark.hub else "test"
    return Source(None, tuple(Hub(name.strip(), split) for name in config.hub.split(",")))


def load(benchmark: Benchmark, source: Source, *, partial: bool = False) -> list[Item]:
    """Return the benchmark's items in the order of its files.

    Args:
        benchmark: the benchmark.
        source: where its lines are.
        partial: also take a part of it: a subset may be missing, or have another size.

    Raises:
        UserError: a line is malformed, two items have one id, or the benchmark is not whole.
    """
    items = benchmark.read(source)
    place = f"'{source.data}'" if source.data else "the hub"
    if not items:
        raise UserError(f"{place} holds no item of {benchmark.title}: name its own files")
    seen: dict[str, str] = {}
    for item in items:
        if first := seen.get(item.case.id):
            raise UserError(f"{item.where}: the id '{item.case.id}' was already used ({first}); ids must differ")
        seen[item.case.id] = item.where
    if not partial and (fault := missing(benchmark, items)):
        raise UserError(f"{place}: {fault}; {_GO_ON}")
    return items


def missing(benchmark: Benchmark, items: Sequence[Item]) -> str | None:
    """Say what of the benchmark is not there, or has another size than it should; None of a whole one."""
    counts = Counter(item.subset for item in items) + Counter(part for item in items if (part := _part(item.subset)))
    for name, size in benchmark.expected.items():
        if not counts[name]:
            wanted = f", {size} are expected" if size else ""
            there = ", ".join(sorted({_part(item.subset) or item.subset for item in items}))
            return f"there is no item of the subset '{name}'{wanted} (there are {there})"
    for name, size in benchmark.expected.items():
        if size is not None and counts[name] != size:
            split = f", and its split '{benchmark.hub[0].split}'" if benchmark.hub else ""
            return f"the subset '{name}' has {counts[name]} items, {size} are expected: is the file whole{split}?"
    if benchmark.sizes and len(items) not in benchmark.sizes:
        sizes = " or ".join(f"{size:,}" for size in benchmark.sizes)
        return f"there are {len(items):,} items, {sizes} are expected: is the file whole?"
    return None


def _part(subset: str) -> str:
    """Return the part of a benchmark that a subset, `PART: NAME`, belongs to; empty where it is a part itself."""
    part, colon, _ = subset.partition(": ")
    return part if colon else ""
