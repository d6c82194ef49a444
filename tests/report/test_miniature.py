"""What the demo says of the meta model."""

import json
from pathlib import Path

import pytest

from solon.report.miniature import Ranking


@pytest.mark.parametrize(
    ("auc", "within", "told"),
    [
        (
            0.74273,
            0.6928,
            "with an AUC of 0.743 over all 444 held-out judgments, and of 0.693 within a case (57 with both",
        ),
        (None, None, "with an AUC of - over all 444 held-out judgments, and of - within a case (57 with both kinds)"),
    ],
)
def test_how_a_meta_model_ranks_is_read_from_the_report_of_its_training(
    auc: float | None, within: float | None, told: str, tmp_path: Path
) -> None:
    report = {"judgments": 8539, "held out judgments": 444, "held out right": 176, "held out auc": auc}
    report |= {"held out auc within cases": within, "held out cases with both": 57}
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    ranking = Ranking.of(tmp_path / "checkpoint")
    assert ranking == Ranking(444, auc, 57, within)
    assert told in ranking.told
