"""The decoding engine on token ids: log-probabilities, drawing, waves, and the growing cache against the library's."""

import pytest
import torch
from transformers import DynamicCache, PreTrainedModel

from solon.samplers.local.cache import growing_cache
from solon.samplers.local.decode import Row, _closed_ranks, decode
from solon.samplers.local.draw import Uniforms, draw
from solon.samplers.local.waves import Job, Part, halves, waves
from tests.samplers import tiny

FAMILIES = sorted(tiny.CONFIGS)
PROMPTS = [[5, 9, 30, 44], [7], [8, 100, 120, 33, 21, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73]]


def full_logprobs(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), -1)


@pytest.mark.parametrize("family", FAMILIES)
def test_chances_are_those_of_a_plain_forward_pass(family: str) -> None:
    model = tiny.model(family)
    rows = [Row(i % 3, seed=i, temperature=1.0, longest=25 + i, top=2) for i in range(9)]
    decode(model, PROMPTS, rows, frozenset(range(2, 12)))
    assert {row.finish for row in rows} == {"stop", "length"}
    for row in rows:
        prompt = PROMPTS[row.prompt]
        expected = full_logprobs(model, prompt + row.ids)[len(prompt) - 1 : -1]
        assert [chance.id for chance in row.chances] == row.ids
        own = expected.gather(-1, torch.tensor(row.ids).unsqueeze(-1)).squeeze(-1)
        assert [chance.logprob for chance in row.chances] == pytest.approx(own.tolist(), abs=2e-4)
        values, _ = expected.topk(2)
        tops = [[value for _, value in chance.top] for chance in row.chances]
        assert torch.tensor(tops) == pytest.approx(values, abs=2e-4)


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
