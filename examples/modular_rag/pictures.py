"""Writes the lineage picture of each stage into ``lineage/``."""

from __future__ import annotations

from pathlib import Path

from examples.modular_rag.application import STAGES

FOLDER = Path(__file__).parent / "lineage"


def pictures() -> dict[Path, str]:
    """Return the svg of each stage, by the file that it is kept in."""
    drawn = {}
    for number, stage in enumerate(STAGES.values(), start=1):
        drawn[FOLDER / f"stage{number}.svg"] = stage.build().lineage().to_svg()
    return drawn


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
        print(path)
