"""`solon sandbox study`: arms of docs/study.md as a cell per seed, resumable cell by cell."""

from pathlib import Path

from rich.console import Console

from solon import sandbox
from solon.cli.cells import CELLS
from solon.cli.clock import Clock
from solon.cli.lab import Lab, Sizes
from solon.errors import UserError
from solon.files import make_folder, make_room, write_json, write_whole
from solon.report.cells import Cells, cell_path, keep_cell, read_cells
from solon.report.findings import draw_findings, findings
from solon.report.page import need_matplotlib
from solon.report.sheets import markdown as markdown_lines
from solon.report.sheets import sheets
from solon.report.studied import lines as studied
from solon.report.tables import text_table

SIZES = {
    "full": Sizes(),
    "tiny": Sizes(main=8, most=4, others=6, few=2, train=24, steps=1, chunks=1),
}


def study(
    *,
    seeds: list[int] | None = None,
    only: list[str] | None = None,
    out: Path = Path("runs/study"),
    cells: Path | None = None,
    as_is: bool = False,
    sizes: str = "full",
    json: Path | None = None,
    markdown: Path | None = None,
    png: Path | None = None,
    lines: Path | None = None,
) -> None:
    """Run the cells of the study that are not there yet, and judge the claims by all that are.

    Parameters
    ----------
    seeds
        The seeds; by default 101, 102 and 103.
    only
        Names of the arms to run; by default all.
    out
        The folder of models and samples: a folder per seed.
    cells
        The folder of the results, a file per arm and seed; by default OUT/cells.
    as_is
        Make no cells: judge the claims by those that are there.
    sizes
        full, as docs/study.md says, or tiny, to try the command.
    json
        Also write arms, claims and facts to this file.
    markdown
        Also write the tables to this file, as GitHub Markdown.
    png
        Also draw accuracy against votes to this file.
    lines
        Also write what the demo's page shows of the study to this file.
    """
    console = Console()
    if unknown := sorted(set(only or ()) - CELLS.keys()):
        raise UserError(f"there is no arm '{unknown[0]}'; the arms are {', '.join(CELLS)}")
    if sizes not in SIZES:
        raise UserError(f"sizes is '{sizes}'; {' or '.join(SIZES)} is allowed")
    cells = cells or out / "cells"
    if not as_is:
        make_folder(cells)
    elif not any(cells.glob("*.json.gz")):
        raise UserError(
            f"there are no cells in '{cells}': name a folder that has them with --cells, or leave out --as-is"
        )
    make_room(json, markdown, png, lines)
    if png:
        need_matplotlib()
    if not as_is:
        from solon.samplers.local.loading import quietly

        with quietly(sandbox.checkpoint()):
            _made(seeds or [101, 102, 103], only or list(CELLS), out, cells, SIZES[sizes], Clock(console))
    made = read_cells(cells)
    _told(made, console, json, markdown, png)
    if lines:
        write_json(lines, studied(made))


def _told(cells: Cells, console: Console, json: Path | None, markdown: Path | None, png: Path | None) -> None:
    """Print what the cells come to, and write it where it is wanted."""
    found = findings(cells)
    for sheet in sheets(found):
        console.print(text_table(sheet.title, sheet.heads, sheet.rows))
    if json:
        write_json(json, found.plain())
    if markdown:
        write_whole(markdown, markdown_lines(found))
    if png:
        draw_findings(cells, png)


def _made(seeds: list[int], names: list[str], out: Path, cells: Path, sizes: Sizes, clock: Clock) -> None:
    """Make the cells that are not there; each keeps the seconds that it took, less those of what was there."""
    for seed in seeds:
        lab = Lab(out / f"seed{seed}", sandbox.checkpoint(), seed, sizes)
        lab.begin()
        for name in names:
            path = cell_path(cells, name, seed)
            if not path.exists():
                with clock.stage(told := f"{name}, seed {seed}"):
                    rows = CELLS[name](lab)
                keep_cell(path, [row | {"seconds": round(clock.seconds[told])} for row in rows])
