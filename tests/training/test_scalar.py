"""The scalar recipe: Bradley-Terry's loss, the scorer's own encoding, and any model, decoder or encoder."""

import asyncio
import json
import math
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, TrainerState

from solon.checkpoint import Checkpoint
from solon.cli import main
from solon.errors import UserError
from solon.forms import load_form
from solon.meta import meta_form
from solon.scorers.encoding import Encoder
from solon.scorers.opening import open_scorer
from solon.scorers.seam import Conversation
from solon.training.bradley_terry import WholeCases, padded, rewards, scored
from solon.training.config import ScalarConfig
from solon.training.epochs import BestEpoch
from solon.training.pairs import pairings
from solon.training.scalar import scalar, split
from solon.training.texts import encoded, ended
from solon.types import Message
from tests.training import scalars
from tests.training.making import lone, rated
from tests.training.recipes import same
from tests.training.rewarding import assert_rewards

BASES = ("bert", "qwen3", "llama3", "gemma3")
LORA = {"r": 2, "lora_alpha": 8}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("bases")
    return lambda family: root / family if (root / family).is_dir() else scalars.save(family, root / family)


def talks(one: Any) -> list[Conversation]:
    return [(*one.case.prompt, Message("assistant", response)) for response in one.case.responses]


@pytest.mark.slow
@pytest.mark.parametrize("family", BASES)
@pytest.mark.parametrize("lora", [{}, LORA], ids=["full", "lora"])
def test_any_model_trains_and_scores(family: str, lora: dict[str, Any], bases: Any, tmp_path: Path) -> None:
    folder = scalar(scalars.config(bases(family), tmp_path, lora=lora))
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert (model.config.num_labels, model.config.architectures) == (1, [type(model).__name__])
    assert model.config.get_text_config().pad_token_id == tokenizer.pad_token_id is not None
    assert tokenizer.eos_token is not None
    assert (folder.parent / "adapter").is_dir() == bool(lora)
    spoken = [talk for one in scalars.cases() for talk in talks(one)]
    scores = asyncio.run(open_scorer(str(folder)).score(spoken))
    ids = [Encoder(tokenizer).encode(talk) for talk in spoken]
    assert scores == pytest.approx(scored(model, ids, tokenizer.pad_token_id), abs=1e-5), "served as it was trained"
    assert all(isinstance(score, float) and isfinite(score) for score in scores)
    if family != "bert":
        assert_rewards(bases(family), folder, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "qwen3"])
@pytest.mark.parametrize("lora", [{}, LORA], ids=["full", "lora"])
def test_the_same_seed_gives_the_same_weights(family: str, lora: dict[str, Any], bases: Any, tmp_path: Path) -> None:
    first, second, other = (
        scalar(scalars.config(bases(family), tmp_path / name, lora=lora, seed=seed))
        for name, seed in (("first", 0), ("second", 0), ("other", 1))
    )
    assert same(first, second)
    assert not same(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "qwen3"])
@pytest.mark.parametrize("alike", ["cases", "pairs"])
def test_the_loss_is_bradley_terry_over_all_pairs_with_every_case_or_every_pair_alike(
    alike: str, family: str, bases: Any, tmp_path: Path
) -> None:
    options = {"steps": 1, "learning_rate": 1e-30, "batch": 8, "micro_batch": 4, "alike": alike}
    folder = scalar(scalars.config(bases(family), tmp_path, **options))
    log = json.loads((folder / "log.json").read_text())["log"]
    losses = []
    for one, known in zip(pairings(scalars.cases(), 16, 0).cases, scalars.cases(), strict=True):
        logits = asyncio.run(open_scorer(str(folder)).score(talks(known)))
        pairs = [math.log1p(math.exp(logits[j] - logits[i])) for i, j in one.pairs]  # type: ignore[operator]
        losses += [sum(pairs) / len(pairs)] if alike == "cases" else pairs
    assert len(losses) == (8 if alike == "cases" else pairings(scalars.cases(), 16, 0).count)
    assert log[-1]["train_loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


@pytest.mark.slow
def test_on_single_pairs_the_loss_is_that_of_trl(bases: Any, tmp_path: Path) -> None:
    from trl import RewardTrainer

    from solon.training.bradley_terry import CaseTrainer

    model = AutoModelForSequenceClassification.from_pretrained(bases("qwen3"), num_labels=1, pad_token_id=0)
    pairs = [([5, 6, 7, 8], [9, 10]), ([11, 12], [13, 14, 15])]
    texts = [*(better for better, _ in pairs), *(worse for _, worse in pairs)]
    own = WholeCases(0)([{"chosen_ids": [better], "rejected_ids": [worse]} for better, worse in pairs])
    found = [
        kind.compute_loss(Bare(), model.eval(), inputs)
        for kind, inputs in ((CaseTrainer, own), (RewardTrainer, padded(texts, 0)))
    ]
    assert found[0].item() == pytest.approx(found[1].item(), rel=1e-6)


class Bare:
    """As much of a trainer as its loss asks for."""

    class model:
        training = True

    class args:
        center_rewards_coefficient = 0.01

    class accelerator:
        gather = gather_for_metrics = staticmethod(lambda value: value)

    _total_train_tokens = 0
    _tp_size = 1

    def __init__(self) -> None:
        from collections import defaultdict

        self._metrics = {"train": defaultdict(list)}


def test_a_batch_holds_every_text_once_and_all_pairs() -> None:
    a, b, c = [1, 2, 3], [4], [5, 6]
    rows = [{"chosen_ids": [a, a], "rejected_ids": [b, c]}, {"chosen_ids": [c], "rejected_ids": [b]}]
    batch = WholeCases(pad=0)(rows)
    texts = [row[mask.bool()].tolist() for row, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)]
    assert sorted(texts) == [a, b, c]
    assert [[texts[i] for i in side] for side in batch["pairs"].tolist()] == [[a, a, c], [b, c, b]]
    assert batch["weights"].tolist() == pytest.approx([1 / 4, 1 / 4, 1 / 2])
    assert WholeCases(pad=0, mean=1.5)(rows)["weights"].tolist() == pytest.approx([1 / 3] * 3)


def test_texts_are_rewarded_alike_together_and_alone(bases: Any) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(bases("bert"), num_labels=1).eval()
    texts = [[2, *[5 + i % 7] * (1 + 5 * i % 23), 3] for i in range(21)]
    batch = padded(texts, 0)
    alone = [model(input_ids=torch.tensor([text])).logits.item() for text in texts]
    assert rewards(model, batch["input_ids"], batch["attention_mask"]).tolist() == pytest.approx(alone, abs=1e-6)
    assert scored(model, texts, 0) == pytest.approx(alone, abs=1e-6)


@pytest.mark.slow
def test_a_model_learns_what_the_pairs_say(bases: Any, tmp_path: Path) -> None:
    data = [*scalars.cases(24, "train"), *scalars.cases(12, "test", first=24)]
    scalar(scalars.config(bases("bert"), tmp_path, data, steps=40, batch=8, micro_batch=8))
    report = json.loads((tmp_path / "report.json").read_text())
    (row,) = report["measured"]
    assert (row["cases"], row["pairs"]) == (12, 28)
    assert row["scalar"]["mean"] > 0.95
    assert set(row) == {
        *("source", "cases", "pairs", "scalar", "bag of words", "longer wins"),
        *("scalar - bag of words", "scalar - longer wins"),
    }


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(bases: Any, tmp_path: Path) -> None:
    def killed(step: int, steps: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    options = {"steps": 4, "save_every": 2}
    whole = scalar(scalars.config(bases("bert"), tmp_path / "whole", **options))
    with pytest.raises(KeyboardInterrupt):
        scalar(scalars.config(bases("bert"), tmp_path / "killed", **options), killed)
    steps: list[int] = []
    resumed = scalar(scalars.config(bases("bert"), tmp_path / "killed", **options), lambda step, _: steps.append(step))
    assert steps == [3, 4]
    assert same(whole, resumed)


@pytest.mark.slow
@pytest.mark.parametrize("lora", [{}, LORA], ids=["full", "lora"])
def test_held_out_cases_choose_the_epoch_also_over_a_kill(lora: dict[str, Any], bases: Any, tmp_path: Path) -> None:
    def killed(step: int, steps: int) -> None:
        if step == 11:
            raise KeyboardInterrupt

    options: dict[str, Any] = {"epochs": 4, "steps": None, "save_every": 5, "held_out": 0.3, "lora": lora}
    data = [*scalars.cases(24, "train"), *scalars.cases(6, "test", first=24)]
    whole = scalar(scalars.config(bases("bert"), tmp_path / "whole", data, **options))
    with pytest.raises(KeyboardInterrupt):
        scalar(scalars.config(bases("bert"), tmp_path / "killed", data, **options), killed)
    resumed = scalar(scalars.config(bases("bert"), tmp_path / "killed", data, **options))
    report = json.loads((tmp_path / "whole" / "report.json").read_text())
    assert list(report["epochs"]) == ["1", "2", "3", "4"]
    assert report == json.loads((tmp_path / "killed" / "report.json").read_text())
    assert same(whole, resumed)


def test_the_best_epoch_is_kept_and_an_earlier_one_wins_a_tie(tmp_path: Path) -> None:
    model, marks = torch.nn.Linear(1, 1, bias=False), {1: 0.5, 2: 0.9, 3: 0.9, 4: 0.7}
    for epoch, mark in marks.items():
        torch.nn.init.constant_(model.weight, epoch)
        callback = BestEpoch(tmp_path, lambda _, mark=mark: mark)  # type: ignore[misc]
        callback.on_epoch_end(None, TrainerState(epoch=epoch), None, model=model)
    callback.restore(model)
    assert model.weight.item() == 2
    assert callback.measured == {"1": 0.5, "2": 0.9, "3": 0.9, "4": 0.7}


def test_a_share_that_holds_out_all_cases_or_none_is_named(tmp_path: Path) -> None:
    for share, said in ((0.001, "choose the epoch"), (0.999, "0 cases to train on")):
        with pytest.raises(UserError, match=said):
            scalar(scalars.config(scalars.bert(tmp_path / "bert"), tmp_path, held_out=share))


def test_long_texts_are_cut_at_their_end_and_counted(bases: Any, tmp_path: Path) -> None:
    config = scalars.config(bases("bert"), tmp_path, max_length=8)
    cases = split(config).train.cases
    model = AutoModelForSequenceClassification.from_pretrained(bases("bert"), num_labels=1)
    texts, whole = encoded(config, cases, model), encoded(scalars.config(bases("bert"), tmp_path), cases, model)
    end = ended(config).convert_tokens_to_ids("[SEP]")
    lengths = [len(ids) for case in whole.ids for ids in case.values()]
    assert texts.cut == sum(length > 8 for length in lengths) > 0 == whole.cut
    for short, long in zip(texts.ids, whole.ids, strict=True):
        for i, ids in short.items():
            assert ids == (long[i] if len(long[i]) <= 8 else [*long[i][:7], end])


def test_only_the_train_split_teaches_and_another_is_measured(tmp_path: Path) -> None:
    data = [
        *scalars.cases(3, "train"),
        *scalars.cases(2, "test", 3),
        *scalars.cases(1, "dev", 5),
        *scalars.cases(1, None, 6),
    ]
    found = split(scalars.config(tmp_path, tmp_path, data))
    assert [one.case.id for one in found.train.cases] == ["c0", "c1", "c2", "c6"]
    assert [one.case.id for one in found.held.cases] == ["c3", "c4"]
    assert {name: found.counts[f"split {name}"] for name in ("train", "test", "dev", "none")} == {
        "train": 3, "test": 2, "dev": 1, "none": 1
    }  # fmt: skip
    assert [one.case.id for one in split(scalars.config(tmp_path, tmp_path, data, measure="dev")).held.cases] == ["c5"]


def test_nothing_to_learn_stops_before_a_model_is_loaded(tmp_path: Path) -> None:
    data = [rated("a", 1, 1), lone("b", True), lone("c", False)]
    with pytest.raises(UserError, match=r"no case is left .*1 .*with equal ratings.*2 .*single response.*two or more"):
        scalar(scalars.config(tmp_path / "no model", tmp_path, data))
    with pytest.raises(UserError, match=r"no case is left .*8 of the split 'test'"):
        scalar(scalars.config(tmp_path / "no model", tmp_path, scalars.cases(split="test")))
    assert split(scalars.config(tmp_path, tmp_path, data, ties=True)).train.count == 2


def test_a_scalar_checkpoint_is_no_meta_model(tmp_path: Path) -> None:
    Checkpoint("scalar", "").save(tmp_path)
    named = Checkpoint.of(str(tmp_path))
    assert named is not None
    with pytest.raises(UserError, match="scalar"):
        meta_form(load_form("pointwise"), named.form)


REAL = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not REAL.is_dir(), reason="the real data are not here: ../shared/data")
@pytest.mark.parametrize(
    ("name", "cases", "pairs"),
    [
        ("truthfulqa_judge", (651, 166), (10416, 2656)),
        ("gsm8k_solutions", (590, 141), (1967, 462)),
        ("evouna", (1719, 419), (8312, 2014)),
    ],
)
def test_the_pairs_of_real_data(name: str, cases: tuple[int, int], pairs: tuple[int, int], tmp_path: Path) -> None:
    found = split(ScalarConfig(model="none", out=tmp_path, data=[REAL / name / f"{name}.jsonl.gz"]))
    assert (len(found.train.cases), len(found.held.cases)) == cases
    assert (found.train.count, found.held.count) == pairs


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_it(
    bases: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [*scalars.cases(6, "train"), *scalars.cases(3, "test", first=6)]
    config = scalars.config(bases("bert"), tmp_path / "out", data)
    written = tmp_path / "measured.json"
    flags = ["--model", config.model, "--data", str(config.data[0]), "--out", str(config.out), "--steps", "2"]
    with pytest.raises(SystemExit) as ended:
        main(["train", "scalar", *flags, "--batch", "4", "--micro-batch", "2", "--json", str(written)])
    assert ended.value.code in (None, 0)
    report = json.loads(written.read_text())
    assert report == json.loads((config.out / "report.json").read_text())
    assert report["counts"]["measured on: pairs"] == 7
    said = " ".join(capsys.readouterr().out.split())
    assert all(name in said for name in ("scalar", "bag of", "longer", "unnamed"))
