"""What the documentation shows is run; what it links to is there. ``tests/snippets.py`` says how."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import stateflow

from tests.snippets import Page, blocks

ROOT = Path(__file__).parent.parent
SHOWN = ("README.md", "docs/**/*.md", "examples/**/README.md")
PAGES = sorted(page for pattern in SHOWN for page in ROOT.glob(pattern))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)|<(?:img|source) [^>]*src(?:set)?=\"(?P<picture>[^\"]+)\"")

NOT_EXECUTED = {"README.md": 2}
"""How many blocks of each page carry ``<!-- not executed: reason -->``. A page that is not named here has none."""


def modules() -> list[str]:
    found = pkgutil.walk_packages(stateflow.__path__, "stateflow.")
    return ["stateflow", *(module.name for module in found if not module.name.endswith("__main__"))]


def documented(name: str) -> list[doctest.DocTest]:
    """Return the examples in the docstrings of a module."""
    return [found for found in doctest.DocTestFinder().find(importlib.import_module(name)) if found.examples]


@pytest.mark.parametrize("name", NAMES)
def test_page_runs(name: str, tmp_path: Path) -> None:
    """Every snippet of the page works, from the first to the last."""
    Page((ROOT / name).read_text(encoding="utf-8"), name, tmp_path, ROOT).run()


def test_what_is_not_executed_is_listed() -> None:
    """A block is left out only for a reason, and nobody adds one unseen."""
    found: dict[str, int] = {}
    for name in NAMES:
        left_out = [block for block in blocks((ROOT / name).read_text(encoding="utf-8")) if block.is_left_out]
        assert all(block.detail for block in left_out), f"{name}: give the reason: <!-- not executed: reason -->"
        if left_out:
            found[name] = len(left_out)
    assert found == NOT_EXECUTED


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """Every relative link and picture of the page exists."""
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [next(filter(None, found.groups())) for found in LINK.finditer(text)]
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (ROOT / name).parent.joinpath(target).exists()] == []


def test_docstring_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ``>>>`` in a docstring prints what it says."""
    monkeypatch.chdir(tmp_path)
    runner: Any = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    examples = [example for name in modules() for example in documented(name)]
    assert [example.name for example in examples if runner.run(example).failed] == []


PAGE = """
```python
x = 2
async def double(n):
    return n * 2
print(await double(x))
```
<!-- output -->
```text
4
```
<!-- file: given.py -->
```python
GIVEN = 7
```
```python
import inspect
from given import GIVEN
assert GIVEN == 7
assert "return n * 2" in inspect.getsource(double)
```
<!-- output -->
```console
$ python -c "print('hello'); print('world')"
hello
...
$ python -c "import given; print(given.GIVEN)"
7
```
<!-- not executed: it needs the internet -->
```bash
curl example.org
```
"""


def test_the_runner_runs(tmp_path: Path) -> None:
    page = Page(PAGE, "a page.md", tmp_path, ROOT)
    page.run()
    assert [block.is_left_out for block in page.blocks] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("```python\nprint(1)\n```\n<!-- output -->\n```text\n2\n```\n", "line 6: the page shows"),
        ("```console\n$ python -c 'raise SystemExit(3)'\n```\n", "line 2: .* failed with 3"),
        ("```bash\nmake demo\n```\n", "line 2: 'make demo' is not run"),
        ("```python\n1 / 0\n```\n", "division by zero"),
    ],
)
def test_the_runner_notices(page: str, error: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, ZeroDivisionError), match=error):
        Page(page, "wrong", tmp_path, ROOT).run()


@pytest.mark.parametrize("page", ["```python\nx = 1\n", "```pyhton\nx = 1\n```\n"])
def test_the_runner_refuses_what_it_would_overlook(page: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        blocks(page)
