"""The shipped base model: what it says of itself, how long its prompts are, and that it checks as it should."""

import json
from itertools import islice
from statistics import median

import pytest

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from solon.checkpoint import Checkpoint  # noqa: E402
from solon.forms.sandbox import SANDBOX  # noqa: E402
from solon.sandbox import checkpoint  # noqa: E402
from solon.sandbox.corpus import exercises  # noqa: E402
from solon.sandbox.encoding import encode  # noqa: E402
from solon.sandbox.probe import probe  # noqa: E402


@pytest.fixture(scope="module")
def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(checkpoint())


def test_it_names_its_form_and_temperature():
    assert Checkpoint.of(str(checkpoint())) == Checkpoint("sandbox", SANDBOX.template_hash, 1.0)


def test_it_is_small_and_says_how_to_be_sampled():
    assert sum(path.stat().st_size for path in checkpoint().iterdir()) < 3_000_000
    config = json.loads((checkpoint() / "config.json").read_text("utf-8"))
    assert config["dtype"] == "float32"
    assert config["max_position_embeddings"] == 4096
    sampling = json.loads((checkpoint() / "generation_config.json").read_text("utf-8"))
    assert sampling["do_sample"] is True
    assert sampling["top_k"] == 0
    assert sampling["temperature"] == 1.0


def test_it_tells_how_it_was_made():
    log = json.loads((checkpoint() / "log.json").read_text("utf-8"))
    assert log["chunk"] == log["recipe"]["chunks"] == len(log["losses"])
    assert log["tokens"] > 1_000_000
    assert "out" not in log["recipe"]


def test_prompts_and_judgments_are_short(tokenizer):
    prompts, answers = [], []
    for one in islice(exercises(21, 0, inspections=0.0), 1200):
        if one.kind == "pointwise" and one.mode == "self" and one.case.n == 2:
            ids, weights = encode(one, tokenizer)
            prompts.append(sum(weight == 0 for weight in weights))
            answers.append(len(ids) - prompts[-1])
    assert median(prompts) <= 120
    assert median(answers) <= 60


@pytest.mark.slow
def test_it_checks_rightly(tokenizer):
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint())
    checks = probe(model, tokenizer, count=100, seed=21)
    assert checks["easy"] > 0.9
    assert checks["hard"] > 0.75
