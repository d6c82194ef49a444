"""A served scalar model as a scorer: `POST {base}/classify`, as vLLM serves a sequence-classification model.

One conversation is one call, `{"model", "messages", "use_activation": false}`, and its score the raw logit that comes
back as `data[0].probs[0]`. The server writes the chat template. The first use asks `GET {base}/v1/models`: it finds out
whether a server is there, whether it takes the key, and what its only model is called. Faults of the moment are tried
again; what is left is a `Failure` in its place.
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from solon.errors import UserError
from solon.samplers import wire
from solon.samplers.calls import Fault, persist, together
from solon.samplers.http import NoAnswerError, Response, Server
from solon.samplers.retry import Backoff
from solon.samplers.seam import Failure
from solon.scorers.seam import Conversation

_PROBE_SECONDS = 30.0


class ClassifyScorer:
    """Scores with a server's `/classify`.

    Args:
        base_url: the server's address, for instance `http://localhost:8001`; `/v1` or `/classify` at its end is cut.
        served_model: the model's name; None takes the only one that the server lists, and leaves the field out where
            it lists none or several.
        api_key: sent as a bearer token.
        concurrency: calls in flight at once.
        timeout: seconds until a call counts as failed, its whole answer included.
        retries: how often a call is tried again after faults of the moment.

    Raises:
        UserError: an option is out of range.
    """

    batch = 1

    def __init__(
        self,
        base_url: str,
        *,
        served_model: str | None = None,
        api_key: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        retries: int = 7,
    ) -> None:
        root = base_url.rstrip("/").removesuffix("/classify").removesuffix("/v1")
        self._server = Server(root, api_key=api_key, concurrency=concurrency, timeout=timeout)
        self.concurrency = concurrency
        self._model = served_model
        self._backoff = Backoff(retries)
        self._looked = self._answered = False

    async def score(self, conversations: Sequence[Conversation]) -> list[float | Failure]:
        """Score every conversation, in the order given; a call that failed for good is a `Failure` in its place.

        Raises:
            UserError: no server is there, it refuses the key, has no `/classify`, or serves a model of several labels.
        """
        if not self._looked:
            async with self._server.alone():
                if not self._looked:
                    await self._look()
        return await together([self._score(one) for one in conversations])

    async def close(self) -> None:
        """Close the connections that the running event loop has open."""
        await self._server.close()

    async def _look(self) -> None:
        try:
            seen = await self._server.get("/v1/models", min(self._server.timeout, _PROBE_SECONDS))
        except NoAnswerError as error:
            raise UserError(
                f"cannot reach a scorer at {self._server.url} ({error}): is it running? Start it there, or correct the "
                "address"
            ) from error
        if seen.status == 401:
            raise self._refused(seen)
        names = wire.models_of(seen.body) if seen.status == 200 else []
        self._model = self._model or (names[0] if len(names) == 1 else None)
        self._looked = True

    async def _score(self, conversation: Conversation) -> float | Failure:
        body = _body(conversation, self._model)
        result, tries = await persist(lambda: self._try(body), self._backoff)
        image = wire.has_image(conversation)
        return result.failure(tries, image=image) if isinstance(result, Fault) else result

    async def _try(self, body: bytes) -> float | Fault:
        try:
            seen = await self._server.post("/classify", body)
            if seen.status == 200:
                score = _score_of(seen.body)
                self._answered = True
                return score
        except NoAnswerError as error:
            return Fault(f"the call failed: {error}")
        except wire.MalformedError as error:
            return Fault(str(error))
        self._stop_at(seen)
        return Fault.of(seen)

    def _stop_at(self, seen: Response) -> None:
        """Raise where the whole run is wrong: no valid key, or an address that never answered."""
        if seen.status == 401 or (seen.status == 403 and not self._answered):
            raise self._refused(seen)
        if seen.status in (404, 405) and not self._answered:
            raise UserError(
                f"{self._server.url}/classify is not found (HTTP {seen.status}: {wire.message_of(seen.body)}): correct "
                "the address, or serve the model for it (vllm serve MODEL --runner pooling --convert classify)"
            )

    def _refused(self, seen: Response) -> UserError:
        refused = "the API key" if self._server.has_key else "a call without an API key"
        return UserError(
            f"{self._server.url} refuses {refused} (HTTP {seen.status}: {wire.message_of(seen.body)}): put a valid key "
            "into the variable that --meta-api-key-env names, META_API_KEY by default"
        )


def _body(conversation: Conversation, model: str | None) -> bytes:
    fields: dict[str, object] = {} if model is None else {"model": model}
    fields |= {"messages": wire.messages_of(conversation), "use_activation": False}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _score_of(body: bytes) -> float:
    """Read the score from an answer with status 200."""
    try:
        answer: Mapping[str, Any] = json.loads(body)
        scores = [float(score) for score in answer["data"][0]["probs"]]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise wire.MalformedError(f"the answer is not a classification: {wire.message_of(body)}") from error
    if len(scores) > 1:
        raise UserError(f"the scorer answers with {len(scores)} labels and one number is needed: serve another model")
    if not scores or not isfinite(scores[0]):
        raise wire.MalformedError(f"the answer holds no score: {wire.message_of(body)}")
    return scores[0]
