"""What is shown of a case that is too long for a model: the heads and the tails of its longest responses.

A **trim** is the most characters that are shown of any response. What is more is left out of its middle, and a mark in
its place says how much. Every sample of a case is shown the same, so that no order and no place is favored.
"""

from dataclasses import replace

from solon.types import Case, Content, Image, Text, plain

_LEAST = 256


def shorter(case: Case, trim: int | None) -> int | None:
    """Return the trim that follows one that was still too long (None: all was shown): half of what is shown.

    It begins at half of the longest response and ends before 256 characters, where None is returned.
    """
    shown = max(len(plain(response)) for response in case.responses) if trim is None else trim
    return shown // 2 if shown // 2 >= _LEAST else None


def trimmed(case: Case, trim: int | None) -> Case:
    """Return a whole case with at most `trim` characters of each response; images stay where they are."""
    if trim is None:
        return case
    left_out = tuple(max(0, len(plain(response)) - trim) for response in case.responses)
    shown = (_cut(parts, trim, left) if left else parts for parts, left in zip(case.responses, left_out, strict=True))
    return replace(case, responses=tuple(shown), left_out=left_out)


def _cut(parts: Content, trim: int, left: int) -> Content:
    """Leave `left` characters out of the middle, which begins after half of the trim."""
    begin = trim - trim // 2
    mark = f"\n[... {left:,} characters left out here ...]\n"
    kept: list[Text | Image] = []
    for part in parts:
        if isinstance(part, Text):
            said, here = part.text, mark if 0 <= begin < len(part.text) else ""
            kept.append(Text(said[: max(0, begin)] + here + said[max(0, begin + left) :]))
            begin -= len(said)
        else:
            kept.append(part)
    return tuple(kept)
