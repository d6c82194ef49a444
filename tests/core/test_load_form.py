"""A user's own form: loaded whole, or refused in one sentence that names the file and the cure."""

import pytest

from solon.errors import UserError
from solon.forms import FORMS, load_form
from solon.forms.layout import fenced
from tests.core.make import case, prompt_text

GOOD = """
from functools import partial
from solon.forms.reading import read_boxed

TEMPLATE = "{{conversation}}\\n{{#reference}}{{reference}}\\n{{/reference}}{{responses}}\\nScore from 1 to 5."
read = partial(read_boxed, low=1, high=5)
"""


@pytest.mark.parametrize("name", FORMS)
def test_a_form_by_name(name):
    assert load_form(name) is FORMS[name]


def test_a_user_s_file(write):
    form = load_form(path := write(GOOD))
    assert (form.name, form.file, form.rule, form.layout) == ("strict", path, "mean", fenced)
    assert prompt_text(form.render(case("a", "b"), (0, 1))).endswith("Score from 1 to 5.")
    assert form.outcome("\\boxed{5, 1}", 2) == form.read("\\boxed{5, 1}", 2)
    assert form.outcome("\\boxed{9, 1}", 2).reason == "out_of_range"  # type: ignore[union-attr]


def test_a_user_s_layout_takes_the_place_of_the_fences(write):
    layout = """
def layout(case, order, nonce):
    slots = fenced(case, order, nonce)
    shown = [part for place, i in enumerate(order) for part in (Text(f"[{place}] "), *case.responses[i])]
    return slots | {"responses": tuple(shown)}
"""
    form = load_form(write("from solon.forms.layout import fenced\nfrom solon.types import Text\n" + GOOD + layout))
    assert "[0] b[1] a" in prompt_text(form.render(case("a", "b"), (1, 0)))
    assert form.echo_mark(case("a")) == ""


def test_dataclasses_and_later_imports_work_in_a_user_s_file(write):
    kept = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    kept += "@dataclass\nclass Kept:\n    count: int = 0\n"
    assert load_form(write(kept + GOOD)).name == "strict"


def test_two_files_of_the_same_name_are_two_forms(write, tmp_path):
    first = load_form(write(GOOD))
    (tmp_path / "other").mkdir()
    second = load_form(write(GOOD.replace("5", "7"), "other/strict.py"))
    assert first.outcome("\\boxed{6}", 1).reason == "out_of_range"  # type: ignore[union-attr]
    assert second.outcome("\\boxed{6}", 1).scores == (6.0,)  # type: ignore[union-attr]


def test_trap_8_an_unknown_name_lists_the_forms():
    with pytest.raises(UserError, match="no form is named 'pointwize'; the forms are pointwise, correct, pairwise"):
        load_form("pointwize")


def test_a_missing_file(tmp_path):
    folder = tmp_path / "folder.py"
    folder.mkdir()
    for path in (tmp_path / "missing.py", folder):
        with pytest.raises(UserError, match=r"the form file '.*' does not exist"):
            load_form(str(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold TEMPLATE, a text, and the function read"),
        ("TEMPLATE = '{{responses}}'", "must hold TEMPLATE"),
        ("def read(text, n): ...", "must hold TEMPLATE"),
        ("TEMPLATE = 3\ndef read(text, n): ...", "must hold TEMPLATE"),
        ("TEMPLATE = '{{responses}}'\nread = 3", "must hold TEMPLATE"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        (
            "import no_such_module_at_all",
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_at_all'",
        ),
        ("raise AttributeError('mine')", "cannot be imported: AttributeError: mine"),
        ("def read(:", "cannot be imported: SyntaxError"),
        (
            GOOD.replace("{{responses}}", "{{response}}"),
            "cannot be used: the template names the slot 'response'; the slots are",
        ),
        (
            GOOD.replace("{{/reference}}", ""),
            "cannot be used: the template opens the section 'reference' and never closes it",
        ),
        (GOOD.replace("{{responses}}", ""), r"never inserts \{\{responses\}\}: there is nothing to judge in it"),
        (GOOD + "def layout(case): ...", r"cannot be used: .*layout\(...\) raised TypeError"),
        (GOOD + "def layout(case, order, nonce): return None", r"cannot be used: .*layout\(...\) returned NoneType"),
        (
            GOOD + "def layout(case, order, nonce): return {}",
            "cannot be used: the template names the slot 'conversation'",
        ),
    ],
)
def test_a_file_that_is_no_form_is_refused_with_its_name(write, text, said):
    path = write(text)
    with pytest.raises(UserError, match=said) as raised:
        load_form(path)
    assert path in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_user_s_layout_that_fails_later_is_named(write):
    form = load_form(
        write(
            GOOD + "def layout(case, order, nonce): return {k: () for k in ('conversation', 'responses', "
            "'reference', 'principles')} if case.id == 'trial' else 1 / 0"
        )
    )
    with pytest.raises(UserError, match=r"the form 'strict' \(.*strict.py\): layout\(...\) raised ZeroDivisionError"):
        form.render(case("a"), (0,))


def test_a_user_s_principles_are_shown_in_the_given_modes(write):
    form = load_form(
        write(GOOD.replace("{{conversation}}", "{{#principles}}By:\\n{{principles}}\\n{{/principles}}{{conversation}}"))
    )
    one = case("a", principles=("Be right",))
    assert prompt_text(form.render(one, (0,), "given")).startswith("By:\n- Be right\n<<<turn 1")
    assert prompt_text(form.render(one, (0,), "self")).startswith("<<<turn 1")
