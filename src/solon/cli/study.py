"""`solon sandbox study`: arms of docs/study.md as a cell per seed, resumable cell by cell."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from rich.console import Console

from solon import sandbox
from solon.cli.clock import Clock
from solon.cli.lab import Lab, Sizes
from solon.errors import UserError
from solon.files import make_folder
from solon.report.tables import percent, rows_table
from solon.stats import bootstrap, paired
from solon.types import LabeledCase

Cell: TypeAlias = Callable[[Lab], list[dict[str, Any]]]
"""What an arm measures: one row per split or setting."""


def study(
    *,
    seeds: list[int] | None = None,
    only: list[str] | None = None,
    out: Path = Path("runs/study"),
    sizes: str = "full",
) -> None:
    """Run the cells of the study that are not there yet, and print what all of them came to.

    Parameters
    ----------
    seeds
        The seeds; by default 101, 102 and 103.
    only
        Names of the arms to run; by default all.
    out
        The folder: a folder per seed, and the results in cells/.
    sizes
        full, as docs/study.md says, or tiny, to try the command.
    """
    console = Console()
    if unknown := sorted(set(only or ()) - CELLS.keys()):
        raise UserError(f"there is no arm '{unknown[0]}'; the arms are {', '.join(CELLS)}")
    if sizes not in SIZES:
        raise UserError(f"sizes is '{sizes}'; {' or '.join(SIZES)} is allowed")
    make_folder(out / "cells")
    clock = Clock(console)
    for seed in seeds or [101, 102, 103]:
        lab = Lab(out / f"seed{seed}", sandbox.checkpoint(), seed, SIZES[sizes])
        lab.begin()
        for name in only or CELLS:
            path = out / "cells" / f"{name}-{seed}.json.gz"
            if not path.exists():
                with clock.stage(f"{name}, seed {seed}"):
                    _keep(path, CELLS[name](lab))
    console.print(rows_table(_summary(out / "cells"), "arms of the study, percent [95 % interval over cases]"))


def _keep(path: Path, rows: list[dict[str, Any]]) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress(json.dumps(rows).encode(), mtime=0))
    part.replace(path)


def read_cells(folder: Path) -> dict[str, dict[int, list[dict[str, Any]]]]:
    """Return all results, by arm and seed."""
    found: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for path in sorted(folder.glob("*.json.gz")):
        name, _, seed = path.name.removesuffix(".json.gz").rpartition("-")
        found.setdefault(name, {})[int(seed)] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def _summary(folder: Path) -> list[dict[str, object]]:
    """Return a row per arm and setting: its cases pooled over seeds, and its gain over `rl` on the same cases."""
    cells = read_cells(folder)
    rows = []
    for name in [name for name in CELLS if name in cells]:
        for i, first in enumerate(next(iter(cells[name].values()))):
            parts = {seed: settings[i] for seed, settings in cells[name].items()}
            row: dict[str, object] = {"arm": name, "setting": first.get("setting", first["split"])}
            row |= {"cases": sum(part["cases"] for part in parts.values())}
            row["greedy"] = percent(bootstrap([value for part in parts.values() for value in part["earned"]["greedy"]]))
            for k in ("8", "32"):
                values = [value for part in parts.values() for value in part["earned"]["votes"].get(k, ())]
                row[f"vote@{k}"] = percent(bootstrap(values)) if values else "-"
            rows.append(row | _gains(parts, cells.get("rl", {})) | _rules(parts))
    return rows


def _gains(parts: Mapping[int, Mapping[str, Any]], main: Mapping[int, list[dict[str, Any]]]) -> dict[str, object]:
    """Return what an arm gains over the main one, greedily, on the cases that both judged."""
    values, others = [], []
    for seed, part in parts.items():
        rival = next((row for row in main.get(seed, ()) if row["split"] == part["split"]), None)
        if rival is not None and "setting" not in part:
            both = min(part["cases"], rival["cases"])
            values += part["earned"]["greedy"][:both]
            others += rival["earned"]["greedy"][:both]
    return {"greedy over rl": percent(paired(values, others)) if values else "-"}


def _rules(parts: Mapping[int, Mapping[str, Any]]) -> dict[str, object]:
    rules = [part["rules"]["greedy"] for part in parts.values()]
    return {
        name: "-" if None in (found := [row[name] for row in rules]) else fmean(found)
        for name in ("checks true", "implied")
    }


def _main(judge: Callable[[Lab], Path], name: str) -> Cell:
    def cell(lab: Lab) -> list[dict[str, Any]]:
        meta = lab.meta() if name == "rl" else None
        return [lab.measured(name, judge(lab), split=split, main=True, meta=meta) for split in ("test", "unseen")]

    return cell


def _reinforced(name: str, **fields: Any) -> Cell:
    return lambda lab: [lab.measured(name, lab.stages.reinforced(lab.rft(), lab.samples(), name=name, **fields))]


def _fine_tuned(name: str, hint: str = "never", **fields: Any) -> Cell:
    def cell(lab: Lab) -> list[dict[str, Any]]:
        samples = lab.samples() if hint == "never" else lab.stages.sampled(lab.base, name=f"samples_{hint}", hint=hint)
        return [lab.measured(name, lab.stages.fine_tuned(samples, name=name, **fields))]

    return cell


def _cold(lab: Lab) -> list[dict[str, Any]]:
    """Reinforce the base, with the steps of the main recipe, and with a third more, which is what rft costs."""
    steps = lab.sizes.steps
    rows = []
    for title, count in (("same steps", steps), ("matched", round(steps * 4 / 3))):
        judge = lab.stages.reinforced(lab.base, lab.samples(), name=f"rl_cold_{count}", steps=count)
        rows.append(lab.measured(f"rl_cold_{count}", judge) | {"setting": title})
    return rows


def _otherwise(name: str, judged: dict[str, Any], **fields: Any) -> Cell:
    """Return a cell of the whole recipe, put to the model in another way: without principles, or pairwise."""

    def cell(lab: Lab) -> list[dict[str, Any]]:
        samples = lab.stages.sampled(lab.base, name=f"samples_{name}", **fields)
        rft = lab.stages.fine_tuned(samples, name=f"rft_{name}")
        rl = lab.stages.reinforced(rft, samples, name=f"rl_{name}", **fields)
        return [lab.measured(f"rl_{name}", rl, **judged)]

    return cell


def _orders(lab: Lab) -> list[dict[str, Any]]:
    return [
        lab.measured(f"orders_{orders}", lab.rl(), orders=orders) | {"setting": orders}
        for orders in ("balanced", "random")
    ]


def _lures(lab: Lab) -> list[dict[str, Any]]:
    rows = []
    for strength in (0.0, 0.35, 0.7):
        held = sandbox.cases("test", lab.sizes.others, seed=lab.seed, n=2, lures=strength)
        found = lab.measured(f"lures_{strength}", lab.rl(), cases=held)
        rows.append(found | {"setting": f"lures {strength}"})
    return rows


def _given(lab: Lab) -> list[dict[str, Any]]:
    """Give the reinforced judge true principles, or those of a request of another kind, in place of its own."""
    held = sandbox.cases("test", lab.sizes.others, seed=lab.seed, n=2)
    swapped = {"true": held, "of another kind": sandbox.of_other_kinds(held)}
    return [
        lab.measured(f"given_{title.replace(' ', '_')}", lab.rl(), cases=_with(held, donors), principles="given")
        | {"setting": f"principles {title}"}
        for title, donors in swapped.items()
    ]


def _with(held: list[LabeledCase], donors: list[LabeledCase]) -> list[LabeledCase]:
    pairs = zip(held, donors, strict=True)
    return [replace(o, case=replace(o.case, principles=sandbox.true_principles(d.case))) for o, d in pairs]


CELLS: dict[str, Cell] = {
    "base": _main(lambda lab: lab.base, "base"),
    "rft": _main(Lab.rft, "rft"),
    "rl": _main(Lab.rl, "rl"),
    "rl_cold": _cold,
    "rft_failed": _fine_tuned("rft_failed", "failed"),
    "rft_all": _fine_tuned("rft_all", "all"),
    "rft_hinted": _fine_tuned("rft_hinted", "all", use=["hinted"]),
    "rft_no_general": _fine_tuned("rft_no_general", instruction_share=0.0),
    "none": _otherwise("none", {"principles": "none"}, principles="none"),
    "pairwise": _otherwise("pairwise", {"form": "sandbox-pairwise"}, form="sandbox-pairwise"),
    "beta_0": _reinforced("beta_0", beta=0.0),
    "beta_0.01": _reinforced("beta_0.01", beta=0.01),
    "beta_0.4": _reinforced("beta_0.4", beta=0.4),
    "orders": _orders,
    "lures": _lures,
    "given": _given,
}
"""The arms, in the order in which they run; a cell makes what it needs and is not there."""

SIZES = {"full": Sizes(), "tiny": Sizes(main=8, most=4, others=6, few=2, train=24, steps=1)}
