"""What one prefill for all samples of a prompt is worth in process, at the sandbox's sizes, on a random model.

Three arms draw the same number of tokens for the same prompts: the sampler asked for n samples per request (the prompt
is prefilled once), every sample with a prefill of its own (the prompt is repeated), and the library's own
`generate(num_return_sequences=n)`. Two more draw one sample in both orders of cases with long conversations: what both
orders begin with computed once, and every prompt computed whole. The last two score judgments as a meta model does:
what those of a case begin with read once, and every conversation whole. The arms take turns within each round and
compute on one thread, as each of several sampling processes would; processor time is measured, so that a busy machine
does not count.

    python bench/prefill.py [--rounds 5] [--json FILE]
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

import torch
from report import Figure, figure, options, show
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast

from solon.samplers.local import decode
from solon.samplers.seam import Request, Sampled
from solon.samplers.transformers import TransformersSampler
from solon.scorers.transformers import TransformersScorer
from solon.types import Message, content

VOCABULARY = 2048
TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


@dataclass(frozen=True)
class Work:
    """`prompts` prompts of `length` tokens, `k` samples each of `new`; two in a row share their first `alike`."""

    prompts: int
    length: int
    new: int
    k: int
    alike: int = 0

    def requests(self) -> list[Request]:
        """Return one request per prompt, for all of its samples."""
        rng = random.Random(0)
        words = [[f"w{rng.randrange(3, VOCABULARY)}" for _ in range(self.length)] for _ in range(self.prompts)]
        texts = [" ".join([*words[i - i % 2][: self.alike], *words[i][self.alike :]]) for i in range(self.prompts)]
        return [
            Request((Message("user", content(text)),), self.k, temperature=0.5, max_tokens=self.new, seed=1000 * i)
            for i, text in enumerate(texts)
        ]


def made() -> tuple[LlamaConfig, PreTrainedTokenizerFast]:
    """Return the shape of a model of about a million parameters, and its tokenizer."""
    torch.manual_seed(0)
    words = {f"w{i}": i for i in range(VOCABULARY)}
    backend = Tokenizer(models.WordLevel(words, unk_token="w0"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="w0", chat_template=TEMPLATE)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=128, intermediate_size=384, num_hidden_layers=4, num_attention_heads=4,
        tie_word_embeddings=True, eos_token_id=None, bos_token_id=None, num_labels=1, pad_token_id=0,
    )  # fmt: skip
    return config, tokenizer


def sampler() -> TransformersSampler:
    """Return a sampler on a random model that never ends a completion by itself."""
    config, tokenizer = made()
    return TransformersSampler(LlamaForCausalLM(config), tokenizer)


def drawn(judge: TransformersSampler, requests: list[Request]) -> int:
    """Draw everything and return the number of tokens."""
    answers = asyncio.run(judge.sample(requests))
    return sum(sample.tokens for answer in answers for sample in answer.samples if isinstance(sample, Sampled))


def shared(judge: TransformersSampler, work: Work) -> int:
    """Ask for all samples of a prompt in one request."""
    return drawn(judge, work.requests())


def repeated(judge: TransformersSampler, work: Work) -> int:
    """Ask for every sample in a request of its own, with a prefill of its own."""
    requests = [
        Request(one.messages, 1, one.temperature, one.max_tokens, one.seed + i)
        for one in work.requests()
        for i in range(work.k)
    ]
    with mock.patch.object(decode, "shared_heads", return_value=None):
        return drawn(judge, requests)


def generated(judge: TransformersSampler, work: Work) -> int:
    """Let the library draw all samples of all prompts in one call."""
    ids = torch.tensor([judge._prompts.ids(request) for request in work.requests()])
    with torch.inference_mode():
        out = judge._model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=0.5, top_k=0,
            num_return_sequences=work.k, max_new_tokens=work.new, pad_token_id=0,
        )  # fmt: skip
    return int(out[:, work.length :].numel())


def whole(judge: TransformersSampler, work: Work) -> int:
    """Ask as `shared` does, and compute every prompt whole."""
    with mock.patch.object(decode, "shared_heads", return_value=None):
        return shared(judge, work)


Arm = Callable[[TransformersSampler, Work], int]


def measure(judge: TransformersSampler, work: Work, arms: list[Arm], rounds: int) -> dict[str, list[float]]:
    """Return the processor seconds of every arm in every round; the first, unmeasured round warms up."""
    seconds: dict[str, list[float]] = {arm.__name__: [] for arm in arms}
    for round_ in range(rounds + 1):
        for arm in arms:
            started = time.process_time()
            tokens = arm(judge, work)
            assert tokens == work.prompts * work.k * work.new, (arm.__name__, tokens)
            if round_:
                seconds[arm.__name__].append(time.process_time() - started)
    return seconds


def weighing(work: Work, rounds: int) -> list[float]:
    """Score k judgments of every prompt, and return how many times the processor time it takes to read each whole."""
    config, tokenizer = made()
    scorer = TransformersScorer(LlamaForSequenceClassification(config), tokenizer)
    rng = random.Random(0)
    said = [" ".join(f" w{rng.randrange(3, VOCABULARY)}" for _ in range(work.new)) for _ in range(work.k)]
    talks = [(*one.messages, Message("assistant", content(text))) for one in work.requests() for text in said]
    ratios = []
    for round_ in range(rounds + 1):
        seconds = []
        for shares in (True, False):
            scorer._shares = shares
            started = time.process_time()
            asyncio.run(scorer.score(talks))
            seconds.append(time.process_time() - started)
        if round_:
            ratios.append(seconds[1] / seconds[0])
    return ratios


def ratio(name: str, seconds: dict[str, list[float]], arm: str, target: float) -> Figure:
    """Compare an arm with the shared prefill, round by round."""
    pairs = zip(seconds[arm], seconds["shared"], strict=True)
    return figure(name, [slow / fast for slow, fast in pairs], target)


def main() -> None:
    """Measure at the sandbox's sizes, and with prompts four times as long as completions."""
    given = options(__doc__ or "", rounds=5)
    torch.set_num_threads(1)
    judge = sampler()
    usual, long = Work(prompts=8, length=120, new=50, k=32), Work(prompts=8, length=200, new=50, k=32)
    seconds = measure(judge, usual, [shared, repeated, generated], given.rounds)
    longer = measure(judge, long, [shared, repeated], given.rounds)
    orders = measure(judge, Work(prompts=8, length=800, new=50, k=1, alike=700), [shared, whole], given.rounds)
    tokens = usual.prompts * usual.k * usual.new
    figures = [
        figure("shared prefill: tokens per processor second", [tokens / one for one in seconds["shared"]]),
        ratio("shared prefill over repeated prompts", seconds, "repeated", 1.3),
        ratio("shared prefill over generate", seconds, "generated", 1.4),
        ratio("the same over repeated, prompts 4x as long", longer, "repeated", 1.5),
        ratio("both orders of 4 long cases: head once over whole", orders, "whole", 1.0),
        figure("scoring the judgments: what they begin with once over whole", weighing(usual, given.rounds), 1.5),
    ]
    show(f"{usual.prompts} prompts of {usual.length} tokens, {usual.k} samples of {usual.new}", figures, given.json)


if __name__ == "__main__":
    main()
