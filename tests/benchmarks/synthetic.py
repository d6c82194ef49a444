"""Made-up benchmarks in the official layouts; a response says what it is worth, which a scripted judge reads off it."""

import gzip
import json
import random
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from solon.benchmarks.rewardbench import COUNTS as SUBSETS
from solon.order import stable_hash
from solon.samplers.seam import Request
from solon.types import plain

_WORTH = re.compile(r"worth (\d+)")


def noisy(request: Request, index: int) -> str:
    """Judge by what the responses say they are worth, up or down a point by the sample's seed."""
    shown = [int(worth) for worth in _WORTH.findall(plain(request.messages[-1].content))]
    sample = request.seed + index
    drawn = [worth + stable_hash(sample, place) % 3 - 1 for place, worth in enumerate(shown)]
    return f"Analysis: read off.\n\\boxed{{{', '.join(str(min(max(score, 1), 10)) for score in drawn)}}}"


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as the file's name says: JSON lines or one array, packed or not."""
    array = ".jsonl" not in path.name
    text = json.dumps(rows) if array else "".join(f"{json.dumps(row)}\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def parquet(lines: Path, path: Path) -> Path:
    """Write a file of JSON lines as a parquet table."""
    from datasets import Dataset

    path.parent.mkdir(parents=True, exist_ok=True)
    Dataset.from_list([json.loads(line) for line in lines.read_text("utf-8").splitlines()]).to_parquet(str(path))
    return path


def text(rng: random.Random, low: int = 1, high: int = 10) -> str:
    """Make a response that says what it is worth."""
    return f"an answer worth {rng.randint(low, high)}" + " indeed" * rng.randint(0, 5)


def first_is_better(rng: random.Random, first: str, second: str) -> bool:
    """Tell which of two responses says that it is worth more, and be wrong now and then."""
    ahead = int(_WORTH.findall(first)[0]) - int(_WORTH.findall(second)[0])
    return (ahead > 0) != (ahead == 0 or rng.random() < 0.1)


def rewardbench(path: Path, seed: int = 0, most: int = 9) -> Path:
    """Write a few pairs of every subset of RewardBench."""
    rng = random.Random(seed)
    rows = [
        {"prompt": f"Ask {subset} {i}?", "chosen": text(rng, 3), "rejected": text(rng, 1, 8), "chosen_model": "a"}
        | {"rejected_model": "b", "subset": subset, "id": i}
        for subset in SUBSETS
        for i in range(rng.randint(2, most))
    ]
    return write(path / "filtered.jsonl", rows)


def rewardbench2(path: Path, seed: int = 0, lines: int = 12) -> Path:
    """Write lines of every subset of RewardBench 2; some numbers of Ties have one kind of line only."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for subset in ("Factuality", "Precise IF", "Math", "Safety", "Focus"):
        for i in range(lines):
            chosen, rejected = [text(rng, 4)], [text(rng, 1, 8) for _ in range(3)]
            rows.append({"id": str(i), "subset": subset, "chosen": chosen, "rejected": rejected})
    for number in range(lines):
        for kind, right in (("ref", 1), ("tied", rng.randint(2, 6))):
            if rng.random() < 0.9:
                chosen, rejected = [text(rng, 6) for _ in range(right)], [text(rng, 1, 6) for _ in range(3)]
                rows.append({"id": f"{kind}:{number}", "subset": "Ties", "chosen": chosen, "rejected": rejected})
    for row in rows:
        right, wrong = len(row["chosen"]), len(row["rejected"])
        row |= {"prompt": "Ask?", "num_correct": right, "total_completions": right + wrong, "num_incorrect": wrong}
    return write(path / "test.jsonl", rows)


def rm_bench(path: Path, seed: int = 0, lines: int = 4) -> Path:
    """Write a file of every domain of RM-Bench."""
    rng = random.Random(seed)
    for domain in ("chat", "math", "code", "safety-refuse", "safety-response"):
        rows = [
            {"id": i, "prompt": "Ask?", "chosen": [text(rng, 3) for _ in range(3)], "rejected": [text(rng, 1, 8)] * 3}
            for i in range(lines)
        ]
        write(path / f"{domain}_filtered.json", rows)
    return path


def rmb(path: Path, seed: int = 0, lines: int = 5) -> Path:
    """Write RMB's two sets in its folders."""
    rng = random.Random(seed)
    turns = [{"role": "user", "content": "Ask?", "language": "English"}]

    def said(low: int, high: int) -> dict[str, str]:
        return {"llm_name": "m", "answer": text(rng, low, high)}

    for goal in ("Helpfulness/Chat/Discussion", "Helpfulness/Code/Debugging", "Harmlessness/S1"):
        pairs = [
            {"pair_uid": str(i), "conversation_input": turns, "chosen": said(3, 10), "reject": said(1, 8)}
            for i in range(lines)
        ]
        best = [
            {"bon_uid": str(i), "conversation_input": turns, "bon_best": said(4, 10)}
            | {"loser_list": [said(1, 7) for _ in range(rng.randint(2, 4))]}
            for i in range(lines)
        ]
        write(path / "Pairwise_set" / f"{goal}.json", pairs)
        write(path / "BoN_set" / f"{goal}.json", best)
    return path


def ppe_preference(path: Path, seed: int = 0, lines: int = 20) -> Path:
    """Write votes of PPE Preference."""
    rng = random.Random(seed)
    winners = ("model_a", "model_b", "tie", "tie (bothbad)")
    rows = [
        {"question_id": f"q{i // 2}", "prompt": "Ask?", "response_1": text(rng), "response_2": text(rng)}
        | {"winner": rng.choice(winners), "language": rng.choice(("English", "Russian"))}
        for i in range(lines)
    ]
    return write(path / "test.jsonl", rows)


def ppe_correctness(path: Path, seed: int = 0, lines: int = 4) -> Path:
    """Write the five sets of PPE Correctness, four responses each."""
    rng = random.Random(seed)
    for name in ("mmlu_pro", "math", "gpqa", "mbpp_plus", "ifeval"):
        rows = []
        for i in range(lines):
            scores = [True, False, rng.random() < 0.5, False]
            row = {f"response_{j + 1}": text(rng, 3 if right else 1) for j, right in enumerate(scores)}
            rows.append(
                {"question_id": i, "prompt": "Ask?", "scores": scores, "sampled_conflict_pairs": [[1, 0], [0, 3]]} | row
            )
        write(path / f"{name}_best_of_k.jsonl", rows)
    return path


def realmistake(path: Path, seed: int = 0, lines: int = 5) -> Path:
    """Write a zip file in ReaLMistake's layout, without a password, which Python cannot write."""
    rng = random.Random(seed)
    with zipfile.ZipFile(path / "data.zip", "w") as packed:
        packed.writestr("data/example.jsonl", "{}\n")
        for task in ("math_word_problem_generation", "finegrained_fact_verification", "answerability_classification"):
            for model in ("gpt-4-0613", "Llama-2-70b-chat-hf"):
                rows = [
                    {"input": "Ask?", "llm_response": text(rng), "error_label": rng.choice(("error", "no_error"))}
                    | {"metadata": {"id": f"{task}_{model}_{i}"}}
                    for i in range(lines)
                ]
                packed.writestr(f"data/{task}/{model}.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    return path / "data.zip"


def judgebench(path: Path, seed: int = 0, lines: int = 24) -> Path:
    """Write pairs of JudgeBench."""
    rng = random.Random(seed)
    sources = ("mmlu-pro-law", "livebench-math", "livebench-reasoning", "livecodebench")
    rows = []
    for i in range(lines):
        a, b = text(rng), text(rng)
        label = "A>B" if first_is_better(rng, a, b) else "B>A"
        row = {"pair_id": f"p{i}", "original_id": i, "source": sources[i % 4], "question": f"Ask {i}?"}
        rows.append(row | {"response_model": "m", "response_A": a, "response_B": b, "label": label})
    return write(path / "dataset=judgebench,response_model=m.jsonl", rows)


def llmbar(path: Path, seed: int = 0, lines: int = 6) -> Path:
    """Write the five subsets of LLMBar in its folders."""
    rng = random.Random(seed)
    for place in ("Natural", "Adversarial/Neighbor", "Adversarial/GPTInst", "Adversarial/GPTOut", "Adversarial/Manual"):
        rows = [
            {"input": "Ask?", "output_1": text(rng), "output_2": text(rng), "label": rng.choice((1, 2))}
            for _ in range(lines)
        ]
        write(path / "LLMBar" / place / "dataset.json", rows)
    return path


def pandalm(path: Path, seed: int = 0, lines: int = 20) -> Path:
    """Write pairs in PandaLM's official layout, whose absent inputs are NaN."""
    rng = random.Random(seed)
    rows = []
    for i in range(lines):
        vote = rng.choice((0, 1, 2))
        votes = {"annotator1": vote, "annotator2": vote, "annotator3": rng.choice((0, 1, 2))}
        given = {"idx": i, "motivation_app": "Quora", "instruction": "Ask?", "input": float("nan")}
        rows.append(given | {"response1": text(rng), "response2": text(rng)} | votes)
    return write(path / "testset-v1.json", rows)


def own(path: Path, seed: int = 0, lines: int = 12) -> Path:
    """Write labeled cases of one and of several responses."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = [
        {"id": f"c{i}", "prompt": "Ask?", "responses": [text(rng) for _ in range(3)], "best": rng.randrange(3)}
        for i in range(lines)
    ]
    rows += [
        {"id": f"s{i}", "prompt": "Ask?", "responses": [text(rng)], "label": i % 2, "subset": "single"}
        for i in range(lines)
    ]
    return write(path / "cases.jsonl", rows)


MAKE = {
    "rewardbench": rewardbench,
    "rewardbench2": rewardbench2,
    "rm-bench": rm_bench,
    "rmb": rmb,
    "ppe-preference": ppe_preference,
    "ppe-correctness": ppe_correctness,
    "realmistake": realmistake,
    "judgebench": judgebench,
    "llmbar": llmbar,
    "pandalm": pandalm,
    "own": own,
}
"""What writes each benchmark into a folder; it returns what `--data` names."""
