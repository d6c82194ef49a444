"""A killed training goes on from its last whole state, but only as the training that it was."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from solon.errors import UserError
from solon.files import write_json
from solon.training.config import TrainConfig
from solon.training.models import last_state, source_of

_FREE = {"out", "save_every", "micro_batch"}
"""What may differ between the sessions of one training: its weights do not depend on it, beyond rounding."""
_END = 1 << 20


def resumed(config: TrainConfig) -> str | None:
    """Return the state that a training goes on from, None for its beginning, and note down what training it is.

    Raises:
        UserError: the states in `out` are of another recipe, of other data, or of another model.
    """
    folder = config.out / "states"
    state, noted, asked = last_state(folder), folder / "recipe.json", _identity(config)
    kept = json.loads(noted.read_text("utf-8")) if state and noted.is_file() else asked
    differ = sorted(name for name in kept.keys() | asked.keys() if kept.get(name) != asked.get(name))
    if differ:
        told = "; ".join(f"{name} was {kept.get(name, 'absent')}, now {asked.get(name, 'absent')}" for name in differ)
        raise UserError(f"the training in '{config.out}' was begun with another recipe: {told}. Use another --out")
    write_json(noted, asked)
    return state


def _identity(config: TrainConfig) -> dict[str, object]:
    """Return what the weights follow from: the recipe, its data, and the model that it starts from."""
    named = config.model_dump(mode="json", exclude=_FREE)
    return named | {f"content of {path}": digest for path, digest in _contents(config)}


def _contents(config: TrainConfig) -> Iterator[tuple[Path, str]]:
    for value in dict(config).values():
        for path in value if isinstance(value, list) else ():
            if isinstance(path, Path):
                yield path, hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    for path in sorted(Path(source_of(config.model)).glob("*.safetensors")):
        yield path, _ends(path)


def _ends(path: Path) -> str:
    """Digest the size of a file and its ends: weights are too large to be read once more, and change everywhere."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_END)
        file.seek(max(0, size - _END))
        return hashlib.sha256(b"%d" % size + head + file.read()).hexdigest()[:16]
