"""`solon serve`: a judge as a reward server."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from solon.config import JudgeConfig
from solon.errors import UserError
from solon.files import make_folder, write_json
from solon.judge import Judge
from solon.store import Store

try:
    from solon.server.settings import Settings
except ModuleNotFoundError as error:
    raise UserError(f"solon serve needs {error.name}: pip install 'solon[serve]'") from error

_DEFAULTS = Settings()


def serve(
    *,
    config: Annotated[JudgeConfig, Parameter(name="*")],
    settings: Annotated[Settings, Parameter(name="*")] = _DEFAULTS,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 8100,
    out: Path | None = None,
) -> None:
    """Serve a judge over HTTP, to trainers by their own protocols and to everybody by /v1/judge.

    Parameters
    ----------
    config
        Which model judges, and how.
    settings
        How requests are admitted, grouped and answered.
    host
        The address to listen on; 0.0.0.0 is every one.
    port
        The port to listen on; 0 takes a free one, which the log names.
    out
        A folder for run.sqlite, which keeps every sample the moment it arrives, summary.json, which says how they
        vote, and judgments.sqlite, where /v1/judgments finds judgments after a restart. Without it the last ones are
        kept in memory.
    """
    from solon.server.app import create_app
    from solon.server.keeping import Keeping
    from solon.server.serving import run

    judge = Judge(**dict(config))
    if out is None:
        kept = Keeping()
    else:
        make_folder(out)
        kept = Keeping(Store(out / "run.sqlite", judge.identity()), out / "judgments.sqlite")
        write_json(out / "summary.json", {"config": judge.identity() | judge.ending.facts()})
    app = create_app(judge, settings, store=kept)
    run(app, host, port)
