"""Mixed lengths in process: our waves beside the library's continuous batching, on a random model.

Prompts and completions differ in length by a factor of four and ten. Both arms draw all samples of the same prompts and
just as many tokens; the library shares a prompt among its samples too. They take turns within each round on one thread,
and processor time is measured, so that a busy machine does not count.

    python bench/batching.py [--rounds 5] [--json FILE]
"""

import random
import time

import torch
from prefill import VOCABULARY, drawn, sampler
from report import figure, options, show
from transformers import GenerationConfig

from solon.samplers.seam import Request
from solon.samplers.transformers import TransformersSampler
from solon.types import Message, content

PROMPTS, K = 16, 8


def requests() -> list[Request]:
    """Return one request per prompt, of 60 to 240 tokens, for K samples of 10 to 100."""
    rng = random.Random(0)
    texts = [" ".join(f"w{rng.randrange(3, VOCABULARY)}" for _ in range(rng.randint(60, 240))) for _ in range(PROMPTS)]
    return [
        Request((Message("user", content(text)),), K, temperature=0.5, max_tokens=rng.randint(10, 100), seed=1000 * i)
        for i, text in enumerate(texts)
    ]


def continuous(judge: TransformersSampler, asked: list[Request]) -> int:
    """Let the library's continuous batching draw everything, and return the number of tokens."""
    config = GenerationConfig(
        do_sample=True, temperature=0.5, top_k=0, num_return_sequences=K, max_new_tokens=100, eos_token_id=-1,
        pad_token_id=0,
    )  # fmt: skip
    tokens = 0
    with judge._model.continuous_batching_context_manager(config, persistent_manager=True) as manager:
        for request in asked:
            manager.add_request(judge._prompts.ids(request), max_new_tokens=request.max_tokens, eos_token_id=-1)
        left = len(asked) * K
        while left:
            result = manager.get_result(timeout=60)
            if result is None or result.error is not None:
                raise RuntimeError(f"continuous batching came to an end with {left} samples left: {result}")
            if result.is_finished():
                left, tokens = left - 1, tokens + len(result.generated_tokens)
    return tokens


def main() -> None:
    """Measure both arms."""
    given = options(__doc__ or "", rounds=5)
    torch.set_num_threads(1)
    judge, asked = sampler(), requests()
    tokens = sum(request.n * request.max_tokens for request in asked)
    seconds: dict[str, list[float]] = {"waves": [], "continuous": []}
    for round_ in range(given.rounds + 1):
        for name, arm in (("waves", drawn), ("continuous", continuous)):
            started = time.process_time()
            assert arm(judge, asked) == tokens, name
            if round_:
                seconds[name].append(time.process_time() - started)
    pairs = zip(seconds["continuous"], seconds["waves"], strict=True)
    figures = [
        figure("waves: tokens per processor second", [tokens / one for one in seconds["waves"]]),
        figure("waves over continuous batching", [slow / fast for slow, fast in pairs], 1.0),
    ]
    show(f"{PROMPTS} prompts of 60 to 240 tokens, {K} samples each of 10 to 100", figures, given.json)


if __name__ == "__main__":
    main()
