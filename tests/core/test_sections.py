"""Sections: principles with weights, critique and scores are found in what real judges write, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solon.forms import FORMS
from solon.forms.sections import parse_principles
from solon.types import Judgment, Principle
from tests.core.make import JUDGED

READ = FORMS["pointwise"].read
BOX = "\\boxed{8, 9}"

PLAIN = """Principles:
- Accuracy (weight: 60%): the facts are right
- Warmth (weight: 40%): a child feels at ease

Analysis:
Response 1 is right.
Response 2 is warm.

Scores:
\\boxed{8, 9}"""
GRM = """**Specific Criteria:**
1. **Accuracy (weight: 60%)**: the facts are right
2. **Warmth (weight: 40%)**: a child feels at ease

**Analysis:**
Response 1 is right.
Response 2 is warm.

**Scores:**
**\\boxed{8, 9}**"""
MARKDOWN = """Sure, here is my judgment.

### Principles

* **Accuracy** (Weight: 60%) - the facts are right
* **Warmth** [40%] – a child feels at ease

---

### Comparative Analysis
Response 1 is right.
Response 2 is warm.

### Final Scores (in order):

Overall: $\\boxed{8, 9}$"""
OUTLINE = """1. Evaluation criteria and weights:
   a) not a list mark, so it is no item
   - Accuracy, weight: 60%: the facts are right
   - Warmth: a child feels at ease (40 %)

2. Analysis of the responses: Response 1 is right.
Response 2 is warm.

3. Overall Score: \\boxed{8, 9}"""
BOLD = """__Principles__
**Accuracy** (60%): the facts are right
**Warmth** (40%): a child
feels at ease

__Critique__
Response 1 is right.
Response 2 is warm.

\\boxed{8, 9}"""
UNTITLED = """PRINCIPLES:
• Accuracy (60%): the facts are right
• Warmth (40%): a child feels at ease

Response 1 is right.
Response 2 is warm.

Verdict:
\\boxed{8, 9}"""


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        GRM,
        MARKDOWN,
        OUTLINE,
        BOLD,
        UNTITLED,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.upper().replace("BOXED", "boxed"),
    ],
)
def test_judgments_as_models_write_them(text):
    judgment = READ(text, 2)
    assert isinstance(judgment, Judgment)
    assert [principle.weight for principle in judgment.principles] == [60.0, 40.0]
    assert [principle.text.lower()[:6] for principle in judgment.principles] == ["accura", "warmth"]
    assert all(principle.text.lower().endswith(("right", "at ease")) for principle in judgment.principles)
    lines = judgment.critique.lower().splitlines()
    assert [line for line in lines if line != "---"] == ["response 1 is right.", "response 2 is warm."]
    assert judgment.scores == (8.0, 9.0)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("Accuracy (weight: 40%)", Principle("Accuracy", 40.0)),
        ("Accuracy (Weight: 3): facts", Principle("Accuracy: facts", 3.0)),
        ("Accuracy (weight = 0.4)", Principle("Accuracy", 0.4)),
        ("Accuracy (weight 40): facts", Principle("Accuracy: facts", 40.0)),
        ("Accuracy [30%] facts", Principle("Accuracy facts", 30.0)),
        ("**Accuracy** **(weight: 40%)**", Principle("Accuracy", 40.0)),
        ("**Accuracy (40 %):** facts", Principle("Accuracy: facts", 40.0)),
        ("Accuracy - Weightage: 25% - facts", Principle("Accuracy - facts", 25.0)),
        ("Accuracy (**weight: 12.5%**)", Principle("Accuracy", 12.5)),
        ("Names 3 causes (3)", Principle("Names 3 causes (3)")),
        ("Knows the law of 1990 (1990)", Principle("Knows the law of 1990 (1990)")),
        ("At least 50% are verbs", Principle("At least 50% are verbs")),
        ("Sums (weight: 1000)", Principle("Sums (weight: 1000)")),
        ("Keeps (weight: ８)", Principle("Keeps (weight: ８)")),
        ("Says the weight of a cat", Principle("Says the weight of a cat")),
        ("*Emphasis*", Principle("Emphasis")),
    ],
)
def test_a_principle_and_its_weight(item, expected):
    assert parse_principles(f"- {item}") == (expected,)


def test_deeper_items_and_further_lines_belong_to_the_principle_above():
    section = "1. Accuracy (60%)\n   - facts\n   - sums\n2. Warmth\n   in every line\n\n3. Order"
    assert [one.text for one in parse_principles(section)] == [
        "Accuracy - facts - sums",
        "Warmth in every line",
        "Order",
    ]


@pytest.mark.parametrize("section", ["", "none needed", "- ", "- **", "*", "\n\n", "1.", "---"])
def test_a_section_without_a_list_has_no_principles(section):
    assert parse_principles(section) == ()


def test_a_principle_that_never_ends_is_cut():
    (principle,) = parse_principles("- " + "long " * 10_000)
    assert 900 < len(principle.text) <= 1000


def test_a_judgment_without_headings_is_all_critique():
    judgment = READ(f"The first is better, I think.\n\nSo {BOX}", 2)
    assert judgment == Judgment((8.0, 9.0), (), "The first is better, I think.\n\nSo", judgment.text, judgment.spans)
    assert judgment.spans.principles is None


def test_a_judgment_of_only_a_box_has_an_empty_critique():
    judgment = READ(BOX, 2)
    assert (judgment.critique, judgment.spans.critique, judgment.spans.scores) == ("", (0, 0), (0, len(BOX)))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Analysis: it is right.", "it is right."),
        ("**Analysis:** it is right.", "it is right."),
        ("#### Detailed Analysis\nit is right.", "it is right."),
        ("2) Critique of response 1:\nit is right.", "it is right."),
        ("**2. Analysis**\nit is right.", "it is right."),
        ("Analysis is hard but it is right.", "Analysis is hard but it is right."),
        ("- Analysis: it is right.", "- Analysis: it is right."),
        ("In the end, analysis: it is right.", "In the end, analysis: it is right."),
    ],
)
def test_what_is_a_heading_of_the_critique(line, found):
    assert READ(f"{line}\n{BOX}", 2).critique == found


def test_a_numbered_principle_is_no_heading():
    judgment = READ(f"Principles:\n1. Analysis: is deep (70%)\n2. Overall: is fit\n\nAnalysis:\nfine\n{BOX}", 2)
    assert [one.text for one in judgment.principles] == ["Analysis: is deep", "Overall: is fit"]
    assert judgment.critique == "fine"


def test_a_score_in_the_critique_does_not_end_it():
    judgment = READ(f"Analysis:\nFirst.\nOverall: it is long.\n{'x ' * 200}\nScore: 7\nSecond.\n\nScores:\n{BOX}", 2)
    assert judgment.critique.endswith("Score: 7\nSecond.")


def test_analysis_before_the_principles_is_not_the_critique():
    judgment = READ(f"Analysis of the request:\nhard\n\nPrinciples:\n- Right (50%)\n\nCritique:\nfine\n\n{BOX}", 2)
    assert [one.text for one in judgment.principles] == ["Right"]
    assert judgment.critique == "fine"


def test_scores_named_before_the_analysis_do_not_end_it():
    assert READ(f"Scores:\nsee below\n\nAnalysis:\nfine\n\n{BOX}", 2).critique == "fine"


def test_spans_slice_back_to_the_parts():
    judgment = READ(PLAIN, 2)
    principles, critique, scores = (
        PLAIN[slice(*span)] for span in (judgment.spans.principles, judgment.spans.critique, judgment.spans.scores)
    )
    assert principles == PLAIN[PLAIN.index("- Acc") : PLAIN.index("\n\nAnalysis")]
    assert critique == judgment.critique == "Response 1 is right.\nResponse 2 is warm."
    assert scores == BOX


TITLES = [
    "Principles:",
    "**Specific Criteria:**",
    "### Analysis",
    "Analysis: x",
    "2. Critique",
    "Scores:",
    "Overall: ",
    "Best",
]
ITEMS = ["- a (weight: 40%)", "1. b", "**c** [3%]", "  - d", "Principles: - a", "* Scores:", "words"]
BREAKS = ["", " ", "\u2028", "\x85", "\x1c-", "\t"]
LINES = st.sampled_from(TITLES + ITEMS + BREAKS)


@given(st.lists(LINES | JUDGED).map("\n".join), st.sampled_from(["", "\r\n", " tail", "\n**"]))
def test_spans_are_ordered_in_bounds_and_of_what_they_name(before, after):
    text = f"{before}{BOX}{after}"
    judgment = READ(text, 2)
    assert isinstance(judgment, Judgment)
    spans = judgment.spans
    assert spans.critique is not None
    assert spans.scores is not None
    edges = [*(spans.principles or (0, 0)), *spans.critique, *spans.scores]
    assert edges == sorted(edges)
    assert 0 <= edges[0] <= edges[-1] <= len(text)
    assert text[slice(*spans.critique)] == judgment.critique == judgment.critique.strip()
    assert text[slice(*spans.scores)] == BOX
    assert not judgment.principles or spans.principles
    assert all(one.text and (one.weight is None or 0 <= one.weight < 1000) for one in judgment.principles)
