"""The official figures, reproduced from the judgments that the benchmarks published."""

from pathlib import Path

import pytest

from solon.benchmarks import benchmark_of
from solon.benchmarks.benchmark import Outcome
from solon.benchmarks.judging import games_of, judge_items
from solon.benchmarks.loading import load
from solon.benchmarks.published import replayed
from solon.benchmarks.reading import Source
from solon.config import JudgeConfig
from solon.data.files import read_rows
from solon.forms import load_form
from solon.judge import Judge
from solon.types import Unread
from tests.benchmarks.making import FORMS, VOTES, real, values

SUBSETS = ("Natural", "Neighbor", "GPTInst", "GPTOut", "Manual")
LLMBAR = {
    "Vanilla_NoRules": ((93.5, 64.2, 76.6, 76.6, 75.0), (97.0, 89.6, 90.2, 87.2, 89.1)),
    "Vanilla": ((95.5, 78.7, 86.4, 77.7, 80.4), (95.0, 93.3, 94.6, 93.6, 82.6)),
    "CoT": ((94.5, 75.0, 83.2, 74.5, 73.9), (91.0, 90.3, 90.2, 87.2, 82.6)),
    "Metrics_Reference": ((96.0, 85.4, 89.7, 72.3, 83.7), (96.0, 94.8, 90.2, 83.0, 84.8)),
    "Swap_CoT": ((94.0, 78.7, 85.3, 79.8, 77.2), (100.0, 99.3, 96.7, 97.9, 93.5)),
    "Rating": ((92.0, 78.0, 90.2, 70.2, 84.8), (90.0, 78.4, 87.0, 78.7, 82.6)),
}
"""GPT-4's accuracies and agreement rates (tables 5 and 6 of arXiv 2310.07641), in percent."""
O1_MINI = "outputs,judge_name=arena_hard,judge_model=o1-mini-2024-09-12.jsonl.gz"
SKYWORK = "outputs,judge_name=reward_model,judge_model=Skywork_Skywork-Reward-Gemma-2-27B.jsonl.gz"
JUDGEBENCH = {
    (O1_MINI, "arena_hard.py"): (58.44, 82.14, 62.24, 78.57, 65.71),
    (O1_MINI, None): (58.44, 82.14, 62.24, 78.57, 65.71),
    (SKYWORK, None): (59.74, 83.93, 66.33, 50.00, 64.29),
}
PANDALM = {
    "gpt-3.5-turbo": (71.07, 58.79, 57.36, 57.55),
    "pandalm-7b": (66.77, 57.38, 57.50, 57.43),
}
"""What PandaLM's compute_metrics.py says of the two released judges."""


def replay(name: str, data: Path, file: Path, judge: str = "", form_file: str | None = None) -> list[Outcome]:
    """Judge a whole benchmark by what was published."""
    benchmark = benchmark_of(name)
    items, mode = load(benchmark, Source(data)), benchmark.modes[0]
    form = load_form(str(FORMS / form_file) if form_file else "pointwise")
    assert benchmark.published is not None
    texts = benchmark.published(file, judge, form_file is not None)
    config = JudgeConfig(model="published", k=games_of(mode), temperature=0.0)
    with Judge(replayed(texts, items, mode, form, config), form=form, k=config.k, temperature=0.0) as model:
        return [one.at(1, VOTES) for one in judge_items(model, items, mode)]


@pytest.mark.parametrize("prompt", LLMBAR)
def test_llmbar_gives_the_accuracies_and_agreement_rates_of_gpt_4(prompt: str) -> None:
    file = real("llmbar/judge_generations.jsonl.xz")
    form = None if prompt == "Rating" else "llmbar.py"
    outcomes = replay("llmbar", real("official/llmbar"), file, f"GPT-4/{prompt}", form)
    assert not any(isinstance(o, Unread) for one in outcomes for verdict in one.verdicts for o in verdict.outcomes)
    found = {name: round(100 * value, 1) for name, value in values("llmbar", outcomes).items()}
    accuracies, agreements = LLMBAR[prompt]
    assert tuple(found[name] for name in SUBSETS) == accuracies
    assert tuple(found[f"{name}, agreement"] for name in SUBSETS) == agreements


def test_the_form_reads_every_text_of_every_judge_as_llmbar_does() -> None:
    read = load_form(str(FORMS / "llmbar.py")).read
    texts = 0
    for _, row in read_rows(real("llmbar/judge_generations.jsonl.xz")):
        for swapped, judged in row["orders"].items():  # type: ignore[union-attr]
            if judged["text"] is not None:
                outcome = read(judged["text"], 2)
                shown = None if isinstance(outcome, Unread) else int(outcome.scores[1])
                case_order = shown if shown is None or swapped == "swap = False" else 1 - shown
                assert judged["winner"] == (None if case_order is None else "12"[case_order])
                texts += 1
    assert texts == 2 * (7123 - 2 * 419)


@pytest.mark.parametrize(("outputs", "form"), JUDGEBENCH)
def test_judgebench_gives_the_scores_of_two_judges(outputs: str, form: str | None) -> None:
    folder = real("official/judgebench")
    found = values("judgebench", replay("judgebench", folder, folder / outputs, form_file=form))
    names = ("mmlu-pro", "math", "reasoning", "code", "overall")
    assert tuple(round(100 * found[name], 2) for name in names) == JUDGEBENCH[outputs, form]


@pytest.mark.parametrize("judge", PANDALM)
def test_pandalm_gives_the_figures_of_two_judges(judge: str) -> None:
    file = real("pandalm/reference_predictions.jsonl.gz")
    found = values("pandalm", replay("pandalm", real("pandalm/pandalm_test.jsonl.gz"), file, judge))
    names = ("accuracy", "macro precision", "macro recall", "macro F1")
    assert tuple(round(100 * found[name], 2) for name in names) == PANDALM[judge]


def test_forms_of_published_judges_are_short() -> None:
    assert all(len(path.read_text("utf-8").splitlines()) <= 30 for path in FORMS.glob("*.py"))
