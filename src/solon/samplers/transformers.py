"""A causal language model in this process as a sampler: any checkpoint that transformers loads, with its chat template.

All samples of a prompt share its prefill, prompts of like length are decoded together, and every sample draws from a
generator of its own, seeded by the request: what it says does not depend on its neighbors (beyond the rounding of
batched arithmetic). Sampling is plain temperature sampling; top-k, top-p and penalties of a checkpoint's generation
config are not applied. The work runs in a thread, so that the event loop stays alive.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Self

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from solon.errors import SamplerError, UserError
from solon.samplers.completion import complete
from solon.samplers.local.decode import Row, decode
from solon.samplers.local.loading import checked, context_of, placed, quietly
from solon.samplers.local.prompts import Prompts
from solon.samplers.local.tokens import Tokens
from solon.samplers.local.waves import Job, Part, halves, waves
from solon.samplers.seam import Answer, Failure, Request, Sampled, TokenLogprob

_CPU_CACHE_BYTES = 2 << 30
"""How much the keys and values of a wave may take on a CPU; on a GPU it is half of what is free."""


class TransformersSampler:
    """Samples from a causal language model in this process.

    Args:
        model: the model, on its device.
        tokenizer: its tokenizer, with a chat template.
        batch: requests to be handed over at once; more of them allow fuller and more even waves.
        rows: samples decoded at once.
        template_options: further arguments of the chat template, `enable_thinking` for instance.

    Raises:
        UserError: the tokenizer has no chat template.
    """

    concurrency = 1

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        batch: int = 64,
        rows: int = 256,
        template_options: Mapping[str, object] | None = None,
    ) -> None:
        self.batch = batch
        self._rows = rows
        self._model = model.eval()
        self._prompts = Prompts(tokenizer, context_of(model.config), template_options or {})
        self._tokens = Tokens(tokenizer)
        self._eos = eos_of(model, tokenizer)
        self._room = cache_room(model)

    @classmethod
    def load(
        cls,
        name: str | Path,
        *,
        device: str | None = None,
        dtype: str | None = None,
        batch: int = 64,
        rows: int = 256,
        template_options: Mapping[str, object] | None = None,
    ) -> Self:
        """Load a checkpoint folder or a model of the Hugging Face hub.

        Without a `device` a GPU is taken where there is one; without a `dtype` it is bfloat16 there and float32 on a
        CPU. The other options are the constructor's.

        Raises:
            UserError: there is no such folder or model, it holds no causal language model, or no chat template.
        """
        source = checked(name)
        try:
            device, kind = placed(device, dtype)
            with quietly(source):
                tokenizer = AutoTokenizer.from_pretrained(source)
                model = AutoModelForCausalLM.from_pretrained(source, dtype=kind).to(device)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(f"cannot load a language model from '{name}': {reason}") from error
        return cls(model, tokenizer, batch=batch, rows=rows, template_options=template_options)

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer every request, in the order given; what this model cannot be asked is a `Failure` in its place.

        Raises:
            SamplerError: the sampler is closed, or a single sample is more than the memory holds.
        """
        if self._model is None:
            raise SamplerError("the model of this sampler was released by close()")
        return await asyncio.to_thread(self._answers, requests)

    async def close(self) -> None:
        """Release the model's memory."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        prompts = [self._prompts.ids(request) for request in requests]
        jobs = [
            Job(place, prompt, request.n, self._prompts.room(prompt, request.max_tokens))
            for place, (request, prompt) in enumerate(zip(requests, prompts, strict=True))
            if not isinstance(prompt, Failure)
        ]
        answers = [
            Answer((prompt,) * request.n, calls=0) if isinstance(prompt, Failure) else Answer(())
            for request, prompt in zip(requests, prompts, strict=True)
        ]
        for wave in waves(jobs, self._rows, self._room):
            started = time.perf_counter()
            drawn = iter(self._decoded(wave, requests))
            seconds = time.perf_counter() - started
            for part in wave:
                place = part.job.place
                samples = tuple(self._sampled(row, requests[place]) for row in islice(drawn, part.n))
                answers[place] = _longer(answers[place], samples, len(part.job.prompt), seconds)
        return answers

    def _decoded(self, wave: Sequence[Part], requests: Sequence[Request]) -> list[Row]:
        """Decode a wave, or its halves one after the other when the memory does not hold it."""
        rows = [
            self._row(prompt, part, i, requests[part.job.place])
            for prompt, part in enumerate(wave)
            for i in range(part.n)
        ]
        try:
            decode(self._model, [part.job.prompt for part in wave], rows, self._eos)
            return rows
        except torch.OutOfMemoryError as error:
            smaller = halves(wave)
            if smaller is None:
                tokens = len(wave[0].job.prompt)
                raise SamplerError(f"the memory does not hold one sample of a prompt of {tokens} tokens") from error
        torch.cuda.empty_cache()
        return [row for half in smaller for row in self._decoded(half, requests)]

    def _row(self, prompt: int, part: Part, i: int, request: Request) -> Row:
        return Row(
            prompt=prompt,
            seed=request.seed + part.first + i,
            temperature=request.temperature,
            longest=part.job.longest,
            top=request.top_logprobs or None,
            ends=self._tokens.ends(request.stop),
        )

    def _sampled(self, row: Row, request: Request) -> Sampled:
        text = self._tokens.text(row.ids)
        return complete(text, request, row.finish or "stop", len(row.ids), logprobs=self._logprobs(row))

    def _logprobs(self, row: Row) -> list[TokenLogprob] | None:
        if row.top is None:
            return None
        return [
            TokenLogprob(
                piece, chance.logprob, tuple((self._tokens.alone(other), value) for other, value in chance.top)
            )
            for piece, chance in zip(self._tokens.pieces(row.ids), row.chances, strict=True)
        ]


def _longer(answer: Answer, samples: tuple[Sampled, ...], prompt_tokens: int, seconds: float) -> Answer:
    return Answer(answer.samples + samples, answer.prompt_tokens + prompt_tokens, latency=answer.latency + seconds)


def eos_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end a completion: those of the generation config and the tokenizer's own."""
    configured = model.generation_config.eos_token_id
    listed = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in [*listed, tokenizer.eos_token_id] if token is not None)


def cache_room(model: PreTrainedModel) -> int:
    """Estimate how many tokens of keys and values a wave may hold."""
    config = model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    token_bytes: int = 2 * config.num_hidden_layers * heads * width * model.dtype.itemsize
    free: int = torch.cuda.mem_get_info(model.device)[0] // 2 if model.device.type == "cuda" else _CPU_CACHE_BYTES
    return max(1, free // token_bytes)
