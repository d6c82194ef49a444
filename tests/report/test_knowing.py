"""What tells right judgments from wrong ones, among all and within a case."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from solon.forms import load_form
from solon.report.knowing import knowing
from solon.report.recorded import Recorded
from solon.store import Usage
from solon.types import Best, Verdict
from tests.report.making import case, judged, voted

RIGHT, NARROW, WRONG, TIED = judged(9, 1), judged(6, 5), judged(3, 5), judged(4, 4)


def weighed(*pairs: tuple[object, float]) -> Verdict:
    verdict = voted(*(outcome for outcome, _ in pairs))  # type: ignore[arg-type]
    return replace(verdict, weights=tuple(weight for _, weight in pairs))


def run(*verdicts: Verdict) -> Recorded:
    cases = tuple(case(name=f"c{i}") for i in range(len(verdicts)))
    return Recorded(MappingProxyType({"k": 4}), load_form("pointwise"), cases, verdicts, Usage(0, 0, 0, 0, 0.0))


LABELS = {f"c{i}": Best(0) for i in range(3)}


def test_within_a_case_only_its_own_judgments_are_ranked() -> None:
    low = weighed((RIGHT, -5.0), (WRONG, -6.0), (TIED, 9.0))
    high = weighed((NARROW, 6.0), (WRONG, 5.0), (WRONG, 7.0), (WRONG, 5.5))
    alone = weighed((WRONG, 8.0), (WRONG, 9.0))
    found = {name: auc.mean for name, auc in knowing(run(low, high, alone), LABELS, 4).items()}
    assert found["weight, within a case"] == pytest.approx((1.0 + 2 / 3) / 2)
    assert found["weight"] == pytest.approx((1 + 3) / (2 * 6))


def test_without_a_case_of_both_kinds_there_is_nothing_within() -> None:
    found = knowing(run(weighed((RIGHT, 1.0)), weighed((WRONG, 0.0))), LABELS, 4)
    assert found["weight"].mean == 1.0
    assert "weight, within a case" not in found
    assert knowing(run(weighed((RIGHT, 1.0)), weighed((RIGHT, 0.0))), LABELS, 4) == {}
