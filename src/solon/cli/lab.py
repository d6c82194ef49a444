"""One seed of the study: its stages, its held-out cases, and what every judge came to on them.

A measurement keeps what each case earned, so that any two arms can be compared case by case later; models, samples and
verdicts stay in the seed's folder, and whatever is there already is not made again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from solon import sandbox
from solon.cli.stages import Stages
from solon.report.curve import KS, earned
from solon.report.judges import judge_row
from solon.sandbox.judging import Judged, judged
from solon.types import LabeledCase
from solon.vote import half


@dataclass(frozen=True)
class Sizes:
    """How large a study is: cases and judgments of the main arms and of the others, and the recipes' sizes."""

    main: int = 1000
    most: int = 32
    others: int = 500
    few: int = 8
    train: int = 1500
    steps: int = 60


@dataclass(frozen=True)
class Lab:
    """A seed's folder, the base model and the sizes."""

    folder: Path
    base: Path
    seed: int
    sizes: Sizes

    @property
    def stages(self) -> Stages:
        """The seed's stages."""
        return Stages(self.folder, self.base, self.sizes.train, self.seed, self.sizes.steps)

    def begin(self) -> None:
        """Note down the seed's sizes, or refuse a folder that was begun with others."""
        self.stages.begin(sizes=asdict(self.sizes))

    def samples(self) -> Path:
        """Return the base model's samples."""
        return self.stages.sampled(self.base)

    def rft(self) -> Path:
        """Return the fine-tuned judge of the main recipe."""
        return self.stages.fine_tuned(self.samples())

    def rl(self) -> Path:
        """Return the reinforced judge of the main recipe."""
        return self.stages.reinforced(self.rft(), self.samples())

    def meta(self) -> Path:
        """Return the meta model that guides the reinforced judge."""
        again = self.stages.sampled(self.rl(), name="samples_rl")
        return self.stages.weigher([self.samples(), again])

    def measured(
        self,
        name: str,
        checkpoint: Path,
        *,
        split: str = "test",
        main: bool = False,
        meta: Path | None = None,
        cases: Sequence[LabeledCase] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Judge held-out cases greedily and by votes, and return what each earned, by measure and number of votes.

        Args:
            name: of the run files.
            checkpoint: the judge.
            split: of the cases.
            main: whether this is a main arm, with more cases and votes.
            meta: a meta model that weighs the votes.
            cases: other cases than the split's.
            options: of `sandbox.judging.judged`, such as `form` or `principles`.
        """
        count, most = (self.sizes.main, self.sizes.most) if main else (self.sizes.others, self.sizes.few)
        held = list(cases) if cases is not None else sandbox.cases(split, count, seed=self.seed, n=2)
        found = {}
        for kind, k, weigher in (("greedy", 1, None), ("votes", most, meta)):
            store = self.folder / "runs" / f"{name}_{split}_{kind}.sqlite"
            store.parent.mkdir(parents=True, exist_ok=True)
            found[kind] = judged(checkpoint, held, k, seed=self.seed, store=store, meta=weigher, **options)
        return {"split": split, "cases": len(held), "seed": self.seed, **_earnings(found, most, meta is not None)}


def _earnings(found: dict[str, Judged], most: int, weighed: bool) -> dict[str, Any]:
    greedy, votes = found["greedy"], found["votes"]
    labels = [one.label for one in votes.labeled]
    ks = [k for k in KS if k <= most]
    measures: dict[str, Any] = {
        "greedy": earned(greedy.verdicts, labels, 1),
        "greedy strict": earned(greedy.verdicts, labels, 1, strict=True),
        "votes": {str(k): earned(votes.verdicts, labels, k) for k in ks},
        "votes strict": {str(k): earned(votes.verdicts, labels, k, strict=True) for k in ks},
    }
    if weighed:
        for title, keep in (("meta", half), ("meta quarter", lambda k: -(-k // 4)), ("meta one", lambda k: 1)):
            measures[title] = {str(k): earned(votes.verdicts, labels, k, keep=keep) for k in ks}
    rules = {kind: judge_row(kind, each, len(each.verdicts[0].outcomes)) for kind, each in found.items()}
    return {"earned": measures, "rules": rules, "tokens": {kind: each.tokens for kind, each in found.items()}}
