"""What a judge can be told: one frozen model whose field docstrings are the help texts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from solon.errors import UserError
from solon.order import Orders
from solon.stopping import Stop
from solon.types import PrinciplesMode, PromptMode

_WEIGHING = ("meta", "k_meta", "meta_api_key_env", "weigh", "trust")
_APART = ("principles_temperature", "cache")
_ENDING = ("stop", "delta", "prior", "scores", "budget_tokens", "budget_requests", "deadline")
_FITTING = ("too_long",)


Scores: TypeAlias = Literal["boxed", "expected", "soft"]
"""Where the scores of a judgment come from."""
_ALTERNATIVES = {"boxed": 0, "expected": 20, "soft": 5}
_AUTHOR = "Who writes the principles: self (the judge), given (the case), given+self, or none."
Author: TypeAlias = Annotated[PromptMode, Field(description=_AUTHOR)]
"""Who writes the principles where no stage of its own does."""


class SamplingConfig(BaseModel):
    """How judgments are sampled, and from which model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    model: str
    """The base URL of an OpenAI-compatible server (several by commas), a checkpoint folder, a hub id, or `sandbox`."""
    served_model: str | None = None
    """The model's name on the server; the only one that it serves is found by itself."""
    form: str | None = None
    """How a case is put to the model: a form's name or a FILE.py; by default the checkpoint's own, else pointwise."""
    principles: PrinciplesMode = "self"
    """Who writes the principles: self (the judge), given (the case), given+self, none, or query (a call of its own that
    sees the query alone)."""
    orders: Orders = "balanced"
    """In which orders the responses are shown: balanced over places, or random shuffles."""
    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature; by default 0 for a single judgment, else the checkpoint's own or 0.5."""
    max_tokens: int = Field(default=4096, ge=1)
    """The longest judgment, in tokens; a longer one is unread (truncated)."""
    seed: int = 0
    """The run's seed: orders, marks and samples follow from it."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the server's request body, as JSON; null leaves a standard field out."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key."""
    concurrency: int = Field(default=64, ge=1)
    """Calls in flight at once."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds until a call counts as failed."""

    def kept(self) -> dict[str, object]:
        """Return the fields that a result depends on: what a resumed run must have alike."""
        fields = self.model_dump(mode="json", exclude={"api_key_env", "concurrency", "timeout"})
        return fields | {"model": self.known}

    @property
    def known(self) -> str:
        """What tells the model from others: the name that a server is told, at whatever address, else `model`."""
        return self.served_model or self.model


class JudgeConfig(SamplingConfig):
    """How cases are judged, and by which model."""

    k: int = Field(default=8, ge=1)
    """Judgments per case; 1 is greedy, more are sampled and vote."""
    too_long: Literal["unread", "trim"] = "unread"
    """What becomes of a case that is too long for the model: unread, or trim, which leaves out the middle of its
    longest responses, marks the place and says so in the verdict."""
    principles_temperature: float = Field(default=0.0, ge=0)
    """With principles=query, the temperature at which they are written."""
    cache: Path | None = None
    """With principles=query, a file that keeps them across runs, by model, query, prompt, temperature and seed."""
    meta: str | None = None
    """A model that weighs judgments, so that the best vote: the URL of a /classify server, a folder, or a hub id."""
    k_meta: int | None = Field(default=None, ge=1)
    """How many judgments vote, the best by the meta model; by default half of k, rounded up."""
    weigh: Literal["top", "soft"] = "top"
    """How weights count: the best k_meta judgments vote alike, or all do, by the chance that their logit stands for."""
    trust: float = Field(default=1.0, ge=0)
    """With weigh=soft, the power of that chance: at 0 all judgments count alike. `solon tune vote` chooses it."""
    stop: Stop = "never"
    """When a vote ends before k: never, lossless (none can catch up), confident (predicted so) or anytime (a test)."""
    delta: float = Field(default=0.02, gt=0, lt=1)
    """How often an anytime stop may be wrong; how often a confident one may is in its prior."""
    prior: Path | None = None
    """For confident stops, a file that `solon tune stop` made from full votes; without it a guess stands in."""
    budget_tokens: int | None = Field(default=None, ge=1)
    """End a session that was billed for so many tokens, prompts included; the same command goes on, with --out."""
    budget_requests: int | None = Field(default=None, ge=1)
    """End a session that made so many calls."""
    deadline: float | None = Field(default=None, gt=0)
    """Seconds after which a case is voted on with what is there; the samples still out are unread (deadline)."""
    scores: Scores = "boxed"
    """What a judgment scores: what it boxed, the expectation of that, or its critique's verdicts by their chances."""
    top_logprobs: int = Field(default=0, ge=0, le=20)
    """Keep the log-probability of every token of a judgment, and of so many others in its place; 0 keeps none, but
    where expected or soft scores are asked for it stands for 20 or 5."""
    meta_api_key_env: str = "META_API_KEY"
    """The environment variable that holds the key of the meta model's server."""

    def kept(self) -> dict[str, object]:
        """Return the fields that samples depend on.

        How they vote, when a vote ends, and what becomes of cases that are too long may change from run to run.
        """
        later = (*_APART, *_WEIGHING, *_ENDING, *_FITTING)
        fields = {name: value for name, value in super().kept().items() if name not in later}
        return fields | {"top_logprobs": self.alternatives}

    @property
    def prompt_mode(self) -> PromptMode:
        """Whose principles the prompts ask for: those that were written of the query are given."""
        return "given" if self.principles == "query" else self.principles

    @property
    def alternatives(self) -> int:
        """How many likely tokens are asked for in every place."""
        return self.top_logprobs or _ALTERNATIVES[self.scores]


def named(model: object) -> str | None:
    """Name a model that was handed in by its kind."""
    return model if model is None or isinstance(model, str) else type(model).__name__


def judge_config(options: Mapping[str, object]) -> JudgeConfig:
    """Check what a judge is told.

    Raises:
        UserError: an option is unknown or out of range, or needs another.
    """
    try:
        config = JudgeConfig.model_validate(options)
    except ValidationError as error:
        raise UserError(faults(error)) from error
    if config.k_meta is not None and config.meta is None:
        raise UserError("k_meta says how many judgments vote by their weights, and needs a meta model: name it as meta")
    if config.principles != "query" and (config.cache is not None or config.principles_temperature):
        raise UserError("cache and principles_temperature are for principles that are written apart: principles=query")
    return config


def faults(error: ValidationError) -> str:
    """Say in one sentence what is wrong with a configuration."""
    told = []
    for fault in error.errors():
        name, seen = ".".join(map(str, fault["loc"])), fault["input"]
        if fault["type"] == "extra_forbidden":
            told.append(f"there is no option '{name}'; the options are {', '.join(JudgeConfig.model_fields)}")
        elif fault["type"] == "missing":
            told.append(f"{name} is missing: give one, there is no default")
        elif not name:
            told.append(fault["msg"].removeprefix("Value error, "))
        else:
            told.append(f"{name} is {seen!r}: {fault['msg'][:1].lower()}{fault['msg'][1:]}")
    return "; ".join(told)
