"""What `solon bench` can be told."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from solon.benchmarks.benchmark import Mode
from solon.benchmarks.published import PREFIX
from solon.config import Author, SamplingConfig
from solon.errors import UserError

Probe: TypeAlias = Literal["formatting", "pleas"]


class BenchConfig(SamplingConfig):
    """How a benchmark is run, and with which model."""

    model: str
    """The base URL of an OpenAI-compatible server (several by commas), a checkpoint folder, a hub id, `sandbox`, or
    published:FILE#JUDGE, judgments that the benchmark published."""
    principles: Author = "self"
    data: Path | None = None
    """The benchmark's file or folder in its official layout; without it, the hub."""
    hub: str | None = None
    """Another data set of the hub (several by commas), or a folder laid out like one, than the benchmark's own."""
    partial: bool = False
    """Go on where a part of the benchmark is missing; the table says so."""
    mode: Mode | None = None
    """How items are judged: list (all responses in one prompt), pairs (in both orders) or single; by default as the
    benchmark does."""
    k: Annotated[str, BeforeValidator(str)] = "1,2,4,8,16,32"
    """Numbers of votes, such as 1,2,4,8; one number stands for the powers of two up to it, and 1 alone is greedy. In
    pairs a vote is a judgment in each order."""
    skip_greedy: bool = False
    """Leave out the greedy judgment that stands beside the votes."""
    meta: str | None = None
    """A model that weighs judgments, of which the best half vote: a /classify server's URL, a folder, or a hub id."""
    meta_api_key_env: str = "META_API_KEY"
    """The environment variable that holds the key of the meta model's server."""
    probe: list[Probe] = Field(default_factory=list)
    """Also judge greedily what should change nothing: other formatting of a response, or a plea in it."""
    out: Path
    """The folder for the run files, from which the same command resumes, the page, the plots and the tables."""

    @property
    def ks(self) -> tuple[int, ...]:
        """The numbers of votes, from the least to the most.

        Raises:
            UserError: one is not a whole number from 1 on.
        """
        parts = [part.strip() for part in self.k.split(",")]
        if not all(part.isdecimal() and int(part) for part in parts):
            raise UserError(f"k is '{self.k}'; whole numbers from 1 on are allowed, such as 8 or 1,2,4,8")
        most = int(parts[0])
        powers = [1 << i for i in range(most.bit_length()) if 1 << i < most]
        return tuple(sorted({*map(int, parts), *(powers if len(parts) == 1 else ())}))

    @property
    def greedy(self) -> bool:
        """Whether a greedy judgment is asked for."""
        return not self.skip_greedy or not self.votes

    @property
    def votes(self) -> int:
        """How many votes are drawn; none where 1 alone is asked for."""
        return 0 if self.ks == (1,) else self.ks[-1]

    @property
    def system(self) -> str:
        """What the judge is called in tables: its name on the server, its folder's, or the published judge's."""
        if self.model.startswith(PREFIX):
            file, _, judge = self.model.removeprefix(PREFIX).partition("#")
            return judge or Path(file).name.partition("judge_model=")[2].partition(".jsonl")[0] or Path(file).name
        return self.served_model or self.model.rstrip("/")

    def judging(self) -> dict[str, Any]:
        """Return the options of the judge but for k and the temperature."""
        named = SamplingConfig.model_fields.keys() - {"model", "form", "temperature"}
        return {name: getattr(self, name) for name in named}
