"""Data sets in the hub's layout, loaded by the `datasets` library from folders that hold what a repository would."""

import json
from pathlib import Path

import pytest

from solon.benchmarks import BENCHMARKS, benchmark_of
from solon.benchmarks.benchmark import Item
from solon.benchmarks.config import BenchConfig
from solon.benchmarks.loading import load, source_of
from solon.benchmarks.reading import Source
from solon.errors import UserError
from tests.benchmarks.synthetic import MAKE, parquet

pytest.importorskip("datasets")

LAYOUTS = ("parquet", "jsonl")
ON_THE_HUB = [name for name, one in BENCHMARKS.items() if one.hub]


def rows_of(path: Path) -> list[dict[str, object]]:
    text = path.read_text("utf-8")
    rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    domain = path.name.partition("_filtered")[0]
    return [row | {"domain": domain} for row in rows] if "_filtered" in path.name else rows


def repository(folder: Path, data: Path, split: str, layout: str) -> Path:
    """Write a repository: tables of the split in `data`, by their names, or lines that the card gives to a split."""
    rows = [row for path in sorted(data.rglob("*.json*") if data.is_dir() else [data]) for row in rows_of(path)]
    tables = layout == "parquet"
    card = {} if tables else {"configs": [{"config_name": "default", "data_files": [{"split": split, "path": "all*"}]}]}
    for place, shard in enumerate([rows[: len(rows) // 2], rows[len(rows) // 2 :]]):
        lines = folder / "data" / f"{split}-{place:05}-of-00002.jsonl" if tables else folder / f"all{place}.jsonl"
        lines.parent.mkdir(parents=True, exist_ok=True)
        lines.write_text("".join(f"{json.dumps(row)}\n" for row in shard), "utf-8")
        if tables:
            parquet(lines, lines.with_suffix(".parquet"))
            lines.unlink()
    (folder / "README.md").write_text(f"---\n{json.dumps(card)[1:-1]}\n---\n", "utf-8")
    return folder


def source(name: str, hub: str) -> Source:
    return source_of(benchmark_of(name), BenchConfig(model="m", out=Path("run"), hub=hub))


def compared(items: list[Item]) -> list[tuple[object, ...]]:
    return [(one.case.prompt, one.case.responses, one.label, one.subset, one.pairs, one.row) for one in items]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in ON_THE_HUB if name != "ppe-correctness"])
def test_a_repository_of_the_hub_holds_the_same_items_as_the_files(name: str, layout: str, tmp_path: Path) -> None:
    benchmark, data = benchmark_of(name), MAKE[name](tmp_path / "files", 0)
    folder = repository(tmp_path / "hub", data, benchmark.hub[0].split, layout)
    items = load(benchmark, source(name, str(folder)), partial=True)
    assert compared(items) == compared(load(benchmark, Source(data), partial=True))
    assert items[1].where == f"'{folder}', line 2"


def test_the_five_sets_of_ppe_are_five_repositories(tmp_path: Path) -> None:
    benchmark, data = benchmark_of("ppe-correctness"), MAKE["ppe-correctness"](tmp_path / "files", 0)
    folders = []
    for hub in benchmark.hub:
        (file,) = [
            path for path in data.iterdir() if path.stem.partition("_best")[0].replace("_", "-") in hub.name.lower()
        ]
        folders.append(repository(tmp_path / hub.name, file, hub.split, "parquet"))
    items = load(benchmark, source("ppe-correctness", ",".join(map(str, folders))))
    found, wanted = (sorted(compared(some), key=str) for some in (items, load(benchmark, Source(data))))
    assert found == wanted


def test_what_a_repository_lacks_is_told(tmp_path: Path) -> None:
    data = MAKE["judgebench"](tmp_path / "files", 0)
    folder = repository(tmp_path / "hub", data, "claude", "jsonl")
    cases = {
        str(
            folder
        ): """Unknown split "gpt". Should be one of ['claude']; a data set with the split 'gpt' is expected""",
        str(tmp_path / "none"): "a data set with the split 'gpt' is expected; its files, once downloaded, are named",
    }
    for hub, said in cases.items():
        with pytest.raises(UserError) as caught:
            load(benchmark_of("judgebench"), source("judgebench", hub), partial=True)
        assert str(caught.value).startswith(f"'{hub}' cannot be loaded: ")
        assert said in str(caught.value)
    whole = repository(tmp_path / "whole", data, "gpt", "jsonl")
    with pytest.raises(UserError, match="there are 24 items, 350 or 270 are expected"):
        load(benchmark_of("judgebench"), source("judgebench", str(whole)))


def test_a_line_of_a_repository_is_named(tmp_path: Path) -> None:
    data = MAKE["rewardbench2"](tmp_path / "files", 0)
    rows = rows_of(data)
    rows[4]["subset"] = "Charm"
    data.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    folder = repository(tmp_path / "hub", data, "test", "parquet")
    with pytest.raises(UserError, match=r"hub', line 5: 'subset' is 'Charm'; one of Factuality"):
        load(benchmark_of("rewardbench2"), source("rewardbench2", str(folder)), partial=True)


def test_a_folder_is_never_taken_for_another_of_its_name(tmp_path: Path) -> None:
    """The `datasets` library keeps what it loaded by the names of folder and files, not by what stands in them."""
    for seed, lines in enumerate((3, 5)):
        data = MAKE["judgebench"](tmp_path / f"{seed}/files", seed, lines)  # type: ignore[operator]
        folder = repository(tmp_path / f"{seed}/hub", data, "gpt", "jsonl")
        assert len(load(benchmark_of("judgebench"), source("judgebench", str(folder)), partial=True)) == lines


def test_benchmarks_that_the_hub_has_not_ask_for_files() -> None:
    for name in BENCHMARKS.keys() - set(ON_THE_HUB):
        with pytest.raises(UserError, match="--data"):
            load(benchmark_of(name), Source(None, benchmark_of(name).hub))
