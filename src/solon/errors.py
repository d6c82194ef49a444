"""Whose fault it was: the caller's, the sampler's, or ours."""


class SolonError(Exception):
    """The root of every error that Solon raises on purpose."""


class UserError(SolonError):
    """Something the caller can mend: the message says what was seen, what is allowed and what to do.

    The command line prints it as one sentence, without a traceback, and exits with code 2.
    """


class SamplerError(SolonError):
    """A model or its server cannot be used at all; a single failed call is a `Failure`, not an error."""
