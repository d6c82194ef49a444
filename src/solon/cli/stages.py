"""SPCT in miniature, stage by stage: sample, fine-tune, reinforce, and train the meta model.

Every stage is a recipe of `solon.training` with the sandbox's sizes; one whose result is there already is left out, so
a demo or a study that was killed goes on where it stopped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from solon import sandbox
from solon.data.writing import case_line, messages_line
from solon.errors import UserError
from solon.files import write_json, write_whole
from solon.plan import Tell
from solon.samplers.processes import small_sampler
from solon.training.config import (
    CloudConfig,
    CritiqueConfig,
    GrpoConfig,
    MetaConfig,
    PairRMConfig,
    RftConfig,
    SampleConfig,
    ScalarConfig,
)
from solon.training.critiques import criticized_line
from solon.training.samples import sampled_line
from solon.training.steps import Steps

MAX_TOKENS = 120
"""Of a judgment in training; the sandbox's longest have about 100."""


def silent(step: int, total: int) -> None:
    """Tell nobody how far a training is."""


@dataclass(frozen=True)
class Stages:
    """The stages of one miniature, each in a folder of its own name below `folder`.

    Every stage takes fields of its recipe's config to set otherwise, and then a name of its own.

    Attributes:
        folder: where the stages are.
        base: the checkpoint to start from.
        cases: how many labeled cases of the train split there are.
        seed: of the cases and of every stage.
        steps: optimizer steps of the reinforcement.
    """

    folder: Path
    base: Path
    cases: int = 1500
    seed: int = 1
    steps: int = 60

    def begin(self, **more: object) -> None:
        """Note down what the folder is for, or refuse one that was begun otherwise.

        Raises:
            UserError: the folder holds stages of other sizes, another seed or another base.
        """
        path = self.folder / "stages.json"
        asked = {"cases": self.cases, "seed": self.seed, "steps": self.steps, **more}
        asked["base"] = sandbox.digest(self.base)
        kept = json.loads(path.read_text("utf-8")) if path.exists() else asked
        if differ := [
            f"{name} was {kept.get(name)}, now {asked[name]}" for name in asked if kept.get(name) != asked[name]
        ]:
            raise UserError(f"'{self.folder}' was begun otherwise: {'; '.join(differ)}. Use another --out")
        write_json(path, asked)

    def data(self) -> Path:
        """Return the file of labeled cases."""
        path = self.folder / "train.jsonl"
        if not path.exists():
            write_whole(path, map(case_line, sandbox.cases("train", self.cases, seed=self.seed)))
        return path

    def instructions(self) -> Path:
        """Return the file of general instruction data."""
        path = self.folder / "instructions.jsonl"
        if not path.exists():
            general = sandbox.instructions(self.cases, seed=self.seed)
            write_whole(path, (messages_line(one.messages, one.answer) for one in general))
        return path

    def sampled(self, model: Path, tell: Tell = lambda _: None, name: str = "samples", **fields: object) -> Path:
        """Sample the cases with a checkpoint, without hints, and return the file of samples."""
        from solon.training.sampling import sample

        out = self.folder / name / "samples.jsonl"
        if not out.exists():
            own = {"model": str(model), "data": [self.data()], "out": out.parent, "temperature": 1.0, "hint": "never"}
            config = SampleConfig.model_validate(own | {"seed": self.seed, "max_tokens": MAX_TOKENS} | fields)
            sampling = sample(config, sampler=small_sampler(str(model)), tell=tell)
            write_json(out.parent / "report.json", sampling.counts())
            write_whole(out, map(sampled_line, sampling.cases))
        return out

    def fine_tuned(self, samples: Path, tell: Steps = silent, name: str = "rft", **fields: object) -> Path:
        """Fine-tune the base on right samples and instructions; hints made critiques less true (docs/study.md)."""
        from solon.training.rft import rft

        own = {"samples": [samples], "instructions": [self.instructions()], "instruction_share": 0.3}
        sizes = {"learning_rate": 3e-4, "batch": 32, "micro_batch": 32}
        config = RftConfig.model_validate(self._shared(self.base, name) | own | sizes | fields)
        return _made(config.out, lambda: rft(config, tell))

    def reinforced(self, model: Path, samples: Path, tell: Steps = silent, name: str = "rl", **fields: object) -> Path:
        """Reinforce a model on the cases that are not too easy."""
        from solon.training.grpo import grpo

        own = {"data": [samples], "steps": self.steps, "max_tokens": MAX_TOKENS}
        sizes = {"learning_rate": 4e-4, "batch": 256, "micro_batch": 64}
        config = GrpoConfig.model_validate(self._shared(model, name) | own | sizes | fields)
        return _made(config.out, lambda: grpo(config, tell))

    def weigher(self, samples: Sequence[Path], tell: Steps = silent, name: str = "meta", **fields: object) -> Path:
        """Train the meta model on plain samples of the base and of the judge that it will guide."""
        from solon.training.meta import meta

        sizes = {"learning_rate": 5e-4, "batch": 64, "micro_batch": 64}
        config = MetaConfig.model_validate(self._shared(self.base, name) | {"samples": samples} | sizes | fields)
        return _made(config.out, lambda: meta(config, tell))

    def scalar(self, tell: Steps = silent) -> Path:
        """Train the Bradley-Terry model on the cases."""
        from solon.training.scalar import scalar

        config = ScalarConfig.model_validate(self._paired("scalar", self.data()) | {"epochs": 8.0})
        return _made(config.out, lambda: scalar(config, tell))

    def pairrm(self) -> Path:
        """Train the model that reads two responses together."""
        from solon.training.pairrm import pairrm

        config = PairRMConfig.model_validate(self._paired("pairrm", self.data()) | {"epochs": 8.0})
        return _made(config.out, lambda: pairrm(config))

    def cloud(self) -> Path:
        """Sample the base model's critiques of the cases, two of each response, and train a head that reads them."""
        from solon.training.cloud import cloud
        from solon.training.criticizing import criticize

        out = self.folder / "critiques"
        critiques = out / "critiques.jsonl"
        if not critiques.exists():
            own = {"model": str(self.base), "data": [self.data()], "out": out, "k": 2, "temperature": 1.0}
            asked = CritiqueConfig.model_validate(own | {"seed": self.seed, "max_tokens": MAX_TOKENS})
            found = criticize(asked, sampler=small_sampler(str(self.base)))
            pairs = zip(found.cases, found.critiques, strict=True)
            write_whole(critiques, (criticized_line(one, found.form.name, said) for one, said in pairs))
        config = CloudConfig.model_validate(self._paired("cloud", critiques))
        return _made(config.out, lambda: cloud(config))

    def _paired(self, name: str, data: Path) -> dict[str, object]:
        sizes = {"learning_rate": 5e-4, "batch": 32, "micro_batch": 32, "epochs": 3.0, "measure": "none"}
        counted = {"trainer": {"include_num_input_tokens_seen": "non_padding"}}
        return self._shared(self.base, name) | {"data": [data]} | sizes | counted

    def _shared(self, model: Path, name: str) -> dict[str, object]:
        return {"model": str(model), "out": self.folder / name, "seed": self.seed, "save_every": 20}


def _made(out: Path, make: Callable[[], Path]) -> Path:
    """Return a recipe's checkpoint folder, which is whole once its log is there; make it where it is not."""
    folder = out / "checkpoint"
    return folder if (folder / "log.json").exists() else make()
