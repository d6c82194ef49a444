"""PPE (arXiv 2410.14872): human preferences, and pairs of which one response is verifiably right.

Preference: `question_id, prompt, response_1, response_2, winner model_a | model_b | tie | tie (bothbad)`. Correctness:
five sets of `question_id, prompt, response_1.., scores [right?], sampled_conflict_pairs [[i, j]]`, pairs to compare.
"""

from collections.abc import Iterator, Sequence

from solon.benchmarks.benchmark import Benchmark, Item, Outcome, against_the_rest
from solon.benchmarks.figures import Figure, Ties
from solon.benchmarks.reading import Entry, Hub, Source
from solon.benchmarks.worth import averaged, by_subset, mean_of, of_best, subsets
from solon.errors import UserError
from solon.types import Best, Case, Label, Ratings, content

_WINNERS: dict[str, Label] = {
    "model_a": Best(0),
    "model_b": Best(1),
    "tie": Ratings((0.5, 0.5)),
    "tie (bothbad)": Ratings((0.5, 0.5)),
}
SETS = {"mmlupro": "MMLU-Pro", "math": "MATH", "gpqa": "GPQA", "mbppplus": "MBPP-Plus", "ifeval": "IFEval"}


def read_preference(source: Source) -> list[Item]:
    """Read every vote; one of which people saw no better response decides nothing."""
    return [_vote(entry, place) for place, entry in enumerate(source.entries())]


def _vote(entry: Entry, place: int) -> Item:
    label = _WINNERS[entry.choice("winner", tuple(_WINNERS))]
    responses = (content(entry.text("response_1")), content(entry.text("response_2")))
    subset = str(entry.row.get("language") or "all")
    question = entry.identity("question_id")
    case = Case(f"{question}/{place}", entry.conversation("prompt"), responses, tags={"subset": subset})
    return Item(case, label, subset, against_the_rest(label, 2), entry.where, group=question)


def preference(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the accuracy over the votes that prefer a response, and by language."""
    return [mean_of("accuracy", outcomes, of_best, ties), *subsets(outcomes, of_best, ties)]


def read_correctness(source: Source) -> list[Item]:
    """Read the conflict pairs of every question; the case's first response is the right one."""
    return [item for place, entry in enumerate(source.entries()) for item in _pairs(entry, place)]


def _pairs(entry: Entry, place: int) -> Iterator[Item]:
    subset, question = _set_of(entry), entry.identity("question_id")
    scores, pairs = entry.row.get("scores"), entry.row.get("sampled_conflict_pairs")
    if not isinstance(scores, Sequence) or isinstance(scores, str) or not scores:
        raise entry.fault("scores", "a list of whether each response is right")
    if not isinstance(pairs, Sequence) or not all(_is_pair(pair, scores) for pair in pairs):
        raise entry.fault("sampled_conflict_pairs", f"a list of pairs, one right and one wrong of {len(scores)},")
    for number, (i, j) in enumerate(pairs):
        right, wrong = (i, j) if scores[i] > scores[j] else (j, i)
        responses = (content(entry.text(f"response_{right + 1}")), content(entry.text(f"response_{wrong + 1}")))
        name = f"{subset}/{question}/{place}.{number}"
        case = Case(name, entry.conversation("prompt"), responses, tags={"subset": subset})
        yield Item(case, Best(0), subset, ((0, 1),), entry.where, group=f"{subset}/{question}")


def _is_pair(pair: object, scores: Sequence[float]) -> bool:
    if not isinstance(pair, Sequence) or len(pair) != 2 or not all(type(i) is int for i in pair):
        return False
    return all(0 <= i < len(scores) for i in pair) and scores[pair[0]] != scores[pair[1]]


def _set_of(entry: Entry) -> str:
    place = "".join(letter for letter in "/".join(entry.file.parts[-2:]).lower() if letter not in "-_ ")
    found = [(place.rfind(key), title) for key, title in SETS.items() if key in place]
    if not found:
        told = ", ".join(SETS.values())
        raise UserError(
            f"{entry.where}: the name of the file or of its folder is expected to hold that of its set: {told}"
        )
    return max(found)[1]


def correctness(outcomes: Sequence[Outcome], ties: Ties) -> list[Figure]:
    """Return the mean of the five sets, and the sets; the pairs of a question are drawn together."""
    parts = by_subset(outcomes)
    found = [mean_of(name, parts[name], of_best, ties) for name in SETS.values() if name in parts]
    return [averaged("score", found), *found]


PPE_PREFERENCE = Benchmark(
    name="ppe-preference",
    title="PPE Preference",
    modes=("list", "pairs", "single"),
    read=read_preference,
    figures=preference,
    note="The votes in which people preferred a response count, 16,038 with the ties that decide nothing; officially a "
    "verdict that is a tie, or could not be read, is wrong.",
    hub=(Hub("lmarena-ai/PPE-Human-Preference-V1", "test"),),
    sizes=(16_038,),
)
PPE_CORRECTNESS = Benchmark(
    name="ppe-correctness",
    title="PPE Correctness",
    modes=("list", "pairs", "single"),
    read=read_correctness,
    figures=correctness,
    note="Pairs of a right and a wrong response, as sampled by its authors; officially a tie is wrong. The score is "
    "the mean of the five sets.",
    hub=tuple(Hub(f"lmarena-ai/PPE-{name}-Best-of-K", "train") for name in SETS.values()),
    expected=dict.fromkeys(SETS.values()),
)
