"""The real sets: every line is accounted for."""

from pathlib import Path

import pytest

from solon.data import read_cases
from solon.types import Best, LabeledCase

DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = {
    "mini/mini.jsonl": (140, 0),
    "evouna/evouna.jsonl.gz": (4958, 0),
    "gsm8k_solutions/gsm8k_solutions.jsonl.gz": (1319, 0),
    "hh_rlhf_harmless/hh_harmless_base_test.jsonl.gz": (2312, 0),
    "ifeval/input_data.jsonl": (0, 541),
    "llmbar/judge_generations.jsonl.xz": (0, 7123),
    "llmbar/llmbar.jsonl.gz": (419, 0),
    "llmbar/llmbar_casestudy.jsonl.gz": (315, 0),
    "llmbar/llmbar_processed_human.jsonl.gz": (466, 0),
    "pandalm/pandalm_test.jsonl.gz": (999, 0),
    "pandalm/reference_predictions.jsonl.gz": (0, 1998),
    "truthfulqa_judge/truthfulqa_judge.jsonl.gz": (817, 0),
    "truthfulqa_judge/truthfulqa_mc.jsonl.gz": (817, 0),
    "ukpconvarg/ukpconvarg_pairs.jsonl.gz": (11650, 0),
    "ukpconvarg/ukpconvarg_rank.jsonl.gz": (32, 0),
    "vicuna80/vicuna80_listwise.jsonl.gz": (80, 0),
    "vicuna80/vicuna80_pairs.jsonl.gz": (800, 0),
}


@pytest.mark.parametrize("name", SETS)
def test_every_line_of_a_real_set_is_accounted_for(name: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path.parent} is not there")
    reading = read_cases(path)
    assert (len(reading.cases), len(reading.malformed)) == SETS[name]
    assert all(isinstance(one, LabeledCase) for one in reading.cases)


def test_the_small_set_keeps_its_records_as_they_are() -> None:
    path = DATA / "mini" / "mini.jsonl"
    if not path.exists():
        pytest.skip(f"{path.parent} is not there")
    labeled = [one for one in read_cases(path).cases if isinstance(one, LabeledCase)]
    assert {one.case.n for one in labeled} == {2, 4, 5}
    assert not any(isinstance(one.label, Best) for one in labeled)
    assert all({"source", "subset", "meta"} <= one.case.tags.keys() for one in labeled)
    assert len({one.case.id for one in labeled}) == 140
