"""Data in and out: @dataloader, @datasaver, @load_from and @save_to."""

# mypy: allow-untyped-decorators

from pathlib import Path
from typing import Any

from hamilton.function_modifiers import dataloader, datasaver, load_from, save_to, source, value


@dataloader()
def loaded(folder: str) -> tuple[dict[str, int], dict[str, Any]]:
    return {"size": len(folder)}, {"from": folder}


@datasaver()
def saved(loaded: dict[str, int]) -> dict:  # type: ignore[type-arg]  # Hamilton takes a plain dict only
    return {"kept": sorted(loaded)}


@load_from.json(path=source("path"))
def parsed(data: dict[str, Any]) -> list[str]:
    return sorted(data)


@save_to.json(path=source("target"), output_name_="written")
def outcome(parsed: list[str]) -> dict[str, Any]:
    return {"keys": parsed}


@load_from.literal(value=value({"k": 1}))
def fixed(data: dict[str, int]) -> int:
    return data["k"]


def read_back(written: dict[str, Any], target: str) -> str:
    return Path(target).read_text(encoding="utf-8")
