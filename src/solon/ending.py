"""When the vote on a case ends: looks at the judgments so far, by the rules of `stopping`."""

from collections.abc import Sequence

from solon.calibrating import read_prior
from solon.config import JudgeConfig
from solon.errors import UserError
from solon.forms.form import Form
from solon.stopping import Tally, decided, looks
from solon.types import Judgment, Unread
from solon.vote import marks


class Ending:
    """The rule that a judge ends its votes by, and how many judgments count where only the best by weight do.

    `keep` is how many of k judgments vote by their weights; None where all do.

    Raises:
        UserError: votes of this form, or weighed like this, cannot end early by this rule; or the prior cannot be read.
    """

    def __init__(self, form: Form, config: JudgeConfig, keep: int | None) -> None:
        if config.stop != "never" and form.reach is None:
            raise UserError(
                f"stop={config.stop} needs to know the least and the largest score, and the form '{form.name}' does "
                "not say: add SCALE = (low, high) to its file, or use stop=never"
            )
        if config.stop == "lossless" and keep is not None:
            raise UserError(
                "stop=lossless cannot be told where only the best k_meta judgments vote, since one that is still to "
                "come may replace any of them: use weigh=soft, or stop=confident"
            )
        self.looks = looks(config.stop, config.k)
        self._form, self._config, self._keep = form, config, keep
        self._prior = None if config.prior is None else read_prior(config.prior)

    def votes(self, asked: int) -> int | None:
        """Return how many of the judgments asked for so far vote: the share of them that does in the end."""
        return None if self._keep is None else -(-self._keep * asked // self._config.k)

    def decided(self, outcomes: Sequence[Judgment | Unread], weights: Sequence[float | None] | None) -> bool:
        """Tell whether a case needs no further judgment, by what those asked for so far came to."""
        k, asked = self._config.k, len(outcomes)
        if asked >= k or not asked:
            return asked >= k
        given = marks(outcomes, rule=self._form.rule, weights=weights, keep=self.votes(asked))
        left = (self.votes(k) or k) - (self.votes(asked) or asked)
        return decided(Tally(given, left, self._form.reach or 0.0), self._config.stop, self._prior, self._config.delta)

    def facts(self) -> dict[str, object]:
        """Return what of the configuration may change from run to run: how votes are weighed and when they end."""
        config = self._config
        found: dict[str, object] = {}
        if config.meta is not None:
            found |= {"weigh": config.weigh, "k_meta": self._keep, "trust": config.trust}
        found |= {} if config.scores == "boxed" else {"scores": config.scores}
        if config.stop != "never":
            found |= {"stop": config.stop, "delta": config.delta, "prior": config.prior and str(config.prior)}
        return found

    def notes(self) -> list[str]:
        """Return what a user should know of the rule."""
        if self._config.stop == "confident" and self._prior is None:
            return [
                "Votes ended by a guess of how margins spread: solon tune stop makes a prior of full votes (--prior)."
            ]
        return []
