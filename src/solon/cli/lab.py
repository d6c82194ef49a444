"""One seed of the study: its stages, its held-out cases, and what every judge came to on them.

A measurement keeps what each case earned, so that any two arms can be compared case by case later; models, samples and
verdicts stay in the seed's folder, and whatever is there already is not made again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from solon import sandbox
from solon.cli.costs import costs
from solon.cli.stages import Stages
from solon.report.arm import arm_row, rated_row
from solon.report.curve import KS
from solon.sandbox.judging import Judged, judged
from solon.types import LabeledCase, Right

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How large a study is: cases and judgments of the main arms and of the others, and the recipes' sizes."""

    main: int = 1000
    most: int = 32
    others: int = 500
    few: int = 8
    train: int = 1500
    steps: int = 60
    chunks: int = 400


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

    def cases(self, split: str = "test", n: int | None = 2, count: int | None = None) -> list[LabeledCase]:
        """Return held-out cases: as many as an arm that is not a main one has, unless told."""
        return sandbox.cases(split, count or self.sizes.others, seed=self.seed, n=n)

    def judged(self, name: str, checkpoint: Path, held: Sequence[LabeledCase], k: int, **options: Any) -> Judged:
        """Judge cases, with a run file of that name; the options are those of `sandbox.judging.judged`."""
        store = self.folder / "runs" / f"{name}.sqlite"
        store.parent.mkdir(parents=True, exist_ok=True)
        return judged(checkpoint, held, k, seed=self.seed, store=store, **options)

    def measured(
        self,
        name: str,
        checkpoint: Path,
        held: Sequence[LabeledCase],
        *,
        k: int | None = None,
        meta: Path | None = None,
        made: Sequence[Path] = (),
        **options: Any,
    ) -> Row:
        """Judge held-out cases greedily and by votes, and return what each earned, by measure and number of votes.

        Args:
            name: of the run files.
            checkpoint: the judge.
            held: the cases.
            k: judgments per case of the vote; by default as many as an arm that is not a main one has.
            meta: a meta model that weighs the votes.
            made: the folders of the stages that made the judge, for what they cost.
            options: of `sandbox.judging.judged`, such as `form` or `principles`.
        """
        most = k or self.sizes.few
        greedy = self.judged(f"{name}_greedy", checkpoint, held, 1, **options)
        votes = self.judged(f"{name}_votes", checkpoint, held, most, meta=meta, **options)
        row: Row = {"seed": self.seed, "n": held[0].case.n, "cost": costs(made)}
        if all(isinstance(one.label, Right) for one in held):
            return row | rated_row(greedy, votes, until(most))
        return row | arm_row(greedy, votes, until(most))


def until(most: int) -> list[int]:
    """Return the numbers of votes that curves show, up to the most that there are."""
    return [k for k in KS if k <= most]
