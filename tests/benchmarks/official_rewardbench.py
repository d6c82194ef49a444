"""Score RewardBench's result files with the scoring code of its own package.

To be run with a Python that has it: `python -m venv V`, `V/bin/pip install --no-deps rewardbench==0.1.4`,
`V/bin/pip install datasets pandas`, then `V/bin/python official_rewardbench.py 1|2 EVAL-SET-SCORES.json`. What the
package imports for its models is stood in for, since no model is needed. Prints JSON.
"""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

STAND_INS = ("torch", "transformers", "fastchat", "fastchat.conversation", "rewardbench.models")


def official():
    """Import the package's scoring functions and constants; nothing else shall meet the stand-ins."""
    import datasets  # noqa: F401

    for name in STAND_INS:
        module = MagicMock(spec=ModuleType(name))
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.Conversation = module.PreTrainedTokenizer = module.REWARD_MODEL_CONFIG = object
        sys.modules.setdefault(name, module)
    package = ModuleType("rewardbench")
    package.__path__ = importlib.util.find_spec("rewardbench").submodule_search_locations
    sys.modules["rewardbench"] = package
    from rewardbench import constants, utils

    for name in STAND_INS:
        del sys.modules[name]
    return utils, constants


def rewardbench_1(columns, utils, constants):
    """Score pairs as scripts/run_rm.py does: subsets, then sections."""
    results = [int(a > b) for a, b in zip(columns["scores_chosen"], columns["scores_rejected"], strict=True)]
    assert results == columns["results"]
    grouped = means(columns["subset"], results)
    sections = utils.calculate_scores_per_section(constants.EXAMPLE_COUNTS, constants.SUBSET_MAPPING, grouped)
    return grouped | sections


def rewardbench_2(columns, utils, constants):
    """Score lines as scripts/run_v2.py does: results of whole lines, and Ties by its own formula."""
    from datasets import Dataset

    lines = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    unrolled = [
        {"text": text, "scores": score, "id": line["id"], "subset": line["subset"], "line": place}
        for place, line in enumerate(lines)
        for text, score in zip(line["text"], line["scores"], strict=True)
    ]
    dataset = Dataset.from_list(unrolled)
    rerolled = utils.reroll_and_score_dataset(dataset, [len(line["scores"]) for line in lines])
    results = list(rerolled["results"])
    others = [place for place, line in enumerate(lines) if line["subset"] != "Ties"]
    assert [results[place] for place in others] == [lines[place]["results"] for place in others]
    grouped = means([lines[place]["subset"] for place in others], [results[place] for place in others])
    ties = [line for line in lines if line["subset"] == "Ties"]
    return grouped | {"Ties": float(utils.process_single_model(ties)[1])}


def means(subsets, results):
    """Return the share of right results of each subset."""
    names = dict.fromkeys(subsets)
    grouped = {name: [r for s, r in zip(subsets, results, strict=True) if s == name] for name in names}
    return {name: sum(some) / len(some) for name, some in grouped.items()}


if __name__ == "__main__":
    version, path = sys.argv[1:]
    told = json.loads(Path(path).read_text("utf-8"))
    scores = {key: column for key, column in told.items() if isinstance(column, list)}
    score = rewardbench_1 if version == "1" else rewardbench_2
    print(json.dumps(score(scores, *official())))
