"""Templates: filled in one pass, known slots only, images in place."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from solon.errors import UserError
from solon.forms.template import fill, inserted, merged
from solon.types import Image, Text, content, plain
from tests.core.make import JUDGED

IMAGE = Image("https://example.com/cat.png")


def filled(template: str, **slots: str) -> str:
    return plain(fill(template, {name: content(text) if text else () for name, text in slots.items()}))


@given(JUDGED, JUDGED)
@example("{{b}}", "{{a}}")
@example("{{#a}}x{{/a}}", "{0}{}%s")
def test_trap_5_inserted_text_is_never_expanded(a, b):
    assert filled("a={{a}};b={{b}};a={{a}}", a=a, b=b) == f"a={a};b={b};a={a}"


@pytest.mark.parametrize(
    "text", ["{}", "{0}", "{a}", "{a!r:>{b}}", "%s %(a)s", "$a ${a}", "\\1 \\g<0>", "}} {{", "{{{", "{{}}", "{{-}}"]
)
def test_trap_5_braces_and_format_marks_of_the_template_are_text(text):
    assert filled(text + "{{a}}" + text, a="{}{0}%s\\1") == text + "{}{0}%s\\1" + text


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "yes"),
        ("{{#e}}yes{{/e}}{{^e}}no{{/e}}", "no"),
        ("{{#a}}1{{#e}}2{{/e}}3{{/a}}", "13"),
        ("{{#e}}1{{^e}}2{{/e}}{{a}}3{{/e}}4", "4"),
        ("{{#a}}1{{^e}}{{a}}{{/e}}{{/a}}", "1A"),
        ("x{{e}}y", "xy"),
        ("{{ a }}{{# a }}b{{/\ta }}", "Ab"),
    ],
)
def test_sections_keep_or_drop_their_text(template, shown):
    assert filled(template, a="A", e="") == shown


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("1\n{{#a}}\n2\n{{/a}}\n3\n", "1\n2\n3\n"),
        ("1\n  {{#e}}\t\n2\n{{/e}}\n3\n", "1\n3\n"),
        ("1\n{{#a}}\n\n2\n{{/a}}\n", "1\n\n2\n"),
        ("1 {{#a}}\n2{{/a}}\n", "1 \n2\n"),
        ("1\n{{a}}\n2\n", "1\nA\n2\n"),
    ],
)
def test_a_section_tag_alone_on_its_line_takes_the_line_with_it(template, shown):
    assert filled(template, a="A", e="") == shown


@pytest.mark.parametrize("template", ["{{b}}", "{{#e}}{{b}}{{/e}}", "{{#b}}x{{/b}}", "{{/b}}"])
def test_trap_8_an_unknown_slot_is_refused_also_where_it_would_not_show(template):
    with pytest.raises(UserError, match="the template names the slot 'b'; the slots are a, e"):
        filled(template, a="A", e="")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{#a}}", "opens the section 'a' and never closes it"),
        ("{{/a}}", "closes the section 'a', which is not the last one it opened"),
        ("{{#a}}{{#e}}{{/a}}{{/e}}", "closes the section 'a'"),
        ("{{^e}}{{/e}}{{/e}}", "closes the section 'e'"),
    ],
)
def test_uneven_sections_are_refused(template, said):
    with pytest.raises(UserError, match=said):
        filled(template, a="A", e="")


def test_images_stay_where_their_slot_stands():
    slots = {"a": (Text("see "), IMAGE, Text(" there")), "e": ()}
    assert fill("1{{a}}2{{#e}}{{a}}{{/e}}", slots) == (Text("1see "), IMAGE, Text(" there2"))
    assert fill("{{a}}{{a}}", {"a": (IMAGE,)}) == (IMAGE, IMAGE)


def test_a_flag_is_only_a_section():
    assert inserted("{{#a}}{{ b }}{{^c}}{{d}}{{/c}}{{/a}} {{b}}") == ["b", "d", "b"]


@given(st.lists(st.text(max_size=3).map(Text) | st.just(IMAGE)))
def test_merging_keeps_texts_and_images_in_order(parts):
    joined = tuple(merged(parts))
    assert plain(joined) == plain(tuple(parts))
    assert joined.count(IMAGE) == parts.count(IMAGE)
    assert not any(isinstance(a, Text) and isinstance(b, Text) for a, b in pairwise(joined))
    assert Text("") not in joined


@given(st.text("{}#^/a \n", max_size=60))
def test_any_template_is_filled_or_refused(template):
    with suppress(UserError):
        assert isinstance(plain(fill(template, {"a": content("A")})), str)
