"""Labeled cases, files of them, and a scripted judge whose samples have the fates that a test names."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from solon.data.writing import case_line
from solon.samplers.scripted import Line, ScriptedSampler
from solon.samplers.seam import Answer, Failure, Request, Sampled
from solon.types import Best, Label, LabeledCase, Ratings, Right, plain
from tests.judge.judging import boxed, case, shown

HINT = "For your information:"


def labeled(name: str, n: int = 2, best: int = 0, label: Label | None = None) -> LabeledCase:
    """Make a case of n responses; the text of the best one says so, and that of a lone one whether it is right."""
    if n == 1:
        return LabeledCase(case(name, f"{name}: right"), label or Right(True))
    said = [f"{name}: best" if i == best else f"{name}: other {i}" for i in range(n)]
    return LabeledCase(case(name, *said), label or Best(best))


def lone(name: str, right: bool) -> LabeledCase:
    """Make a case of one response with a 0/1 label."""
    return LabeledCase(case(name, f"{name}: {'right' if right else 'faulty'}"), Right(right))


def rated(name: str, *ratings: float) -> LabeledCase:
    """Make a case with a rating per response."""
    return labeled(name, len(ratings), label=Ratings(ratings))


def write(path: Path, cases: Sequence[LabeledCase], *more: str) -> Path:
    """Write cases as case lines, and further lines as they are."""
    path.write_text("".join(f"{line}\n" for line in [*map(case_line, cases), *more]), "utf-8")
    return path


def fated(request: Request, fate: str) -> Line:
    """Answer a prompt so that equation 10 comes to this: right, wrong, tie, unread, cut or down."""
    texts = shown(request)
    other = {"unread": "I cannot say.", "cut": Sampled("Analysis:\nso far", "length"), "down": Failure("down")}
    if fate in other:
        return other[fate]
    if len(texts) == 1:
        return boxed([int(texts[0].endswith(": right") == (fate == "right"))])
    rivals = {"right": (9, 3), "wrong": (3, 9), "tie": (9, 9)}
    best, rest = rivals[fate]
    return boxed([best if text.endswith(": best") else rest for text in texts])


class Fated(ScriptedSampler):
    """Answers case by case with the fates that a mapping names, in words; key `NAME hinted` where a hint is shown.

    Every case and kind starts anew when its fates are used up. `drawn` counts samples by prompt and seed.
    """

    def __init__(self, fates: Mapping[str, str], stop_after: int = 10**9) -> None:
        super().__init__(self._answer)
        self._fates: dict[str, Iterator[str]] = {}
        self._scripts = {name: words.split() for name, words in fates.items()}
        self._left = stop_after
        self.drawn: Counter[tuple[str, int]] = Counter()

    async def sample(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer, or break down when as many requests were answered as were granted."""
        if self._left < len(requests):
            raise ConnectionError("killed")
        self._left -= len(requests)
        return await super().sample(requests)

    def _answer(self, request: Request, index: int) -> Line:
        prompt = plain(request.messages[0].content)
        self.drawn[prompt, request.seed + index] += 1
        name = shown(request)[0].partition(":")[0] + (" hinted" if HINT in prompt else "")
        if name not in self._fates:
            self._fates[name] = iter(self._scripts[name] * 100)
        return fated(request, next(self._fates[name]))
