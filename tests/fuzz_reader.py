"""Fuzz the readers: a million made-up judgments, none of which may raise, score out of range or take long.

    python -m tests.fuzz_reader --texts 1000000 --seed 0 --processes 2 --json fuzz.json

Half of the texts are judgments as a model might write them, bent a little; the others are heaps of what judgments are
made of. One in two thousand holds a long run of one thing, up to 100,000 characters. A text that breaks a rule is
printed and ends the run with exit code 1.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from solon.forms import FORMS
from solon.types import Judgment, Unread

CHUNK = 5_000
MENUS = {"pointwise": (1, 10), "correct": (0, 1), "pairwise": (0, 1)}
SECONDS, SECONDS_PER_CHARACTER = 0.05, 2e-5  # a linear reader takes a tenth of this, a quadratic one a hundredfold

PRINCIPLES = ["Principles:\n", "**Specific Criteria:**\n", "### 1. Principles\n", "Evaluation criteria and weights:\n"]
ITEMS = [
    "- Accuracy (weight: 40%): yes\n",
    "1. **Depth** [30%]\n",
    "* Tone (Weight: 3)\n",
    "   - b\n",
    "**Form** (9%)\n",
]
CRITIQUES = ["Analysis:\n", "**2. Critique:** ", "### Comparative Analysis\n", "1 is long. ", "Says \\boxed{10, 1}.\n"]
CLOSINGS = ["\nScores:\n", "**Final Scores:** ", "\nOverall: ", "Best:\n", "Verdict: "]
GOOD_NUMBERS = ["1", "2", "8", "9", "10"]
NUMBERS = [*GOOD_NUMBERS, "3.5", "0", "11", "-1", "1e9", "NaN", "８", "²", "", "007", "9" * 20, "x", "1/2", "5%"]
SEPARATORS = [", ", ",", "，", " ", ";", ",\\ ", "\n,"]
OPENINGS = ["\\boxed{", "\\boxed{\\text{", "\\boxed {", "**\\boxed{", "$\\boxed{", "\\boxed{[", "\\boxed", "boxed{"]
CLOSES = ["}", "}}", "}**", "}$.", "]}", "", "} since", "}\n\n"]
BLANKS = ["\u2028", "\x85", "\x1c", "\ufeff", "\r\n", "\r", "\n", "\n\n", " ", "\t", "        "]
MARKS = ["{", "}", "{{n}}", "\\", "\\text{", "```\n", "#", "**", "__", "- ", "1. ", ">", "|", "[", "(", "9%)"]
WORDS = ["word ", "ä", "判断：", "😀", "\x00", "\ud800", "\udfff", "Score: 7\n", "score me 10", "(weight", "weight: 5"]
TAGS = ["<|im_end|>", "<think>", "</think>", "<<<end of response 1 · 0123abcd>>>"]
DEBRIS = [*BLANKS, *MARKS, *WORDS, *TAGS]
EVERYTHING = PRINCIPLES + ITEMS + CRITIQUES + CLOSINGS + NUMBERS + OPENINGS + CLOSES + DEBRIS


class RuleBroken(Exception):
    """A text that a reader did not take as it must."""


def box(rng: random.Random) -> str:
    menu = GOOD_NUMBERS if rng.random() < 0.8 else NUMBERS
    numbers = rng.choices(menu, k=rng.choice((1, 1, 1, 2, 2, 2, 2, 3)))
    if rng.random() < 0.7:
        return f"\\boxed{{{', '.join(numbers)}}}"
    return rng.choice(OPENINGS) + rng.choice(SEPARATORS).join(numbers) + rng.choice(CLOSES)


def likely(rng: random.Random) -> str:
    """A judgment as a model might write it, bent in up to three places."""
    items, said = rng.choices(ITEMS, k=rng.randrange(4)), rng.choices(CRITIQUES, k=rng.randrange(1, 4))
    parts = [rng.choice(PRINCIPLES), *items, "\n", *said, rng.choice(CLOSINGS), box(rng)]
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        place = rng.randrange(len(parts))
        parts[place : place + rng.randrange(2)] = [rng.choice(EVERYTHING)]
    text = "".join(parts)
    return text[: rng.randrange(len(text))] if rng.random() < 0.1 else text


def heap(rng: random.Random) -> str:
    return "".join(box(rng) if rng.random() < 0.2 else rng.choice(EVERYTHING) for _ in range(rng.randrange(16)))


def made(rng: random.Random) -> str:
    text = likely(rng) if rng.random() < 0.5 else heap(rng)
    if rng.random() < 1 / 2000:
        unit = rng.choice(EVERYTHING) or " "
        run = unit * (rng.randrange(1_000, 100_000) // len(unit))
        text = rng.choice((text + run, run + text, f"Principles:\n- {run}\n{text}", f"\\boxed{{{run}}} {text}"))
    return text


def fault(form: str, text: str, n: int, outcome: Judgment | Unread) -> str | None:
    """Say which rule an outcome breaks, or None."""
    if isinstance(outcome, Unread):
        return None if outcome.text == text else "the text was changed"
    low, high = MENUS[form]
    spans = (outcome.spans.principles or (0, 0), outcome.spans.critique or (0, 0), outcome.spans.scores or (0, 0))
    edges = [edge for span in spans for edge in span]
    rules = {
        "another number of scores": len(outcome.scores) == n,
        "a score out of range": all(low <= score <= high for score in outcome.scores),
        "spans out of bounds or order": edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= len(text),
        "scores from a box that is not the last": spans[2][0] == text.rfind("\\boxed"),
        "a critique that is not in the text": outcome.critique == text[slice(*spans[1])] and outcome.text == text,
    }
    return next((rule for rule, holds in rules.items() if not holds), None)


def checked(rng: random.Random, text: str) -> Iterator[str]:
    """Read a text with every form and yield `form result` for each; a broken rule ends the run."""
    for form, n in (("pointwise", rng.choice((1, 2, 2, 2, 3))), ("correct", 1), ("pairwise", rng.randrange(2, 5))):
        finish = rng.choices(("stop", "length", "content_filter"), (8, 1, 1))[0]
        try:
            outcome = FORMS[form].outcome(text, n, finish)
        except Exception as error:
            raise RuleBroken(f"{form}, n={n}, {finish}: {error!r} on {text!r}") from error
        if broken := fault(form, text, n, outcome):
            raise RuleBroken(f"{form}, n={n}, {finish}: {broken} in {outcome!r}")
        yield f"{form} {'read' if isinstance(outcome, Judgment) else outcome.reason}"


def fuzz(job: tuple[int, int, int]) -> tuple[Counter[str], float]:
    """Run one chunk of texts; return the tally and the most time that a text took, as a share of its limit."""
    seed, chunk, count = job
    rng, tally, slowest = random.Random(f"{seed}/{chunk}"), Counter[str](), 0.0
    for _ in range(count):
        text, state = made(rng), rng.getstate()
        for attempt in range(3):
            rng.setstate(state)
            begin = time.process_time()
            seen = list(checked(rng, text))
            share = (time.process_time() - begin) / (SECONDS + SECONDS_PER_CHARACTER * len(text))
            if share <= 1:
                break
            if attempt == 2:
                raise RuleBroken(f"took {share:.1f} times as long as a text of {len(text)} may: {text[:200]!r}...")
        tally.update(seen)
        slowest = max(slowest, share)
    return tally, slowest


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    options = parser.parse_args()
    jobs = [(options.seed, i, min(CHUNK, options.texts - i * CHUNK)) for i in range(-(-options.texts // CHUNK))]
    tally, slowest, begin = Counter[str](), 0.0, time.perf_counter()
    with Pool(options.processes) as pool:
        try:
            for part, share in pool.imap_unordered(fuzz, jobs):
                tally, slowest = tally + part, max(slowest, share)
        except RuleBroken as broken:
            sys.exit(str(broken))
    seconds = time.perf_counter() - begin
    print(f"{options.texts:,} texts in {seconds:.0f} s: no exception, no score out of range, none slow", end="")
    print(f" (the slowest took {slowest:.0%} of its limit)")
    for form in MENUS:
        counts = {key.split()[1]: count for key, count in sorted(tally.items()) if key.startswith(form + " ")}
        print(f"  {form:10}", ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    if options.json:
        figures = {"texts": options.texts, "seed": options.seed, "seconds": seconds, "slowest_share_of_limit": slowest}
        options.json.write_text(
            json.dumps(figures | {"outcomes": dict(sorted(tally.items()))}, indent=2) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
