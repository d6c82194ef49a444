"""Between a trainer's groups and a judge of the same process: a case of each, and a reply of its verdict."""

from typing import TYPE_CHECKING

from solon.errors import UserError
from solon.integrations.cases import Group, group_id
from solon.integrations.reply import Reply
from solon.integrations.settings import Settings
from solon.rewards import rewards

if TYPE_CHECKING:
    from solon.types import Case, Verdict


def case_of(place: int, group: Group) -> "Case":
    """Return a group as a case; `place` keeps the ids of a batch apart.

    Raises:
        UserError: the prompt is no text and no conversation that ends with the user.
    """
    from solon.data.case_lines import read_case_line
    from solon.data.fields import MalformedLine, Place
    from solon.types import Case

    name = f"{group_id(group.prompt, group.responses)}-{place}"
    prompt = group.prompt if isinstance(group.prompt, str) else [dict(turn) for turn in group.prompt]
    row = {"id": name, "prompt": prompt, "responses": list(group.responses), "reference": group.reference}
    try:
        case = read_case_line(row, Place(line=0))
    except MalformedLine as error:
        raise UserError(f"a prompt of the training cannot be judged: {error}") from error
    assert isinstance(case, Case)
    return case


def reply_of(verdict: "Verdict", group: Group, settings: Settings) -> Reply:
    """Return a verdict as what a server would have answered; one without scores has no reward."""
    if verdict.scores is None:
        told = ", ".join(f"{count} {reason}" for reason, count in verdict.unread.items())
        return Reply.none(len(group.responses), f"no judgment could be read: {told}")
    first = verdict.judgments[0]
    return Reply(
        rewards=tuple(rewards(verdict.scores, settings.reward)),
        scores=verdict.scores,
        agreement=verdict.agreement,
        k=len(verdict.judgments),
        critique=first.critique,
        principles=tuple(principle.text for principle in first.principles),
    )
