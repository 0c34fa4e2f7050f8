"""The pictures that the documentation shows are what the lineage draws now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pictures import ROOT, kept

KEPT = kept()


@pytest.mark.parametrize("path", KEPT, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_kept_picture_is_up_to_date(path: Path) -> None:
    """Nobody changes what is drawn without renewing the picture: ``make pictures``."""
    assert path.read_text(encoding="utf-8") == KEPT[path]
