"""Every rule of the world, by examples."""

import pytest

from solon.sandbox.criteria import RULES, Criterion, parse

TWELVE = "one two three four five six seven eight nine ten eleven twelve."

EXAMPLES = [
    ("brief", TWELVE, True),
    ("brief", TWELVE + " Thirteen.", False),
    ("full", TWELVE + " One two three.", False),
    ("full", TWELVE + " One two three four.", True),
    ("polite", "Thank you.", True),
    ("polite", "Please, take your time!", True),
    ("polite", "Kindly take a seat.", True),
    ("polite", "Just come in. A pleased thankless cat.", False),
    ("cheerful", "We are glad.", True),
    ("cheerful", "We are GLAD!", True),
    ("cheerful", "It is a merry day. The bakers are sad.", False),
    ("cheerful", "It is a day.", False),
    ("greeting", "Hello, everyone. The sea.", True),
    ("greeting", "Dear Ada. The sea.", True),
    ("greeting", "The sea. Hello, everyone.", False),
    ("greeting", "Dearest.", False),
    ("signed", "The sea. Yours, Ada.", True),
    ("signed", "The sea. With love, Leo!", True),
    ("signed", "Yours, Ada. The sea.", False),
    ("signed", "I signed it.", False),
    ("color", "A golden bird sings.", True),
    ("color", "A bird sings. I used color.", False),
    ("calm", "The sea.", True),
    ("calm", "The sea!", False),
    ("has river", "The River waits for us.", True),
    ("has river", "The rivers wait for us.", False),
    ("without river", "The sea waits for us.", True),
    ("without river", "Look at the river.", False),
    ("sum", "3 pears and 4 plums make 7.", True),
    ("sum", "3 pears and 4 plums make 8.", False),
    ("sum", "3 pears and 4 plums make 7. 2 eggs and 2 cakes make 5.", False),
    ("sum", "My sum is right.", False),
    ("order", "First sow, then wait, last sing.", True),
    ("order", "Then sow, first wait, last sing.", False),
    ("order", "First sow, then wait.", False),
    ("order", "First sow, then wait, last sing. First rest.", False),
    ("count", "Bring 3 things: bread, rope, soap.", True),
    ("count", "Bring 2 things: bread, rope, soap.", False),
    ("count", "Bring things.", False),
]


@pytest.mark.parametrize(("name", "text", "met"), EXAMPLES)
def test_a_rule_decides(name, text, met):
    assert parse(name).met(text) is met


def test_every_rule_has_examples_of_both_kinds():
    for name in RULES:
        assert {met for example, _, met in EXAMPLES if example.split()[0] == name} == {True, False}


@pytest.mark.parametrize("criterion", [Criterion("brief"), Criterion("has", "river"), Criterion("without", "sea")])
def test_a_criterion_reads_back_as_written(criterion):
    assert parse(criterion.text) == criterion


@pytest.mark.parametrize("text", ["", "nice", "has", "brief river", "has river sea", "3"])
def test_what_is_no_criterion_is_none(text):
    assert parse(text) is None
