"""Measure a checkpoint on every kind of prompt: what cannot be read, and how true its checks are by the rules."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from solon.order import stable_hash
from solon.samplers.seam import Request, Sampled
from solon.sandbox.corpus import EXERCISES, Exercise, demonstration, inspection
from solon.sandbox.criteria import HARD, Criterion, parse
from solon.sandbox.world import cases
from solon.types import Unread, plain


def evaluate(folder: Path, *, count: int = 500, seed: int = 0, temperature: float = 0.0) -> list[dict[str, object]]:
    """Let a checkpoint answer exercises of dev cases and return plain rows.

    One row per kind of prompt and mode of principles: how many were `asked`, the share `unread`, and the share of
    `easy` and `hard` checks that are true. Then one row per criterion and source, inspections or judgments.
    """
    from solon.samplers.transformers import TransformersSampler

    drawn = list(_exercises(count, seed))
    sampler = TransformersSampler.load(folder)
    requests = [
        Request(one.messages, temperature=temperature, max_tokens=300, seed=stable_hash(seed, i))
        for i, one in enumerate(drawn)
    ]
    answers = asyncio.run(sampler.sample(requests))
    samples = [answer.samples[0] for answer in answers]
    texts = [(sample.text, sample.finish) if isinstance(sample, Sampled) else ("", "length") for sample in samples]
    return [*_kinds(drawn, texts), *_criteria(drawn, texts)]


def checks(exercise: Exercise, text: str) -> Iterator[tuple[Criterion, bool]]:
    """Yield every criterion that an answer checks and whether what it says of it is true."""
    shown = exercise.order
    for line in text.split("\n"):
        mark, _, rest = line.partition("] ")
        if not (mark.startswith("[") and mark[1:].isdecimal() and 1 <= int(mark[1:]) <= len(shown)):
            continue
        response = plain(exercise.case.responses[shown[int(mark[1:]) - 1]])
        for check in rest.partition(":")[0].split(", "):
            name, _, said = check.rpartition(" ")
            criterion = parse(name)
            if criterion is not None and said in ("yes", "no"):
                yield criterion, criterion.met(response) == (said == "yes")


def _exercises(count: int, seed: int) -> Iterator[Exercise]:
    for n in range(1, 7):
        for labeled in cases("dev", count, seed=seed, n=n):
            rng = random.Random(stable_hash("evaluate", seed, labeled.case.id))
            yield demonstration(labeled.case, rng, hinted=0.0)
            if rng.random() < 0.3:
                yield inspection(labeled.case, rng)


def _kinds(drawn: Sequence[Exercise], texts: Sequence[tuple[str, str]]) -> Iterator[dict[str, object]]:
    asked: Counter[tuple[str, str]] = Counter()
    unread: Counter[tuple[str, str]] = Counter()
    right: dict[tuple[str, str], dict[bool, list[bool]]] = defaultdict(lambda: {True: [], False: []})
    for one, (text, finish) in zip(drawn, texts, strict=True):
        key: tuple[str, str] = (one.kind, one.mode)
        asked[key] += 1
        unread[key] += finish != "stop" or isinstance(EXERCISES[one.kind][0].read(text, one.case.n), Unread)
        for criterion, true in checks(one, text):
            right[key][criterion.hard].append(true)
    for kind, mode in sorted(asked):
        key = (kind, mode)
        shares = {"easy": _share(right[key][False]), "hard": _share(right[key][True])}
        yield {"kind": kind, "mode": mode, "asked": asked[key], "unread": unread[key] / asked[key], **shares}


def _criteria(drawn: Sequence[Exercise], texts: Sequence[tuple[str, str]]) -> Iterator[dict[str, object]]:
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one, (text, _) in zip(drawn, texts, strict=True):
        source = "inspections" if one.kind == "inspection" else "judgments"
        for criterion, true in checks(one, text):
            right[(source, criterion.name)].append(true)
            right[(source, "all hard" if criterion.name in HARD else "all easy")].append(true)
    for (source, name), found in sorted(right.items()):
        yield {"source": source, "criterion": name, "checks": len(found), "right": _share(found)}


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None
