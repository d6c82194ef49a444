"""What a reward server can be told: one frozen model whose field docstrings are the help texts."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from solon.rewards import Kind


class Settings(BaseModel):
    """How requests are admitted, grouped, and answered."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    reward: Kind = "mean"
    """What a reward is: the mean score, the score centered in its group, its rank (0 to 1), or the grouped pairwise
    comparison, which asks about every pair of a group in both orders."""
    group_size: int = Field(default=1, ge=1)
    """How many single responses to one prompt make a group, where a request does not say; 1 judges each alone."""
    group_wait: float = Field(default=10.0, gt=0)
    """Seconds that the first member of a group waits for the others; then those that are there are judged."""
    group_max: int = Field(default=8, ge=2)
    """The most responses in one prompt; a larger group is judged in overlapping chunks, put on one scale."""
    neutral: float | None = None
    """What stands for a missing reward where a trainer takes only numbers and nothing of the group is known; by default
    the middle of the scale."""
    judge_reasoning: bool = False
    """Show the judge the reasoning of rollouts too; the native protocol always shows all that it is given."""
    answer_within: float = Field(default=100.0, gt=0)
    """Seconds until a request is answered, with what was read by then; it must be less than the trainer's own limit."""
    in_flight: int = Field(default=64, ge=1)
    """Cases judged at once."""
    queue: int = Field(default=4096, ge=0)
    """Requests that may wait beside those; more are turned away with 503 or, by OpenRLHF's protocol, held."""
    max_k: int = Field(default=64, ge=1)
    """The most judgments that a request may ask for."""
    max_responses: int = Field(default=64, ge=1)
    """The most responses to one prompt that are judged together, in a request or as a group."""
    max_items: int = Field(default=512, ge=1)
    """The most items in a batch, inputs of /classify, or queries of /get_reward."""
    max_body: int = Field(default=8 * 2**20, ge=1024)
    """The largest request body, in bytes."""
    arrival: float = Field(default=10.0, gt=0)
    """Seconds in which the headers of a request must arrive, and its body."""
    drain: float = Field(default=25.0, ge=0)
    """Seconds after SIGTERM in which all that is under way is answered."""
    keys: Path | None = None
    """A file of API keys, one a line, read again when it changes; SOLON_API_KEYS holds more, by commas. Without any key
    everybody may ask."""
    runs: Path | None = None
    """A folder of runs, as solon judge --out makes them, that the page at / shows."""
    log_texts: bool = False
    """Also log what errors say, which may quote prompts and responses."""
