"""Hugging Face preference rows: `chosen` and `rejected`, as texts beside a `prompt` or as message lists.

The chosen response is the case's first; a judge's orders see to it that its place gives nothing away.
"""

from collections.abc import Mapping

from solon.data.fields import MalformedLine, Place, Row, build, kind, messages, parts
from solon.types import Best, Content, LabeledCase, Message, plain

FIELDS = ("prompt", "chosen", "rejected")


def read_preference(row: Row, place: Place) -> LabeledCase:
    """Read one preference row; all keys that are not its own (scores, models, source) become tags."""
    prompt, chosen = _completion(row, "chosen")
    other, rejected = _completion(row, "rejected")
    if prompt != other:
        raise MalformedLine(
            "'chosen' and 'rejected' continue different conversations; only their last turns may differ"
        )
    return LabeledCase(build(row, place, FIELDS, prompt=prompt, responses=(chosen, rejected)), Best(0))


def _completion(row: Row, side: str) -> tuple[tuple[Message, ...], Content]:
    """Return the conversation that one side continues, and what it continues it with."""
    value, prompt = row.get(side), row.get("prompt")
    if isinstance(value, str):
        if prompt is None:
            raise MalformedLine(f"'{side}' is a text and 'prompt' is missing; texts need the prompt that they answer")
        return messages(prompt), parts(value, f"'{side}'")
    if not isinstance(value, list) or not value or not isinstance(value[-1], Mapping):
        raise MalformedLine(f"'{side}' is {kind(value)}; a text or a non-empty list of messages is allowed")
    if value[-1].get("role") != "assistant":
        raise MalformedLine(f"the last message of '{side}' is not the assistant's, as it must be")
    said = parts(value[-1].get("content"), f"'{side}'")
    if len(value) == 1:
        return messages(prompt), said
    before = messages(value[:-1], f"'{side}' before its last turn")
    if prompt is not None and not _begins(before, prompt):
        raise MalformedLine(f"'{side}' continues a conversation that is not the one in 'prompt'")
    return before, said


def _begins(conversation: tuple[Message, ...], prompt: object) -> bool:
    """Tell whether a prompt is the conversation itself or, as a text, one of its user turns."""
    turns = messages(prompt)
    if not isinstance(prompt, str):
        return turns == conversation
    return any(turn.role == "user" and plain(turn.content).strip() == prompt.strip() for turn in conversation)
