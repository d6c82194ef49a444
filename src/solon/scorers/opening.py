"""Open the scorer that a model's name stands for; heavy libraries are imported only by the one that needs them."""

from solon.errors import UserError
from solon.scorers.seam import Scorer


def open_scorer(
    name: str, *, api_key: str | None = None, concurrency: int = 64, timeout: float = 600.0, cut: bool = False
) -> Scorer:
    """Return a scorer: of a server's URL its `/classify`, else a checkpoint folder or hub id in this process.

    `api_key`, `concurrency` (calls in flight) and `timeout` (seconds) are for servers; `cut` lets a model in this
    process read a conversation that is too long without its end, as `solon train scalar` does.

    Raises:
        UserError: the model cannot be loaded, or the library that would load it is not installed.
    """
    if name.startswith(("http://", "https://")):
        from solon.scorers.classify import ClassifyScorer

        return ClassifyScorer(name, api_key=api_key, concurrency=concurrency, timeout=timeout)
    try:
        from solon.scorers.transformers import TransformersScorer
    except ModuleNotFoundError as error:
        raise UserError(
            f"'{name}' is to score in this process, which needs {error.name}: pip install 'solon[local]', or give the "
            "http:// address of a server"
        ) from error
    return TransformersScorer.load(name, cut=cut)
