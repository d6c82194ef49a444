"""Measure a checkpoint on every kind of prompt: what cannot be read, and how true its checks are by the rules."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from solon.order import stable_hash
from solon.samplers.seam import Request, Sampled
from solon.sandbox.corpus import EXERCISES, Exercise, demonstration, inspection
from solon.sandbox.measures import checks
from solon.sandbox.probe import probe
from solon.sandbox.world import cases
from solon.types import Unread

Said = Sequence[tuple[Exercise, str, bool]]
"""Exercises with what the model answered, and whether it came to an end."""


def evaluate(folder: Path, *, count: int = 500, seed: int = 0, temperature: float = 0.0) -> list[dict[str, object]]:
    """Let a checkpoint answer exercises of dev cases and return plain rows.

    One row per kind of prompt and mode of principles, then one per number of responses: how many were `asked`, the
    share `unread`, and the share of `easy` and `hard` checks that are true. Then one row per criterion: `inspections`
    where the model is told what to check (see `probe`), `judgments` where it chose, or was given, the principle.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    said = _answered(folder, list(_exercises(count, seed)), temperature, seed)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    told = probe(model, tokenizer, count=count, seed=seed)
    inspections = [{"source": "inspections", "criterion": name, "right": share} for name, share in told.items()]
    return [*_kinds(said), *_sizes(said), *inspections, *_criteria(said)]


def _exercises(count: int, seed: int) -> Iterator[Exercise]:
    for n in range(1, 7):
        for labeled in cases("dev", count, seed=seed, n=n):
            rng = random.Random(stable_hash("evaluate", seed, labeled.case.id))
            yield demonstration(labeled.case, rng, hinted=0.0)
            if rng.random() < 0.3:
                yield inspection(labeled.case, rng)


def _answered(folder: Path, drawn: list[Exercise], temperature: float, seed: int) -> Said:
    from solon.samplers.transformers import TransformersSampler

    requests = [
        Request(one.messages, temperature=temperature, max_tokens=300, seed=stable_hash(seed, i))
        for i, one in enumerate(drawn)
    ]
    answers = asyncio.run(TransformersSampler.load(folder).sample(requests))
    samples = [answer.samples[0] for answer in answers]
    texts = [(one.text, one.finish == "stop") if isinstance(one, Sampled) else ("", False) for one in samples]
    return [(one, *text) for one, text in zip(drawn, texts, strict=True)]


def _kinds(said: Said) -> Iterator[dict[str, object]]:
    for kind, mode in sorted({(one.kind, one.mode) for one, *_ in said}):
        chosen = [each for each in said if (each[0].kind, each[0].mode) == (kind, mode)]
        yield {"kind": kind, "mode": mode, **_figures(chosen)}


def _sizes(said: Said) -> Iterator[dict[str, object]]:
    for n in range(1, 7):
        yield {"responses": n, **_figures([each for each in said if each[0].case.n == n])}


def _figures(said: Said) -> dict[str, object]:
    right: dict[bool, list[bool]] = {True: [], False: []}
    unread = 0
    for one, text, ended in said:
        unread += not ended or isinstance(EXERCISES[one.kind][0].read(text, one.case.n), Unread)
        for criterion, true in checks(one.case, one.order, text):
            right[criterion.hard].append(true)
    share = unread / len(said) if said else None
    return {"asked": len(said), "unread": share, "easy": _share(right[False]), "hard": _share(right[True])}


def _criteria(said: Said) -> Iterator[dict[str, object]]:
    right: dict[str, list[bool]] = defaultdict(list)
    for one, text, _ in said:
        for criterion, true in checks(one.case, one.order, text) if one.kind != "inspection" else ():
            for name in (criterion.name, "hard" if criterion.hard else "easy"):
                right[name].append(true)
    for name, found in sorted(right.items()):
        yield {"source": "judgments", "criterion": name, "right": _share(found)}


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None
