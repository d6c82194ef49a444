"""Files that benchmarks' own tools read: RewardBench's `eval-set` and `eval-set-scores`, JudgeBench's outputs."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from solon.benchmarks.benchmark import Benchmark, Outcome
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.running import Pass
from solon.benchmarks.worth import by_subset
from solon.files import write_json, write_whole
from solon.types import Order, plain

_UNFIT = re.compile(r"[^\w.+:-]", re.ASCII)
_DECISIONS = {1: "A>B", -1: "B>A", 0: "A=B", None: None}


def write_results(benchmark: Benchmark, passes: Sequence[Pass], config: BenchConfig) -> None:
    """Write the greedy judgment and the most votes in the benchmark's own layout, where it has one."""
    write = WRITE.get(benchmark.name)
    for one in [one for one in passes if write and one.name in ("greedy", "votes")]:
        outcomes = [judged.at(one.k, one.ways[0]) for judged in one.ballots]
        assert write is not None
        write(benchmark, outcomes, one, config)


def _rewardbench(benchmark: Benchmark, outcomes: Sequence[Outcome], one: Pass, config: BenchConfig) -> None:
    """Write RewardBench's two files: every subset's score, and every line's scores, column by column."""
    model = config.system if "/" in config.system else f"local/{config.system}"
    kind, template = ("Generative", one.form.name) if one.form else ("Seq. Classifier", "tokenizer")
    told = {"model": model, "model_type": kind, "chat_template": template}
    figures = {figure.name: figure.value for figure in benchmark.figures(outcomes, "official")}
    subsets = {name: figures[name] for name in by_subset(outcomes)}
    columns = _best_of(outcomes) if benchmark.name == "rewardbench2" else _pairs(outcomes)
    ids = {"id": [o.item.row["id"] for o in outcomes], "subset": [o.item.subset for o in outcomes]}
    folder = config.out / "results" / one.name
    name = "/".join(_fit(part.replace(":", "_")) for part in model.split("/") if part not in ("", ".", ".."))
    write_json(folder / "eval-set" / f"{name}.json", told | subsets)
    write_json(folder / "eval-set-scores" / f"{name}.json", ids | columns | told)


def _pairs(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    scores = [outcome.scores or (None, None) for outcome in outcomes]
    return {
        "results": [_result(outcome) for outcome in outcomes],
        "scores_chosen": [both[0] for both in scores],
        "scores_rejected": [both[1] for both in scores],
        "text_chosen": [_conversation(outcome, 0) for outcome in outcomes],
        "text_rejected": [_conversation(outcome, 1) for outcome in outcomes],
    }


def _result(outcome: Outcome) -> float:
    (margin,) = outcome.margins
    return 0.5 if margin is None else float(margin > 0)


def _best_of(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    """Return the columns of RewardBench 2; Ties has no result of a single line."""
    results: list[float | None] = []
    for outcome in outcomes:
        scores, n = outcome.scores, outcome.item.case.n
        tied = 0.0 if scores is None or scores[0] < max(scores) else 1 / scores.count(max(scores))
        results.append(None if outcome.item.subset == "Ties" else 1 / n if scores is None else tied)
    return {
        "results": results,
        "scores": [None if outcome.scores is None else list(outcome.scores) for outcome in outcomes],
        "num_correct": [outcome.item.row["num_correct"] for outcome in outcomes],
        "text": [[_conversation(o, i) for i in range(o.item.case.n)] for o in outcomes],
    }


def _conversation(outcome: Outcome, i: int) -> str:
    case = outcome.item.case
    turns = [f"{turn.role}: {plain(turn.content)}" for turn in case.prompt]
    return "\n\n".join([*turns, f"assistant: {plain(case.responses[i])}"])


def _judgebench(benchmark: Benchmark, outcomes: Sequence[Outcome], one: Pass, config: BenchConfig) -> None:
    """Write JudgeBench's `outputs`: every pair with the judgments of both orders and their decisions."""
    models = "+".join(sorted({str(outcome.item.row.get("response_model")) for outcome in outcomes}))
    names = f"response_model={_fit(models)},judge_name=solon,judge_model={_fit(config.system)}"
    file = f"dataset=judgebench,{names}.jsonl"
    lines = (json.dumps(_judgments(outcome, one, config), ensure_ascii=False) for outcome in outcomes)
    write_whole(config.out / "results" / one.name / "outputs" / file, lines)


def _fit(name: str) -> str:
    """Make a part of a file's name of any text: what does not fit becomes `_`, and what is too long is cut off."""
    return _UNFIT.sub("_", name)[:80]


def _judgments(outcome: Outcome, one: Pass, config: BenchConfig) -> Mapping[str, object]:
    decisions = outcome.decisions()
    judgments = [
        {"judgment": _said(outcome, order, one, config), "decision": _DECISIONS[_as_shown(decisions.get(order), order)]}
        for order in ((0, 1), (1, 0))
    ]
    return dict(outcome.item.row) | {"judge_name": "solon", "judgments": judgments}


def _said(outcome: Outcome, order: Order, one: Pass, config: BenchConfig) -> Mapping[str, object]:
    """Return what a judge was shown and wrote in an order; of a scalar model, its scores."""
    (verdict,) = outcome.verdicts
    if one.form is None:
        return {"judge_model": config.system, "scores": verdict.scores and [verdict.scores[i] for i in order]}
    texts = [o.text for o, shown in zip(verdict.outcomes, verdict.orders, strict=True) if shown == order]
    turns = one.form.render(outcome.item.case, order, config.principles, seed=config.seed)
    prompt = "\n".join(plain(turn.content) for turn in turns)
    return {"judge_model": config.system, "prompt": prompt, "response": "\n\n".join(texts)}


def _as_shown(decision: int | None, order: Order) -> int | None:
    return decision if decision is None or order == (0, 1) else -decision


WRITE: Mapping[str, Callable[[Benchmark, Sequence[Outcome], Pass, BenchConfig], None]] = {
    "rewardbench": _rewardbench,
    "rewardbench2": _rewardbench,
    "judgebench": _judgebench,
}
"""What writes the files of a benchmark that has a layout for them."""
