"""Benchmarks: one file each, with its data layout, its protocol and its table; nothing here draws or prints."""

from solon.benchmarks.benchmark import Benchmark
from solon.benchmarks.judgebench import JUDGEBENCH
from solon.benchmarks.llmbar import LLMBAR
from solon.benchmarks.own import OWN
from solon.benchmarks.pandalm import PANDALM
from solon.benchmarks.ppe import PPE_CORRECTNESS, PPE_PREFERENCE
from solon.benchmarks.realmistake import REALMISTAKE
from solon.benchmarks.rewardbench import REWARDBENCH
from solon.benchmarks.rewardbench2 import REWARDBENCH2
from solon.benchmarks.rm_bench import RM_BENCH
from solon.benchmarks.rmb import RMB
from solon.errors import UserError

BENCHMARKS: dict[str, Benchmark] = {
    one.name: one
    for one in (
        REWARDBENCH,
        REWARDBENCH2,
        RM_BENCH,
        RMB,
        PPE_PREFERENCE,
        PPE_CORRECTNESS,
        REALMISTAKE,
        JUDGEBENCH,
        LLMBAR,
        PANDALM,
        OWN,
    )
}


def benchmark_of(name: str) -> Benchmark:
    """Return a benchmark by its name.

    Raises:
        UserError: none has that name.
    """
    if name not in BENCHMARKS:
        raise UserError(f"there is no benchmark '{name}'; the benchmarks are {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]
