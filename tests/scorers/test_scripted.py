"""Scores from a script."""

from solon.samplers.seam import Failure
from solon.scorers.scripted import ScriptedScorer
from tests.scorers.conversing import talk


async def test_a_script_is_a_function_a_mapping_or_a_list() -> None:
    talks = [talk("good one"), talk("bad one")]
    by_length = ScriptedScorer(lambda conversation: len(conversation))
    assert await by_length.score(talks) == [2, 2]
    assert by_length.asked == talks
    assert await ScriptedScorer({"good": 1.5, "bad": Failure("down")}).score(talks) == [1.5, Failure("down")]
    (unknown,) = await ScriptedScorer({"else": 1.0}).score(talks[:1])
    assert unknown == Failure("the script has no score for the turn that begins 'good one'")
    assert await ScriptedScorer([0.5]).score(talks) == [0.5, Failure("the script is over after 1 scores")]
