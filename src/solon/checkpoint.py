"""What a model says of itself: `solon.json` in a checkpoint folder names the form it was trained on."""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from solon.errors import UserError

SHIPPED = Path(str(files("solon"))) / "sandbox" / "checkpoints"
"""The tiny models that come with the package: base, rft, rl (the judge) and meta, which weighs its judgments."""

SANDBOX = SHIPPED / "rl"
"""The tiny model that comes with the package, which `sandbox` stands for as a model."""


def folder_of(model: str | Path) -> Path:
    """Return the folder that a model's name stands for; there need not be one."""
    return SANDBOX if str(model) == "sandbox" else Path(model)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The form that a checkpoint speaks, the hash of its template, and the temperature it is to be sampled at."""

    form: str
    template_hash: str
    temperature: float | None = None

    def __post_init__(self) -> None:
        """Refuse fields of other types: they come from a file.

        Raises:
            ValueError: a field cannot be what it stands for.
        """
        if not isinstance(self.form, str) or not isinstance(self.template_hash, str):
            raise ValueError(f"form is {self.form!r} and template_hash {self.template_hash!r}; texts are allowed")
        if self.temperature is not None and not (isinstance(self.temperature, int | float) and self.temperature >= 0):
            raise ValueError(f"temperature is {self.temperature!r}; a number from 0 on is allowed")

    @classmethod
    def of(cls, model: str) -> "Checkpoint | None":
        """Read what a model's name stands for; None where nothing is said (hub ids, servers, other people's models).

        Raises:
            UserError: `solon.json` is there but does not hold these fields.
        """
        path = folder_of(model) / "solon.json"
        if not path.is_file():
            return None
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (TypeError, ValueError) as error:
            raise UserError(f"'{path}' must hold form, template_hash and perhaps temperature: {error}") from error

    def save(self, folder: Path) -> None:
        """Write `solon.json` into a checkpoint folder."""
        (folder / "solon.json").write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    def mismatch(self, form: str, template_hash: str) -> str | None:
        """Say what a user should know who judges with another form than the checkpoint was trained on."""
        if form != self.form:
            return f"The checkpoint was trained on the form '{self.form}' and is judged with '{form}'."
        if template_hash != self.template_hash:
            return (
                f"The checkpoint was trained on another text of the form '{form}' (template {self.template_hash}, now "
                f"{template_hash}): its judgments may be worse."
            )
        return None
