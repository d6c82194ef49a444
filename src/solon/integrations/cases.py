"""What a trainer holds as what a judge is asked: answers without reasoning, and groups that are judged together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

from solon.integrations.client import Prompt
from solon.integrations.settings import Settings
from solon.samplers.reasoning import split_reasoning


@dataclass(frozen=True, slots=True)
class Group:
    """Responses to one prompt that are judged together; `places` are their indices in the trainer's batch."""

    prompt: Prompt
    places: tuple[int, ...]
    responses: tuple[object, ...]
    reference: str | None = None


def groups(
    prompts: Sequence[Prompt], responses: Sequence[object], references: Sequence[object], settings: Settings
) -> Iterator[Group]:
    """Yield equal prompts that stand together as one group, or as several even ones where they are too many."""
    keyed = list(zip(prompts, references, strict=True))
    for (prompt, reference), same in groupby(range(len(keyed)), keyed.__getitem__):
        places = list(same)
        parts = -(-len(places) // settings.group_max)
        for part in range(parts):
            mine = places[part * len(places) // parts : (part + 1) * len(places) // parts]
            shown = tuple(responses[place] for place in mine)
            yield Group(prompt, tuple(mine), shown, reference_of(reference, settings))


def answer_of(completion: object, settings: Settings) -> object:
    """Return what is judged of a completion: a text, or content with parts, without its reasoning.

    Args:
        completion: a text, or the messages that the policy wrote (what tools said in between is left out).
        settings: whether a `<think>` block is stripped.
    """
    if isinstance(completion, str):
        return split_reasoning(completion)[1] if settings.strip_think else completion
    said = [turn.get("content") for turn in _turns(completion) if turn.get("role") == "assistant"]
    parts = [content for content in said if content is not None]
    if len(parts) == 1 and not isinstance(parts[0], str):
        return {"content": parts[0]}
    return "\n\n".join(str(answer_of(part, settings)) for part in parts if isinstance(part, str))


def _turns(completion: object) -> list[Mapping[str, object]]:
    return [turn for turn in completion if isinstance(turn, Mapping)] if isinstance(completion, Sequence) else []


def reference_of(label: object, settings: Settings) -> str | None:
    """Return a trainer's label as the reference answer, where it is a text and wanted."""
    return label if settings.reference and isinstance(label, str) and label.strip() else None


def group_id(*parts: object) -> str:
    """Name a group by what its members share."""
    return sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:24]


def cohort(group: str, settings: Settings, size: int | None = None) -> dict[str, object]:
    """Return the fields that make a request a member of a cohort; none where each is judged alone."""
    members = settings.group_size if size is None else size
    return {"group_id": group, "group_size": members} if members > 1 else {}
