"""What the recipes can be told: one frozen model each, whose field docstrings are the help texts."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from solon.config import Author, SamplingConfig
from solon.types import PromptMode

Hint: TypeAlias = Literal["failed", "all", "never"]


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """Take the dashes of a flag's name as the underscores that they stand for."""
    return {name.replace("-", "_"): value for name, value in values.items()}


Arguments: TypeAlias = Annotated[dict[str, Any], AfterValidator(_named)]
"""Fields that are handed on as arguments of a library's own class: a table of a TOML file, JSON, or dotted flags."""


class SampleConfig(SamplingConfig):
    """How judgments of labeled cases are sampled for rejective fine-tuning and for the meta reward model."""

    data: list[Path]
    """Files of labeled cases."""
    out: Path
    """Folder for samples.jsonl and the run files from which a killed run goes on."""
    single_form: str | None = None
    """How a lone response with a 0/1 label is put; by default sandbox-correct for the sandbox, else correct."""
    principles: Author = "self"
    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature, also of the hinted samples; by default the checkpoint's own or 0.5."""
    plain: int = Field(default=3, ge=1)
    """Samples per case without a hint (N_RFT)."""
    hint: Hint = "failed"
    """Which cases are also sampled once with the label's hint: those with no plain sample right, all, or none."""


class CritiqueConfig(SamplingConfig):
    """How critiques of single responses are sampled, for a scalar head to learn from (CLoud, arXiv 2408.11791)."""

    form: str | None = None
    """How a response is put to the model: critique, or sandbox-critique, the default for models of the sandbox."""
    principles: PromptMode = "self"
    """With given or given+self the critic is shown the case's principles."""
    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature; by default the checkpoint's own, else 0.5."""
    data: list[Path]
    """Files of labeled cases."""
    out: Path
    """Folder for critiques.jsonl and the run file from which a killed run goes on."""
    k: int = Field(default=1, ge=1)
    """Critiques per response; a larger number goes on from the run file of a smaller one."""


class TrainConfig(BaseModel):
    """What every training is told."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    model: str
    """The model to start from: a checkpoint folder, a hub id, or `sandbox`."""
    out: Path
    """Folder for the checkpoint, the report and the states from which a killed training goes on."""
    seed: int = 0
    """Seed of data order, dropout and samples."""
    batch: int = Field(default=64, ge=1)
    """Sequences per optimizer step, over all devices."""
    micro_batch: int = Field(default=8, ge=1)
    """Sequences per device at once; the rest of a step is accumulated."""
    epochs: float = Field(default=1.0, gt=0)
    """Passes over the data."""
    steps: int | None = Field(default=None, ge=1)
    """Optimizer steps, in place of epochs."""
    learning_rate: float = Field(default=1e-5, gt=0)
    """Peak learning rate."""
    warmup: float = Field(default=0.03, ge=0, lt=1)
    """Share of the steps that warm up."""
    max_length: int = Field(default=4096, ge=8)
    """Longest sequence in tokens; longer ones are left out and counted."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Precision in which the weights are held; on a GPU the arithmetic is bfloat16 in any case."""
    lora: Arguments = Field(default_factory=dict)
    """Fields of peft's LoraConfig, `{"r": 16}` for instance; empty trains all weights."""
    save_every: int = Field(default=100, ge=1)
    """Optimizer steps between saved states."""
    trainer: Arguments = Field(default_factory=dict)
    """Further fields of the trainer's own arguments, as TRL names them: DeepSpeed, FSDP, vLLM, logging."""


class RftConfig(TrainConfig):
    """Rejective fine-tuning (arXiv 2504.02495, section 3.2)."""

    samples: list[Path]
    """Files that `solon train sample` wrote, by this model or another."""
    instructions: list[Path] = Field(default_factory=list)
    """General instruction data to mix in: JSON lines with `messages`, the last turn the assistant's."""
    instruction_share: float | None = Field(default=None, ge=0, le=1)
    """Their share of the mixture; by default all of the files is taken, and 1 leaves out all judgments."""
    use: list[Literal["plain", "hinted"]] = Field(default=["plain", "hinted"], min_length=1)
    """Which samples are learned from."""
    learning_rate: float = Field(default=5e-6, gt=0)
    """Peak learning rate."""


SAMPLED_BY_TRL = {
    *("use_vllm", "use_transformers_continuous_batching", "use_transformers_paged"),
    *("top_p", "top_k", "min_p", "repetition_penalty", "generation_kwargs", "cache_implementation"),
}
"""Fields of GRPOConfig that tell how TRL draws judgments."""


class GrpoConfig(TrainConfig):
    """Rule-based online reinforcement learning with GRPO (arXiv 2504.02495, section 3.2; equation 15)."""

    data: list[Path]
    """Files of labeled cases, or samples of `solon train sample`, whose pass counts then filter."""
    form: str | None = None
    """How a case is put to the model; by default the checkpoint's own form, else pointwise."""
    single_form: str | None = None
    """How a lone response with a 0/1 label is put; by default sandbox-correct for the sandbox, else correct."""
    principles: Author = "self"
    easy: int | None = Field(default=None, ge=0)
    """Leave out cases with so many plain samples right; by default all of them, and 0 leaves out none."""
    group: int = Field(default=4, ge=2)
    """Judgments per prompt that are compared with each other."""
    beta: float = Field(default=0.08, ge=0)
    """Weight of the KL penalty against the model that the training starts from."""
    temperature: float = Field(default=1.0, gt=0)
    """Sampling temperature of the judgments; the losses' log-probabilities are taken at it too."""
    max_tokens: int = Field(default=1024, ge=1)
    """The longest judgment, in tokens; a longer one is unread (truncated)."""
    rows: int = Field(default=256, ge=1)
    """Judgments that our decoder draws at once."""
    rewards: list[str] = Field(default_factory=list)
    """Further reward functions beside equation 11, `module:name`, each `f(outcome, label) -> float`."""
    rollouts: Literal["shared", "trl"] = "shared"
    """Who samples: our decoder, which prefills a group's prompt once, or TRL (its `generate`, or vLLM)."""
    learning_rate: float = Field(default=4e-7, gt=0)
    """Peak learning rate."""

    @model_validator(mode="after")
    def _samples_once(self) -> Self:
        unread = [name for name, value in self.trainer.items() if name in SAMPLED_BY_TRL and value not in (None, False)]
        if self.rollouts == "shared" and unread:
            raise ValueError(
                f"trainer names '{unread[0]}', which TRL's own sampling reads, and rollouts is 'shared', which samples "
                "without it: set rollouts to 'trl'"
            )
        return self


class MetaConfig(TrainConfig):
    """The meta reward model (arXiv 2504.02495, section 4.2): binary cross-entropy on the label of equation 10."""

    samples: list[Path]
    """Files that `solon train sample` wrote: by the model before fine-tuning, and by the judge to be guided."""
    held_out: float = Field(default=0.05, ge=0, lt=1)
    """Share of the cases that are not trained on but measured."""


class PairsConfig(TrainConfig):
    """What every model is told that learns from pairs of responses."""

    data: list[Path]
    """Files of labeled cases. Those whose `meta.split` is `train` are trained on, and those that name no split."""
    measure: str = "test"
    """The split that the model and its baselines are measured on."""
    pairs: int = Field(default=16, ge=1)
    """At most so many ordered pairs per case, drawn by the seed."""
    ties: bool = False
    """Also train on tied pairs, as target 0.5."""


class ScalarConfig(PairsConfig):
    """The scalar Bradley-Terry baseline."""

    held_out: float = Field(default=0.0, ge=0, lt=1)
    """Share of the cases to train on that choose the epoch instead: that which orders their pairs best is kept."""
    alike: Literal["cases", "pairs"] = "cases"
    """What counts alike in the loss: every case, however many pairs it has, or every pair."""
    pooling: Literal["own", "mean"] = "own"
    """What the head reads: what the architecture's own does, or for BERT the mean of all tokens, by one more layer."""
    batch: int = Field(default=64, ge=1)
    """Cases per optimizer step, over all devices; each comes with all its pairs."""
    micro_batch: int = Field(default=8, ge=1)
    """Cases per device at once; the rest of a step is accumulated."""
    max_length: int = Field(default=4096, ge=8)
    """Longest conversation in tokens; the end of a longer one is cut, and such are counted."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.pooling == "mean" and self.lora:
            raise ValueError("pooling is 'mean', which adds a layer that a LoRA adapter does not hold: leave lora out")
        return self


class PairRMConfig(PairsConfig):
    """The pairwise scalar baseline (PairRM, arXiv 2306.02561)."""

    batch: int = Field(default=64, ge=1)
    """Shown pairs per optimizer step, over all devices; each pair is shown in both orders."""
    micro_batch: int = Field(default=8, ge=1)
    """Shown pairs per device at once; the rest of a step is accumulated."""
    max_length: int = Field(default=4096, ge=8)
    """Longest shown pair in tokens, conversation included; longer ones are left out and counted."""


class CloudConfig(PairsConfig):
    """The semi-scalar baseline (CLoud, arXiv 2408.11791): a scalar head that reads critiques."""

    data: list[Path]
    """Files that `solon train critique` wrote. Their `meta.split` says which cases are trained on, as for `scalar`."""
    batch: int = Field(default=64, ge=1)
    """Cases per optimizer step, over all devices; a case counts once per critique of its responses."""
    micro_batch: int = Field(default=8, ge=1)
    """Cases per device at once; the rest of a step is accumulated."""
    max_length: int = Field(default=4096, ge=8)
    """Longest text in tokens: conversation, response and critique; longer ones are left out and counted."""
