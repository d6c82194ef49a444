"""CLoud: critiques are sampled and kept, the head reads them, k of them vote, and Bradley-Terry teaches the head."""

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from solon.checkpoint import Checkpoint
from solon.errors import UserError
from solon.forms import load_critique
from solon.forms.critique import CRITIQUE, read_critique
from solon.forms.sandbox import SANDBOX_CRITIQUE
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.scorers.opening import open_scorer
from solon.scorers.scripted import ScriptedScorer
from solon.scorers.seam import Conversation
from solon.training.cloud import cloud
from solon.training.config import CloudConfig, CritiqueConfig
from solon.training.criticizing import Criticism, criticize
from solon.training.critiques import Criticized, Critique, Critiques, criticized_line
from solon.training.labeled import read_labeled
from solon.training.pairs import ordered
from solon.training.semiscalar import read_by_head, rewarded, spread
from solon.types import Case, Judgment, LabeledCase, Unread, Verdict, plain
from solon.vote import vote
from tests.cli.conftest import Done, solon
from tests.judge.judging import case, shown
from tests.training import families, recipes
from tests.training.making import labeled, lone, rated, write

__all__ = ["solon"]

GOLDEN = Path(__file__).parents[1] / "core" / "golden" / "critique-1.txt"


def critical(request: Request, index: int) -> str:
    """Criticize a response by repeating it, and by the seed that it was asked with."""
    (text,) = shown(request)
    return f"it says {text}, {request.seed + index}"


def sampled(tmp_path: Path, cases: Sequence[LabeledCase], script: Any = critical, **options: Any) -> Criticism:
    sampler = options.pop("sampler", None) or ScriptedSampler(script)
    data = write(tmp_path / "cases.jsonl", cases)
    fields = {"model": "http://critic", "data": [data], "out": tmp_path / "run"} | options
    return criticize(CritiqueConfig(**fields), sampler=sampler)


def test_every_response_is_criticized_alone_in_one_request_of_its_own(tmp_path: Path) -> None:
    sampler = ScriptedSampler(critical)
    cases = [labeled("a", 3), lone("b", True), rated("c", 1, 1)]
    found = sampled(tmp_path, cases, sampler=sampler, k=2)
    assert [shown(request) for request in sampler.asked] == [[plain(r)] for one in cases for r in one.case.responses]
    assert {(request.n, request.temperature) for request in sampler.asked} == {(2, 0.5)}
    for one, critiques in zip(cases, found.critiques, strict=True):
        for response, (first, second) in zip(one.case.responses, critiques, strict=True):
            said = f"it says {plain(response)}, "
            assert first.text.startswith(said)
            assert int(second.text.removeprefix(said)) == int(first.text.removeprefix(said)) + 1
    assert found.counts() == {"cases": 3, "responses": 6, "critiques": 12}


class Dying(ScriptedSampler):
    """Answers so many requests and then breaks down."""

    def __init__(self, granted: int) -> None:
        super().__init__(critical)
        self._granted = granted

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        if len(self.asked) + len(requests) > self._granted:
            raise ConnectionError("killed")
        return await super().sample(requests)


def test_a_killed_sampling_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    cases, rest = [labeled(f"c{i}", 2 + i % 2) for i in range(4)], ScriptedSampler(critical)
    with pytest.raises(ConnectionError):
        sampled(tmp_path, cases, sampler=Dying(4), k=2)
    found = sampled(tmp_path, cases, sampler=rest, k=2)
    assert 0 < len(rest.asked) <= 10 - 4 + 1
    (tmp_path / "other").mkdir()
    assert found.critiques == sampled(tmp_path / "other", cases, k=2).critiques


def test_more_critiques_go_on_from_fewer_and_begin_with_them(tmp_path: Path) -> None:
    cases, more = [labeled("a", 3), lone("b", True)], ScriptedSampler(critical)
    few = sampled(tmp_path, cases, k=2)
    many = sampled(tmp_path, cases, sampler=more, k=5)
    assert [request.n for request in more.asked] == [3] * 4
    assert [[one[:2] for one in critiques] for critiques in many.critiques] == [list(c) for c in few.critiques]
    with pytest.raises(UserError, match="another configuration: seed was 0, now 1"):
        sampled(tmp_path, cases, seed=1)


def test_what_is_no_critique_is_unread_and_keeps_its_reason(tmp_path: Path) -> None:
    fates = {"a: best": "good.", "a: other 1": Sampled("It is", "length"), "a: other 2": Failure("down")}
    fates |= {"b: best": "  \n", "b: other 1": Sampled("no", "content_filter")}
    found = sampled(tmp_path, [labeled("a", 3), labeled("b")], fates)
    said = [one for critiques in found.critiques for (one,) in critiques]
    assert said == [
        Critique("good."),
        Critique("It is", "truncated"),
        Critique("", "failed_call"),
        Critique("  \n", "no_scores"),
        Critique("no", "refused"),
    ]
    counts = found.counts()
    assert [counts[f"unread: {reason}"] for reason in ("failed_call", "no_scores", "refused", "truncated")] == [1] * 4
    again = sampled(tmp_path, [labeled("a", 3), labeled("b")], {"a: other 2": "fine."})
    assert again.critiques[0][2] == (Critique("fine."),), "only a failed call is asked again"


def test_the_prompt_is_the_golden_one_and_shows_given_principles_only_where_asked(tmp_path: Path) -> None:
    one = case("sky", "Air scatters blue {{n}} light.", reference="Short waves scatter.", principles=("For a child",))
    said = plain(CRITIQUE.render(one, (0,), "given", seed=1)[0].content)
    assert said.replace(CRITIQUE.echo_mark(one, 1)[-11:-3], "NONCE") == GOLDEN.read_text("utf-8")
    assert "For a child" not in plain(CRITIQUE.render(one, (0,))[0].content)
    bare = plain(CRITIQUE.render(case("a", "x"), (0,))[0].content)
    assert "{{" not in bare
    assert "\n\n\n" not in bare
    assert not any(line != line.rstrip() for line in bare.splitlines())
    with pytest.raises(UserError, match="case 'a' cannot be criticized: principles=given needs principles"):
        sampled(tmp_path, [labeled("a")], principles="given")


def test_a_critique_is_read_whole_and_has_no_scores() -> None:
    judgment = read_critique("\n It is right.\nBut long. ", 1)
    assert isinstance(judgment, Judgment)
    assert (judgment.scores, judgment.critique) == ((), "It is right.\nBut long.")
    assert judgment.spans.critique is not None
    assert judgment.text[slice(*judgment.spans.critique)] == judgment.critique
    assert isinstance(read_critique(" \n", 1), Unread)


def test_a_model_of_the_sandbox_is_asked_in_its_own_words(tmp_path: Path) -> None:
    sampler = ScriptedSampler(lambda request, index: "[1] brief yes" if index else "brief yes")
    found = sampled(tmp_path, [labeled("a")], sampler=sampler, model="sandbox", k=2)
    assert found.form is SANDBOX_CRITIQUE
    assert plain(sampler.asked[1].messages[0].content) == "Request: Why?\n[1] a: other 1\nCriticize."
    assert found.critiques[0][1] == (Critique("brief yes", "no_scores"), Critique("[1] brief yes"))
    assert {request.temperature for request in sampler.asked} == {1.0}, "the checkpoint's own"
    with pytest.raises(UserError, match="no form of critiques is named 'pointwise'; those are critique, sandbox-"):
        sampled(tmp_path, [labeled("a")], form="pointwise")


def critiques(*responses: str) -> Critiques:
    """Write critiques: for every response, the words of its draws; `-` is unread."""
    return tuple(tuple(Critique(w, "no_scores" if w == "-" else None) for w in said.split()) for said in responses)


def test_the_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    tags = {"meta": {"split": "test"}, "plain": [], "plain_right": 3, "source": "s"}
    one = LabeledCase(case("a", "x", "y", tags=tags), rated("a", 1, 2).label)
    said = critiques("good -", "bad \ud800")
    (tmp_path / "c.jsonl").write_text(criticized_line(one, "critique", said) + "\n", "utf-8", errors="backslashreplace")
    (read,) = read_labeled([tmp_path / "c.jsonl"])
    told = Criticized.of(read.case)
    assert (told.form, told.critiques, told.draws, read.label) == (CRITIQUE, said, 2, one.label)
    assert (read.case.tags["meta"], read.case.tags["source"]) == ({"split": "test"}, "s")
    assert "plain" not in read.case.tags


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"form": "critique"},
        {"form": "critique", "critiques": 3},
        {"form": "critique", "critiques": [[{"text": "x"}]]},
        {"form": "critique", "critiques": [[], []]},
        {"form": "critique", "critiques": [[{"text": "x"}], []]},
        {"form": "critique", "critiques": [[{"text": "x"}], [{"text": 3}]]},
        {"form": "critique", "critiques": [[{"text": "x"}], [{"text": "x", "unread": "bad luck"}]]},
        {"form": "critique", "critiques": [["x"], ["y"]]},
        {"form": "pointwise", "critiques": [[{"text": "x"}], [{"text": "x"}]]},
    ],
)
def test_a_case_without_critiques_is_told(tags: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"case 'a' holds no critiques .*make the file with solon train critique"):
        Criticized.of(case("a", "x", "y", tags=tags))


def criticized(said: Critiques, form: str = "critique", name: str = "a") -> Criticized:
    return Criticized(case(name, *(f"response {i}" for i in range(len(said)))), load_critique(form), said)


def test_the_head_reads_the_conversation_the_response_and_its_critique() -> None:
    one = criticized(critiques("good", "bad"))
    user, assistant = read_by_head(one, 1, 0)
    assert plain(assistant.content) == "bad"
    assert plain(user.content).startswith("The conversation:\n<<<turn 1, user")
    assert "response 1\n<<<end" in plain(user.content)
    assert not any(word in plain(user.content) for word in ("response 0", "critic", "score"))


def test_for_a_model_of_the_sandbox_it_is_what_its_base_was_trained_on() -> None:
    user, assistant = read_by_head(criticized(critiques("[1]"), "sandbox-critique"), 0, 0)
    assert plain(user.content) == "Request: Why?\n[1] response 0\nCriticize."
    assert (assistant.role, plain(assistant.content)) == ("assistant", "[1]")


def by_words(conversation: Conversation) -> float | Failure:
    """Reward a critique by the number that it is."""
    said = plain(conversation[-1].content)
    return Failure("too long") if said == "down" else float(said)


def judged(*cases: Criticized) -> tuple[list[Verdict], ScriptedScorer]:
    scorer = ScriptedScorer(by_words)
    return asyncio.run(rewarded(scorer, cases)), scorer


def test_k_critiques_vote_by_the_mean_of_their_scalars() -> None:
    (first, second), scorer = judged(criticized(critiques("1 2 6", "5 5 5")), criticized(critiques("7"), name="b"))
    assert (first.scores, first.best, len(first.outcomes)) == ((3.0, 5.0), 1, 3)
    assert [judgment.scores for judgment in first.judgments] == [(1.0, 5.0), (2.0, 5.0), (6.0, 5.0)]
    assert first.orders == ((0, 1),) * 3
    assert second.scores == (7.0,)
    assert len(scorer.asked) == 7


def test_a_draw_with_a_critique_that_could_not_be_read_does_not_vote() -> None:
    (verdict,), scorer = judged(criticized(critiques("1 - 3 4", "2 9 down 8")))
    assert [isinstance(outcome, Judgment) for outcome in verdict.outcomes] == [True, False, False, True]
    assert verdict.unread == {"no_scores": 1, "failed_call": 1}
    assert verdict.scores == (2.5, 5.0)
    assert len(scorer.asked) == 6, "what will not count is not scored"
    (none,), _ = judged(criticized(critiques("-", "1")))
    assert (none.scores, none.best) == (None, None)


def scored(*draws: tuple[float, ...]) -> Verdict:
    return vote([Judgment(scores, (), "", "") for scores in draws], len(draws[0]))


def test_the_spread_is_told_apart_by_samples_responses_and_cases() -> None:
    found = spread([scored((1.0, 5.0), (3.0, 5.0)), scored((10.0, 14.0), (10.0, 18.0))])
    assert found is not None
    # variances of two samples each: 2, 0, 0, 8; means 2, 5 and 10, 16; of cases 3.5 and 13
    assert found.samples == pytest.approx(math.sqrt((2 + 0 + 0 + 8) / 4))
    assert found.responses == pytest.approx(math.sqrt((4.5 + 18) / 2))
    assert found.cases == pytest.approx(4.75)
    assert found.relative == pytest.approx(math.sqrt(2.5) / 4.75)


def test_a_spread_of_unequal_numbers_of_samples_counts_them_by_their_freedom() -> None:
    found = spread([scored((0.0,), (2.0,)), scored((0.0,), (0.0,), (3.0,)), vote([Unread("refused", "")], 1)])
    assert found is not None
    assert found.samples == pytest.approx(math.sqrt((2 * 1 + 3 * 2) / 3))
    assert (found.responses, found.cases) == (None, 0.0)
    assert found.relative is None


def test_one_sample_has_no_spread_and_none_has_nothing() -> None:
    found = spread([scored((1.0, 2.0))])
    assert found is not None
    assert (found.samples, found.relative, found.cases) == (None, None, 0.0)
    assert spread([vote([Unread("refused", "")], 2)]) is None


def graded(count: int = 6, k: int = 2, form: str = "critique") -> list[str]:
    """Write cases whose critiques tell the best response, a third of them to measure on."""
    lines = []
    for i in range(count):
        one = labeled(f"c{i}", 2 + i % 3, best=i % 2)
        tags = {"meta": {"split": "test" if i % 3 == 2 else "train"}}
        told = LabeledCase(Case(one.case.id, one.case.prompt, one.case.responses, tags=tags), one.label)
        words = ["[1] " + ("yes" if r == i % 2 else "no") for r in range(one.case.n)]
        lines.append(criticized_line(told, form, tuple((Critique(word),) * k for word in words)))
    return lines


def config(model: Path, out: Path, lines: Sequence[str], **options: Any) -> CloudConfig:
    out.mkdir(parents=True, exist_ok=True)
    (out / "critiques.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    data = {"model": str(model), "out": out, "data": [out / "critiques.jsonl"]}
    return CloudConfig(**recipes.SHORT | data | options)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return families.save("qwen3", tmp_path_factory.mktemp("base"))


@pytest.mark.slow
@pytest.mark.parametrize("lora", [{}, recipes.LORA], ids=["full", "lora"])
@pytest.mark.parametrize("family", sorted(families.FAMILIES))
def test_the_loss_is_bradley_terry_on_pairs_of_one_draw(family: str, lora: dict[str, int], tmp_path: Path) -> None:
    base = families.save(family, tmp_path / "base")
    still = {"steps": 1, "learning_rate": 1e-30, "batch": 64, "micro_batch": 64, "lora": lora}
    folder = cloud(config(base, tmp_path, graded(), **still))
    taught = [one for one in read_labeled([tmp_path / "critiques.jsonl"]) if one.case.tags["meta"] != {"split": "test"}]
    verdicts = asyncio.run(rewarded(open_scorer(str(folder)), [Criticized.of(one.case) for one in taught]))
    losses = [
        [math.log1p(math.exp(judgment.scores[j] - judgment.scores[i])) for i, j in ordered(one.label, one.case.n)]
        for one, verdict in zip(taught, verdicts, strict=True)
        for judgment in verdict.judgments
    ]
    log = json.loads((folder / "log.json").read_text())
    assert sum(map(len, losses)) == 2 * log["report"]["counts"]["trained on: pairs"] == 12
    assert log["log"][-1]["train_loss"] == pytest.approx(fmean(map(fmean, losses)), rel=1e-3), "cases weigh alike"
    assert Checkpoint.of(str(folder)) == Checkpoint("critique", CRITIQUE.template_hash)


@pytest.mark.slow
def test_a_tiny_head_learns_to_trust_critiques_and_its_report_says_so(tmp_path: Path, base: Path) -> None:
    lines = graded(12, form="sandbox-critique")
    folder = cloud(config(base, tmp_path, lines, steps=60, warmup=0.1))
    report = json.loads((tmp_path / "report.json").read_text())
    (row,) = report["measured"]
    assert (row["cases"], row["pairs"]) == (4, 12)
    assert row["cloud"]["mean"] == 1.0
    assert row["longer wins"]["mean"] == 0.0
    assert (report["critiques per response"], report["cases that could not be read"]) == (2, 0)
    assert report["spread of rewards"]["samples"] == pytest.approx(0.0, abs=1e-4), "all draws say the same"
    assert report["spread of rewards"]["responses"] > 1
    assert Checkpoint.of(str(folder)) == Checkpoint("sandbox-critique", SANDBOX_CRITIQUE.template_hash)


@pytest.mark.slow
def test_critiques_that_are_unread_or_too_long_are_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    ok, no = Critique("fine"), Critique("", "truncated")
    some = criticized_line(labeled("a", 3), "critique", ((ok, ok), (no, ok), (ok, Critique("x" * 700))))
    cloud(config(base, tmp_path, [some], max_length=600))
    counts = json.loads((tmp_path / "report.json").read_text())["counts"]
    assert counts["trained on: pairs of critiques"] == 2
    assert (counts["trained on: critiques unread"], counts["trained on: texts too long"]) == (1, 1)
    none = criticized_line(labeled("a"), "critique", ((no,), (ok,)))
    with pytest.raises(UserError, match=r"no pair of critiques is left \(\{'trained on: critiques unread': 1"):
        cloud(config(base, tmp_path / "none", [none]))


def test_what_cannot_be_trained_on_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    mixed = [*graded(3), *(line.replace('"id": "c', '"id": "d') for line in graded(3, form="sandbox-critique"))]
    with pytest.raises(UserError, match=r"the critiques are of several forms \(critique, sandbox-critique\)"):
        cloud(config(tmp_path, tmp_path, mixed))
    write(tmp_path / "cases.jsonl", [labeled("a")])
    with pytest.raises(UserError, match="case 'a' holds no critiques"):
        cloud(config(tmp_path, tmp_path, [(tmp_path / "cases.jsonl").read_text().strip()]))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_also_when_it_breaks_off(base: Path, tmp_path: Path) -> None:
    def breaking(step: int, total: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    long = {"steps": 5, "save_every": 1}
    straight = cloud(config(base, tmp_path / "straight", graded(), **long))
    with pytest.raises(KeyboardInterrupt):
        cloud(config(base, tmp_path / "broken", graded(), **long), breaking)
    done: list[int] = []
    resumed = cloud(config(base, tmp_path / "broken", graded(), **long), lambda step, total: done.append(step))
    assert done == [3, 4, 5]
    assert recipes.same(straight, resumed)


@pytest.mark.slow
def test_both_baselines_are_commands(base: Path, tmp_path: Path, solon: Callable[..., Done]) -> None:
    cases = write(tmp_path / "cases.jsonl", [labeled(f"c{i}", 2, best=i % 2) for i in range(4)])
    short = ["--steps", 2, "--batch", 4, "--micro-batch", 4]
    done = solon("train", "pairrm", "--model", base, "--data", cases, "--out", tmp_path / "pairrm", *short)
    assert done.code == 0, done.err
    asked = ["--data", cases, "--out", tmp_path / "critiques", "--max-tokens", 8, "--k", 2]
    done = solon("train", "critique", "--model", "sandbox", *asked)
    assert (done.code, done.told) == (0, f"critiques: {tmp_path / 'critiques' / 'critiques.jsonl'}")
    lines = (tmp_path / "critiques" / "critiques.jsonl").read_text().splitlines()
    assert [len(one) for one in json.loads(lines[0])["critiques"]] == [2, 2]
    told = config(base, tmp_path / "told", graded()).data[0]
    done = solon("train", "cloud", "--model", base, "--data", told, "--out", tmp_path / "cloud", *short)
    assert done.code == 0, done.err
