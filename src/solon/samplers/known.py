"""What is learned of servers on the way: which model they serve, which have answered, and whether they take `n`.

What shows that the whole run is wrong (no valid key, no such address, another model) is raised as a `UserError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from solon.errors import UserError
from solon.samplers import wire
from solon.samplers.http import Response

_ENOUGH = 3
"""So many answers with one completion of several, and none with more, show that a server ignores `n`."""


@dataclass(slots=True)
class Known:
    """What is known; `model` None leaves the field out. `honors_n` is true once an answer held several completions.

    Until then `lone` names the servers of answers with one where several were asked for: one alone may be a fault.
    `listed` is the address of a server that lists the model, and `unlisted` one that lists others, with their names.
    """

    model: str | None = None
    has_key: bool = False
    model_found: bool = False
    honors_n: bool = False
    lone: list[str] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    listed: str | None = None
    unlisted: tuple[str, Sequence[str]] | None = None

    def inspect(self, seen: Response) -> None:
        """Take from an answer to `GET /models` the name of the only model, or hold the one that is known against it.

        Raises:
            UserError: the key is refused, several models are listed and none was chosen, or others than elsewhere.
        """
        if seen.status == 401 or (seen.status == 403 and self.model is None):
            raise self._key_refused(seen)
        names = wire.models_of(seen.body) if seen.status == 200 else []
        if names and self.model is None and not self.model_found:
            self.model, self.model_found = _only(names, seen.url), True
        if names and self.model is not None:
            self._compare(self.model, names, seen.url)

    def drops(self, sent: str | None, seen: Response) -> bool:
        """Drop a name that a server itself listed and then refused, as one pinned to an unlisted model does."""
        if sent is None or not self.model_found or seen.status not in (400, 404):
            return False
        if sent not in wire.message_of(seen.body):
            return False
        self.model = None
        return True

    def stop_at(self, seen: Response) -> None:
        """Raise where the whole run is wrong: no valid key, or an address or model that never answered."""
        answered = seen.url in self.answered
        if seen.status == 401 or (seen.status == 403 and not answered):
            raise self._key_refused(seen)
        if seen.status == 404 and not answered:
            raise UserError(
                f"{seen.url}/chat/completions is not found (HTTP 404: {wire.message_of(seen.body)}): correct "
                "the address, which usually ends in /v1, or name a model that the server has with --served-model"
            )

    def learn(self, url: str, asked: int, got: int) -> None:
        """Learn from a served call."""
        self.answered.add(url)
        self.honors_n = self.honors_n or got > 1
        if got < asked and not self.honors_n:
            self.lone.append(url)

    @property
    def ignores_n(self) -> bool:
        """Whether several completions are no longer asked for in one call."""
        return not self.honors_n and len(self.lone) >= _ENOUGH

    def notes(self) -> list[str]:
        """Say what a user should know: that a server ignores n."""
        if self.honors_n or not self.lone:
            return []
        return [
            f"The server at {self.lone[0]} ignores n: it gave 1 completion where several were asked for, so every "
            "sample is a call of its own and pays for the prompt again."
        ]

    def _compare(self, model: str, names: Sequence[str], url: str) -> None:
        if model in names:
            self.listed = url
        else:
            self.unlisted = url, names
        if self.listed is not None and self.unlisted is not None:
            other, others = self.unlisted
            raise UserError(
                f"{self.listed} serves '{model}' and {other} serves {_listed(others)}: all samples must come from one "
                "model; correct the addresses, or choose a name that all servers list with --served-model NAME"
            )

    def _key_refused(self, seen: Response) -> UserError:
        refused = "the API key" if self.has_key else "a call without an API key"
        return UserError(
            f"{seen.url} refuses {refused} (HTTP {seen.status}: {wire.message_of(seen.body)}): put a valid "
            "key into the variable that --api-key-env names, OPENAI_API_KEY by default"
        )


def _only(names: Sequence[str], url: str) -> str:
    if len(names) > 1:
        raise UserError(f"{url} serves several models: {_listed(names)}; choose one with --served-model NAME")
    return names[0]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
