"""Judge a large file of cases with Ray Data: every worker holds a judge, and batches of lines go through it.

python examples/ray_data.py cases.jsonl verdicts --model http://localhost:8000/v1 --k 8 --workers 4

Lines are case lines, whose ids differ. One that cannot be judged comes out with its fault; none is lost. A worker has
64 calls to a server in flight; where models are in process, give every worker a GPU (--gpus 1).
"""

import argparse
import json
from typing import Any

import pyarrow as pa
import ray.data

from solon import Case, Judge, LabeledCase, Verdict
from solon.data.case_lines import read_case_line
from solon.data.fields import MalformedLine, Place
from solon.order import stable_hash

FIELDS = {"scores": pa.list_(pa.float64()), "best": pa.int64(), "read": pa.int64(), "unread": pa.int64()}
ROW = pa.schema({"id": pa.string(), **FIELDS, "fault": pa.string()})


class Judging:
    """A judge in a worker: lines in, a row for every line out, in their order."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.judge = Judge(**options)

    def __call__(self, batch: dict[str, Any]) -> pa.Table:
        read = [self._read(line) for line in batch["text"]]
        verdicts = iter(self.judge.batch([one for one in read if isinstance(one, Case)]))
        rows = [_row(one, next(verdicts)) if isinstance(one, Case) else {"fault": one} for one in read]
        return pa.Table.from_pylist(rows, ROW)

    def _read(self, line: str) -> Case | str:
        try:
            one = read_case_line({"id": f"{stable_hash(line):x}", **json.loads(line)}, Place(line=0))
        except (MalformedLine, ValueError, TypeError) as error:
            return f"{error}: {line[:60]}"
        one = one.case if isinstance(one, LabeledCase) else one
        return self.judge.misfit(one) or one


def _row(case: Case, verdict: Verdict) -> dict[str, Any]:
    values = (case.id, verdict.scores, verdict.best, len(verdict.judgments), sum(verdict.unread.values()), None)
    return dict(zip(ROW.names, values, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("cases", "out", "--model"):
        parser.add_argument(name)
    for name, default in (("--k", 8), ("--workers", 2), ("--batch", 256), ("--gpus", 0)):
        parser.add_argument(name, type=int, default=default)
    told = parser.parse_args()
    judging = {"fn_constructor_args": [{"model": told.model, "k": told.k}], "batch_size": told.batch}
    workers = {"compute": ray.data.ActorPoolStrategy(size=told.workers), "num_gpus": told.gpus}
    ray.data.read_text(told.cases).map_batches(Judging, **judging, **workers).write_json(told.out)
