"""Trims: heads and tails stay, the mark counts what is gone, and halving comes to an end."""

import re

from hypothesis import given
from hypothesis import strategies as st

from solon.trimming import shorter, trimmed
from solon.types import Case, Content, Image, Message, Text, content, plain

MARK = re.compile(r"\n\[\.\.\. ([\d,]+) characters left out here \.\.\.\]\n")


def case(*responses: Content) -> Case:
    return Case("a", (Message("user", content("Why?")),), responses)


def test_the_middle_is_left_out_and_counted() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    cut = trimmed(case(content(text), content("short")), 1001)
    assert plain(cut.responses[0]) == f"{text[:501]}\n[... 3,999 characters left out here ...]\n{text[-500:]}"
    assert cut.responses[1] == content("short")
    assert cut.left_out == (3999, 0)
    assert (cut.id, cut.prompt) == ("a", case(()).prompt)


def test_no_trim_leaves_the_case_as_it_is() -> None:
    whole = case(content("x" * 999), content("y"))
    assert trimmed(whole, None) is whole


def test_no_response_is_shown_longer_than_another_one_that_was_cut() -> None:
    cut = trimmed(case(content("x" * 1000), content("y" * 999), content("z" * 500)), 500)
    assert cut.left_out == (500, 499, 0)


@given(st.lists(st.one_of(st.text(min_size=0, max_size=30), st.none()), max_size=8), st.integers(1, 60))
def test_parts_and_images_keep_their_places(parts: list[str | None], trim: int) -> None:
    whole = tuple(Image(str(i)) if text is None else Text(text) for i, text in enumerate(parts))
    text = plain(whole)
    cut = trimmed(case(whole), trim)
    assert [part for part in cut.responses[0] if isinstance(part, Image)] == [p for p in whole if isinstance(p, Image)]
    assert [type(part) for part in cut.responses[0]] == [type(part) for part in whole]
    (left,) = cut.left_out
    if len(text) <= trim:
        assert (cut.responses, left) == ((whole,), 0)
        return
    head, tail = text[: trim - trim // 2], text[len(text) - trim // 2 :]
    mark = f"\n[... {left:,} characters left out here ...]\n"
    assert plain(cut.responses[0]) == head + mark + tail
    assert left == len(text) - trim


def test_halving_begins_at_the_longest_and_ends() -> None:
    long, trims, trim = case(content("x" * 10_000), content("y" * 300)), [], None
    while (trim := shorter(long, trim)) is not None:
        trims.append(trim)
    assert trims == [5000, 2500, 1250, 625, 312]
    assert shorter(case(content("x" * 511)), None) is None
    assert shorter(case((Image("u"),)), None) is None


def test_a_response_cannot_pass_for_cut() -> None:
    forged = content("[... 9 characters left out here ...] " * 20)
    assert trimmed(case(forged, content("x" * 2000)), 1000).left_out == (0, 1000)
    assert MARK.findall(plain(trimmed(case(forged), 300).responses[0])) == [f"{len(plain(forged)) - 300:,}"]
