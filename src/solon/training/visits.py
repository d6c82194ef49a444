"""In which order a training meets its prompts: every pass over the cases shuffles them, and their responses anew.

The place of the best response is balanced, not drawn: among the visits to cases of n responses it stands in each place
equally often, so that no reward comes from a preference for a place.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from solon.forms.form import Form
from solon.order import stable_hash
from solon.reward import best_responses
from solon.training.forms import Forms
from solon.types import LabeledCase, Message, Order, PromptMode, Right


@dataclass(frozen=True, slots=True)
class Visit:
    """One labeled case in the order of one rollout group, and the form and mode of principles that it is put in."""

    labeled: LabeledCase
    order: Order
    form: Form
    mode: PromptMode = "self"

    def prompt(self, seed: int) -> tuple[Message, ...]:
        """Put the case into its form."""
        return self.form.render(self.labeled.case, self.order, self.mode, seed=seed)


def visits(cases: Sequence[LabeledCase], forms: Forms, count: int, seed: int, mode: PromptMode = "self") -> list[Visit]:
    """Return so many visits to the cases, each case as often as any other but for one; more begin as fewer do."""
    places: Counter[int] = Counter()
    found: list[Visit] = []
    while len(found) < count:
        rng = random.Random(stable_hash("visits", seed, len(found)))
        drawn = rng.sample(list(cases), len(cases))
        found += [Visit(one, _order(one, places, rng), forms.of_case(one), mode) for one in drawn]
    return found[:count]


def _order(one: LabeledCase, places: Counter[int], rng: random.Random) -> Order:
    if isinstance(one.label, Right):
        return (0,)
    best, n = best_responses(one.label)[0], one.case.n
    order = rng.sample([i for i in range(n) if i != best], n - 1)
    order.insert(places[n] % n, best)
    places[n] += 1
    return tuple(order)
