"""GRPO in TRL with Solon as the reward, on one CPU core: a small policy learns to write better responses.

The policy is a language model of some 370,000 parameters. It first learns to imitate the responses of Solon's sandbox
world, good and bad alike; then GRPO makes it write what Solon's tiny judge scores higher. The world's own rules rate
held-out responses before and after, so what is printed is the truth and not the judge's opinion.

    python examples/trl_grpo.py                                 # the judge in this process
    python examples/trl_grpo.py --url http://localhost:8100     # `solon serve --model sandbox` in another terminal
    python examples/trl_grpo.py --overtrain                     # a weak judge, followed too eagerly: reward hacking

For your own training only `reward` below matters: GRPOTrainer(reward_funcs=[...]) takes it with any model and data.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import torch
from datasets import Dataset
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen3Config,
    Qwen3ForCausalLM,
    set_seed,
)
from transformers.utils import logging as transformers_logging
from trl import GRPOConfig, GRPOTrainer

from solon import Judge, LabeledCase
from solon.integrations.trl import judge_reward, solon_reward_sync
from solon.sandbox import cases, checkpoint
from solon.sandbox.muon import Muon
from solon.sandbox.world import implied, rating
from solon.stats import Interval, bootstrap, paired
from solon.types import plain

LONGEST = 48  # tokens of a response; the world's own are shorter
GROUP = 4  # responses to one prompt, which the judge sees side by side


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="GRPO in TRL with Solon as the reward")
    parser.add_argument("--url", help="a Solon server; without one the judge runs in this process")
    parser.add_argument("--overtrain", action="store_true", help="a weak judge, followed too eagerly: reward hacking")
    parser.add_argument("--steps", type=int, help="updates of GRPO (80; overtrained 40)")
    parser.add_argument("--rollouts", type=int, default=64, help="responses a step")
    parser.add_argument("--imitate", type=int, default=200, help="updates of imitation before")
    parser.add_argument("--policy", help="a folder to keep the imitating policy in, and to start from if it is there")
    parser.add_argument("--held-out", type=int, default=250, help="prompts to measure on")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def prompt_of(one: LabeledCase) -> list[dict[str, str]]:
    """Return a case's request as the conversation that TRL trains on."""
    return [{"role": "user", "content": plain(one.case.prompt[0].content)}]


def truth(text: str, one: LabeledCase) -> float:
    """Return the world's rating of a response, as the share of what its request implies (0 to 1)."""
    weights = implied(one.case)
    return rating(text, weights) / sum(weights.values())


# 1. A policy: made from a config, then taught to imitate the world's responses, whatever they are worth


def new_policy(tokenizer: PreTrainedTokenizerBase) -> Qwen3ForCausalLM:
    """Return an untrained model of some 370,000 parameters."""
    shape = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=24,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.04,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen3ForCausalLM(shape)


def imitate(policy: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, updates: int, seed: int) -> None:
    """Teach the policy the world's language: its responses, of any rating, after their requests."""
    taught = cases("base", updates * 16, seed=seed + 1, n=4)
    pairs = [(prompt_of(one), plain(text)) for one in taught for text in one.case.responses]
    random.Random(seed).shuffle(pairs)
    matrices = [weight for name, weight in policy.named_parameters() if weight.ndim == 2 and "embed" not in name]
    rest = [weight for name, weight in policy.named_parameters() if weight.ndim != 2 or "embed" in name]
    muon, adamw = Muon(matrices), torch.optim.AdamW(rest, lr=0.0, weight_decay=0.0)
    for update in range(updates):
        share = min((update + 1) / 20, 1 - update / updates)
        loss = imitation_loss(policy, tokenizer, pairs[update * 64 : (update + 1) * 64])
        loss.backward()
        muon.step(0.02 * share)
        adamw.param_groups[0]["lr"] = 0.004 * share
        adamw.step()
        adamw.zero_grad()
        if update % 50 == 49:
            print(f"  imitation {update + 1:4d}: loss {loss.item():.2f}", flush=True)


def imitating(tokenizer: PreTrainedTokenizerBase, given: argparse.Namespace) -> PreTrainedModel:
    """Return a policy that imitates: the one that is kept, or a new one."""
    if given.policy and Path(given.policy, "config.json").exists():
        return Qwen3ForCausalLM.from_pretrained(given.policy)
    policy, started = new_policy(tokenizer), time.monotonic()
    print(f"a policy of {sum(weight.numel() for weight in policy.parameters()):,} parameters")
    imitate(policy, tokenizer, given.imitate, given.seed)
    print(f"imitation took {time.monotonic() - started:.0f} s, {time.process_time():.0f} s of processor time so far")
    if given.policy:
        policy.save_pretrained(given.policy)
    return policy


def imitation_loss(
    policy: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[tuple[list[dict[str, str]], str]]
) -> torch.Tensor:
    """Return the cross-entropy of responses; prompts are not learned."""
    rows = []
    for prompt, text in pairs:
        before = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=False)
        rows.append((before, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]))
    longest = max(len(before) + len(after) for before, after in rows)
    ids = torch.full((len(rows), longest), tokenizer.pad_token_id)
    labels = torch.full((len(rows), longest), -100)
    for row, (before, after) in enumerate(rows):
        ids[row, : len(before) + len(after)] = torch.tensor([*before, *after])
        labels[row, len(before) : len(before) + len(after)] = torch.tensor(after)
    return policy(input_ids=ids, attention_mask=(ids != tokenizer.pad_token_id).long(), labels=labels).loss


# 2. The reward: Solon's, watched by the world's own rules


@dataclass
class Watched:
    """A reward function for TRL that hands on Solon's rewards and logs how far they are from the truth.

    In a real training nobody knows the truth of every rollout; label a few by hand or by a stronger judge now and then,
    and log the gap in the same way.
    """

    reward: Callable[..., list[float | None]]
    known: Sequence[LabeledCase]
    judged: list[list[float]] = field(default_factory=list)
    true: list[list[float]] = field(default_factory=list)
    __name__ = "solon"

    def __call__(self, prompts: object, completions: Sequence, place: Sequence[int], **columns) -> list[float | None]:
        """Return Solon's rewards; both scales run from 0 to 1 in what is logged."""
        rewards = self.reward(prompts=prompts, completions=completions, **columns)
        texts = [completion[0]["content"] for completion in completions]
        pairs = [
            ((reward - 1) / 9, truth(text, self.known[at]))
            for reward, text, at in zip(rewards, texts, place, strict=True)
            if reward is not None
        ]
        if pairs:
            judged, true = (list(each) for each in zip(*pairs, strict=True))
            self.judged.append(judged)
            self.true.append(true)
            log = columns["log_metric"]
            log("gap/judged", sum(judged) / len(judged))
            log("gap/true", sum(true) / len(true))
            log("gap/judged_minus_true", (sum(judged) - sum(true)) / len(true))
        return rewards

    def told(self) -> str:
        """Say in words whether the judge's score still follows the truth: first fifth of the steps against the last."""
        fifth = max(1, len(self.judged) // 5)
        gaps = [[j - t for j, t in zip(*pair, strict=True)] for pair in zip(self.judged, self.true, strict=True)]
        rises = {}
        for name, steps in (("judged", self.judged), ("true", self.true), ("gap", gaps)):
            first, last = (list(chain(*part)) for part in (steps[:fifth], steps[-fifth:]))
            size = min(len(first), len(last))
            rises[name] = paired(last[:size], first[:size])
        lines = [f"  the {name} rating rose by {show(rise)}" for name, rise in rises.items() if name != "gap"]
        lines.append(f"  the gap between them grew by {show(rises['gap'])}")
        if rises["gap"].low > 0.05:
            lines.append(
                "  REWARD HACKING: the policy pleases the judge by more than it improves. Stop here, or go back"
            )
            lines.append(
                "  to the step where the gap began to grow; use a stronger judge, more votes (k), or a larger beta."
            )
        else:
            lines.append("  no sign of reward hacking: what the judge rewards is what the world rates.")
        return "\n".join(lines)


def reward_of(given: argparse.Namespace) -> tuple[Callable[..., list[float | None]], Callable[[], None]]:
    """Return Solon's reward, by a server or in this process, and what closes it."""
    if given.url:
        os.environ["SOLON_URL"] = given.url
        return solon_reward_sync, lambda: None
    name, k = ("base", 1) if given.overtrain else ("rl", 2)
    judge = Judge(str(checkpoint(name)), form="sandbox", k=k, temperature=1.0, max_tokens=160)
    return judge_reward(judge, group_max=GROUP), judge.close


# 3. The training and the measure


def train(policy, tokenizer, watched: Watched, given: argparse.Namespace, folder: str) -> GRPOTrainer:
    """Run TRL's GRPOTrainer and return it; nothing in it is Solon's but the reward."""
    rows = [{"prompt": prompt_of(one), "place": place} for place, one in enumerate(watched.known)]
    arguments = GRPOConfig(
        output_dir=folder,
        max_steps=given.steps,
        per_device_train_batch_size=given.rollouts,
        num_generations=GROUP,
        max_completion_length=LONGEST,
        learning_rate=1e-3 if given.overtrain else 2e-4,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=3,
        beta=0.0 if given.overtrain else 0.02,
        temperature=1.0,
        seed=given.seed,
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        logging_steps=5,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    policy.save_pretrained(folder)
    data = Dataset.from_list(rows)
    trainer = GRPOTrainer(
        folder, reward_funcs=[watched], args=arguments, train_dataset=data, processing_class=tokenizer
    )
    trainer.train()
    return trainer


@torch.inference_mode()
def responses(
    policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, held: Sequence[LabeledCase], seed: int
) -> list[str]:
    """Sample one response to every held-out prompt."""
    set_seed(seed)
    policy.eval()
    asked = [prompt_of(one) for one in held]
    inputs = tokenizer.apply_chat_template(
        asked, add_generation_prompt=True, return_dict=True, return_tensors="pt", padding=True
    )
    said = policy.generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=True, max_new_tokens=LONGEST
    )
    return tokenizer.batch_decode(said[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def show(interval: Interval) -> str:
    """Write a mean with its 95 % bootstrap interval, as percent."""
    return f"{100 * interval.mean:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def main() -> None:
    """Read the command line and run."""
    given = options()
    run(given, *reward_of(given))


def run(given: argparse.Namespace, reward: Callable[..., list[float | None]], close: Callable[[], None]) -> None:
    """Imitate, reinforce, and measure before and after."""
    given.steps = given.steps or (40 if given.overtrain else 80)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    set_seed(given.seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint("base"), padding_side="left")
    policy = imitating(tokenizer, given)

    held = cases("dev", given.held_out, seed=given.seed, n=1)
    before = responses(policy, tokenizer, held, given.seed)
    known = cases("train", given.steps * given.rollouts // GROUP, seed=given.seed, n=1)
    watched, started = Watched(reward, known), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        policy = train(policy, tokenizer, watched, given, folder).model
    close()
    took = f"{time.monotonic() - started:.0f} s, {time.process_time():.0f} s of processor time in all"
    print(f"{given.steps} steps of GRPO took {took}")
    after = responses(policy, tokenizer, held, given.seed)

    ratings = [[truth(text, one) for text, one in zip(texts, held, strict=True)] for texts in (before, after)]
    print(f"true rating of {len(held)} held-out responses, in percent of what their requests imply:")
    for name, values in zip(("before", "after"), ratings, strict=True):
        print(f"  {name:6} {show(bootstrap(values))}")
    print("in training:\n" + watched.told())
    print(f"for instance, to: {prompt_of(held[0])[0]['content']}\n  before: {before[0]}\n  after:  {after[0]}")


if __name__ == "__main__":
    main()
