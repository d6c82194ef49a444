"""Cases, scripts and run files for the tests of the conductor, in few words."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from solon.judge import Judge
from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Request
from solon.types import Case, Content, Message, content, plain

RESPONSE = re.compile(
    r"^<<<response \d+ · (?P<nonce>[0-9a-f]+)>>>\n(.*?)\n<<<end of response \d+ · (?P=nonce)>>>$", re.M | re.S
)


def case(name: str = "a", *responses: str | Content, prompt: str = "Why?", **fields: Any) -> Case:
    """Make a case with two responses or those given."""
    said = responses or (f"{name} good", f"{name} bad")
    shown = tuple(content(one) if isinstance(one, str) else one for one in said)
    return Case(name, (Message("user", content(prompt)),), shown, **fields)


def cases(count: int, n: int = 2) -> list[Case]:
    """Make cases c0, c1, ... of n responses, each of which says what it deserves."""
    return [case(f"c{i}", *(f"worth {(3 * i + j) % 10 + 1}" for j in range(n))) for i in range(count)]


def shown(request: Request) -> list[str]:
    """Return the responses of a prompt in the order in which it shows them."""
    return [text for _, text in RESPONSE.findall(plain(request.messages[0].content))]


def boxed(scores: Sequence[object]) -> str:
    """Write a judgment that ends with a box of these scores."""
    return (
        f"Principles:\n- truth (weight: 100%)\n\nAnalysis:\nfine\n\nScores:\n\\boxed{{{', '.join(map(str, scores))}}}"
    )


def fair(request: Request, index: int) -> str:
    """Score every response by the number in its text; the remark depends on the seed."""
    worth = [int(text.rpartition(" ")[2]) for text in shown(request)]
    return boxed(worth).replace("fine", f"fine {request.seed + index}")


def scripted(script: Callable[[Request, int], Any] = fair, **options: Any) -> tuple[Judge, ScriptedSampler]:
    """Make a judge over a script, and return both."""
    sampler = ScriptedSampler(script, **{name: options.pop(name) for name in ("batch", "text_only") if name in options})
    return Judge(sampler, **options), sampler
