"""The decoding engine on token ids: log-probabilities, drawing, waves, and the growing cache against the library's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, PreTrainedModel

from solon.samplers.local.cache import growing_cache
from solon.samplers.local.decode import Row, _closed_ranks, decode
from solon.samplers.local.draw import Uniforms, draw
from solon.samplers.local.heads import shared_heads
from solon.samplers.local.waves import Job, Part, halves, waves
from tests.samplers import tiny

FAMILIES = sorted(tiny.CONFIGS)
PROMPTS = [[5, 9, 30, 44], [7], [8, 100, 120, 33, 21, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73]]
WORDS, ONE, OTHER = list(range(200, 230)), list(range(40, 60)), list(range(60, 72))
ALIKE = [
    [*WORDS, *ONE, 5, 9, 30],
    [*WORDS, *OTHER, 44, 45, 46],
    [*WORDS, *ONE, 30, 9, 5, 7],
    [*WORDS, *OTHER, 46],
    [*WORDS, *ONE],
]
"""Prompts in a mixed order that begin alike: all with the same words, and two cases with what is theirs."""


def full_logprobs(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), -1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prompts", [PROMPTS, ALIKE], ids=["unlike", "alike"])
def test_chances_are_those_of_a_plain_forward_pass(family: str, prompts: list[list[int]]) -> None:
    model = tiny.model(family)
    rows = [Row(i % len(prompts), seed=i, temperature=1.0, longest=25 + i, top=2) for i in range(10)]
    decode(model, prompts, rows, frozenset(range(2, 12)))
    assert {row.finish for row in rows} == {"stop", "length"}
    for row in rows:
        prompt = prompts[row.prompt]
        expected = full_logprobs(model, prompt + row.ids)[len(prompt) - 1 : -1]
        assert [chance.id for chance in row.chances] == row.ids
        own = expected.gather(-1, torch.tensor(row.ids).unsqueeze(-1)).squeeze(-1)
        assert [chance.logprob for chance in row.chances] == pytest.approx(own.tolist(), abs=2e-4)
        values, _ = expected.topk(2)
        tops = [[value for _, value in chance.top] for chance in row.chances]
        assert torch.tensor(tops) == pytest.approx(values, abs=2e-4)


def test_what_prompts_begin_with_alike_is_computed_once_where_all_layers_see_everything() -> None:
    def prefilled(family: str) -> int:
        model, seen = tiny.model(family), []
        model.register_forward_pre_hook(lambda _, __, given: seen.append(given["input_ids"].numel()), with_kwargs=True)
        decode(model, ALIKE, [Row(i, seed=i, temperature=1.0, longest=1) for i in range(len(ALIKE))], frozenset())
        return sum(seen)

    whole = len(ALIKE) * max(map(len, ALIKE))
    assert prefilled("gemma3") == whole, "a sliding window would count the padding between a head and its tail"
    assert prefilled("llama") == prefilled("qwen3") == 2 * (len(WORDS) + len(ONE) - 1) + len(ALIKE) * 5


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=8))
def test_heads_and_tails_make_the_prompts_again(prompts: list[list[int]]) -> None:
    heads = shared_heads(prompts)
    if heads is None:
        return
    tails = [heads.tail(place, prompt) for place, prompt in enumerate(prompts)]
    assert all(tails)
    assert [[*heads.ids[group], *tail] for group, tail in zip(heads.of, tails, strict=True)] == prompts
    computed = len(heads.ids) * max(map(len, heads.ids)) + len(prompts) * max(map(len, tails))
    assert computed <= 0.9 * len(prompts) * max(map(len, prompts))


def test_prompts_with_little_in_common_share_nothing() -> None:
    assert shared_heads(PROMPTS) is None
    assert shared_heads([[1, 2, 3]]) is None
    assert shared_heads([[1, 2, 3, *range(10, 60)], [1, 2, 3, *range(70, 120)]]) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_the_growing_cache_holds_what_the_librarys_holds(family: str) -> None:
    config = tiny.CONFIGS[family]
    ours, theirs = growing_cache(config), DynamicCache(config=config)
    generator = torch.Generator().manual_seed(0)
    rows = 3
    for step in range(150):
        if step in (1, 60, 61):
            index = torch.tensor({1: [0, 0, 1, 1, 2, 2, 2], 60: [0, 6, 2, 5, 4], 61: [3, 1]}[step])
            ours.reorder_cache(index)
            theirs.reorder_cache(index)
            rows = len(index)
        new = torch.randn(2, 2, rows, 2, 19 if step == 0 else 1, 8, generator=generator)
        for layer in range(2):
            mine = ours.update(new[0, layer], new[1, layer], layer)
            assert all(map(torch.equal, mine, theirs.update(new[0, layer], new[1, layer], layer)))
        assert ours.get_seq_length() == theirs.get_seq_length()
        assert ours.get_mask_sizes(1, 0) == theirs.get_mask_sizes(1, 0)


def test_tokens_are_drawn_with_their_probabilities() -> None:
    logits = torch.tensor([0.0, 1.0, float("-inf"), 2.0, 0.5])
    count = 20_000
    uniforms = Uniforms([3], torch.device("cpu"))
    numbers = torch.cat([uniforms.next() for _ in range(count)])
    drawn = draw(logits.expand(count, 5), torch.full((count,), 0.7), numbers)
    shares = torch.bincount(drawn, minlength=5) / count
    assert shares == pytest.approx(torch.softmax(logits / 0.7, -1), abs=0.012)
    assert shares[2] == 0


def test_temperature_zero_takes_the_most_likely_beside_rows_that_sample() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [0.0, 3.0, 1.0]])
    assert draw(logits, torch.tensor([0.0, 0.0]), torch.tensor([0.99, 0.99])).tolist() == [1, 1]
    assert draw(logits, torch.tensor([0.0, 5.0]), torch.tensor([0.0, 0.0])).tolist() == [1, 0]


def test_the_ends_of_the_unit_interval_draw_tokens_that_can_be() -> None:
    logits = torch.tensor([[float("-inf"), 0.0, 0.0, float("-inf")]]).expand(2, 4)
    edges = torch.tensor([0.0, 1.0 - 2.0**-24])
    assert draw(logits, torch.tensor([1.0, 1.0]), edges).tolist() == [1, 2]


def test_streams_of_chance_belong_to_their_seed() -> None:
    device = torch.device("cpu")
    together, alone = Uniforms([4, 5, 2**62], device), Uniforms([5], device)
    for step in range(150):
        if step == 70:
            together.select([2, 1])
        assert together.next()[1] == alone.next()[0]


def test_waves_hold_like_lengths_within_the_budget() -> None:
    jobs = [Job(i, (1,) * length, 4, 50) for i, length in enumerate([10, 300, 12, 290, 11, 9])]
    grouped = list(waves(jobs, rows=8, tokens=10**6))
    assert [[part.job.place for part in wave] for wave in grouped] == [[1, 3], [2, 4], [0, 5]]
    for wave in waves(jobs, rows=256, tokens=1400):
        assert sum(part.n for part in wave) * (max(len(part.job.prompt) for part in wave) + 50) <= 1400


def test_a_job_larger_than_a_wave_is_parted_evenly() -> None:
    grouped = list(waves([Job(0, (1, 2), 20, 10)], rows=8, tokens=10**6))
    assert [(part.first, part.n) for wave in grouped for part in wave] == [(0, 7), (7, 7), (14, 6)]
    assert len(grouped) == 3


def test_a_wave_is_halved_down_to_one_sample() -> None:
    job = Job(0, (1,), 3, 5)
    assert halves([Part(job, 0, 3), Part(job, 3, 1)]) == ([Part(job, 0, 3)], [Part(job, 3, 1)])
    assert halves([Part(job, 0, 3)]) == ([Part(job, 0, 1)], [Part(job, 1, 2)])
    assert halves([Part(job, 0, 1)]) is None


def test_rows_from_the_end_take_the_places_of_dead_ones() -> None:
    assert _closed_ranks([True, False, True, False, True]) == [0, 4, 2]
    assert _closed_ranks([True, True]) == [0, 1]
    assert _closed_ranks([False, False, True]) == [2]
