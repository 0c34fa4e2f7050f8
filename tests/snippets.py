"""Runs what a Markdown page shows, the way a reader would: block after block, in one empty folder.

A ``python`` block runs in the namespace of its page, where ``await`` may stand at the top. Of a ``console`` or
``bash`` block each ``$`` line that starts with ``stateflow`` or ``python`` is run and must succeed. A comment just
before a block changes that:

- ``<!-- output -->``: this ``text`` block is what the Python block before it has printed, or the lines between the
  commands of this ``console`` block are what they print; ``...`` stands for anything;
- ``<!-- file: name.py -->``: the block is written to that file instead;
- ``<!-- not executed: reason -->``: the block is left out, and counted.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^`]*$")
MARK = re.compile(r"^ *<!-- (?P<kind>output|file|not executed)(?:: (?P<detail>.+?))? -->\s*$")
SHOWN = {"", "text", "mermaid", "json", "toml", "html", "dot", "diff", "sql", "yaml"}
RUN = {"python", "console", "bash"}
SECONDS = 300
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``line`` is that of its first line of code, counted from 1."""

    language: str
    code: str
    line: int
    mark: str = ""
    detail: str = ""

    @property
    def is_left_out(self) -> bool:
        return self.mark == "not executed"


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page.

    Raises:
        ValueError: a fence is not closed, or names a language that this module does not know.
    """
    found: list[Block] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        opened = FENCE.match(lines[number])
        number += 1
        if opened is None:
            continue
        first, indent = number, opened["indent"]
        while number < len(lines) and lines[number].strip() != "```":
            number += 1
        if number == len(lines):
            raise ValueError(f"line {first}: this block is never closed")
        if opened["language"] not in SHOWN | RUN:
            raise ValueError(f"line {first}: {opened['language']!r} is not one of {sorted(SHOWN | RUN)}")
        code = "\n".join(line.removeprefix(indent) for line in lines[first:number]) + "\n"
        found.append(Block(opened["language"], code, first + 1, *_mark(lines, first - 2)))
        number += 1
    return found


def _mark(lines: list[str], number: int) -> tuple[str, str]:
    while number >= 0 and not lines[number].strip():
        number -= 1
    found = MARK.match(lines[number]) if number >= 0 else None
    return (found["kind"], found["detail"] or "") if found else ("", "")


class Page:
    """One page on its way: its namespace, its folder, and what was printed last."""

    def __init__(self, text: str, name: str, folder: Path, root: Path) -> None:
        self.blocks = blocks(text)
        self._folder = folder
        self._root = root
        self._printed = ""
        self._module = types.ModuleType(re.sub(r"\W", "_", name))
        self._source = folder / f"{self._module.__name__}.py"
        self._source.write_text(_python_only(text, self.blocks), encoding="utf-8")
        self._module.__file__ = str(self._source)

    def run(self) -> None:
        """Run every block."""
        with self._installed():
            for block in self.blocks:
                if not block.is_left_out:
                    self._run(block)

    @contextlib.contextmanager
    def _installed(self) -> Iterator[None]:
        """Stand in the page's folder, with the page as an importable module; afterwards forget its modules."""
        before, known, path = Path.cwd(), set(sys.modules), [*sys.path]
        sys.modules[self._module.__name__] = self._module
        sys.path.insert(0, str(self._folder))
        os.chdir(self._folder)
        try:
            yield
        finally:
            os.chdir(before)
            sys.path[:] = path
            for name in set(sys.modules) - known:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(self._folder)):
                    del sys.modules[name]

    def _run(self, block: Block) -> None:
        if block.mark == "file":
            target = self._folder / block.detail
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            self._printed = self._python(block)
        elif block.language in RUN:
            self._console(block)
        elif block.mark == "output":
            self._compare(block.line, block.code, self._printed)

    def _python(self, block: Block) -> str:
        code = compile(
            "\n" * (block.line - 1) + block.code,  # so that a traceback gives the line of the page
            str(self._source),
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = eval(code, vars(self._module))
            if inspect.iscoroutine(value):
                asyncio.run(value)
        return printed.getvalue()

    def _console(self, block: Block) -> None:
        for line, command, output in _commands(block):
            words = shlex.split(command, comments=True)
            if words[0] not in ("stateflow", "python"):
                raise AssertionError(f"line {line}: {command!r} is not run; say why: <!-- not executed: reason -->")
            printed = self._command(line, words)
            if block.mark == "output":
                self._compare(line, output, printed)

    def _command(self, line: int, words: list[str]) -> str:
        program = sys.executable if words[0] == "python" else str(Path(sys.executable).with_name(words[0]))
        done = subprocess.run(
            [program, *words[1:]],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(self._root), "COLUMNS": "120", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"line {line}: {shlex.join(words)} failed with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def _compare(self, line: int, want: str, got: str) -> None:
        if not doctest.OutputChecker().check_output(want, got, SAME):
            raise AssertionError(f"line {line}: the page shows\n{want}\nbut this was printed:\n{got}")


def _commands(block: Block) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the command and the shown output of every ``$`` line."""
    lines = block.code.splitlines()
    if block.language == "bash":
        lines = [line if line.startswith("$ ") else f"$ {line}" for line in lines if line and not line.startswith("#")]
    number = 0
    while number < len(lines):
        line, command = block.line + number, lines[number].removeprefix("$ ")
        if not lines[number].startswith("$ "):
            raise AssertionError(f"line {line}: a {block.language} block starts with '$ '")
        number += 1
        while command.endswith("\\"):
            command, number = command[:-1] + lines[number].strip(), number + 1
        output = []
        while number < len(lines) and not lines[number].startswith("$ "):
            output.append(lines[number])
            number += 1
        yield line, command, "\n".join(output) + "\n"


def _python_only(text: str, found: list[Block]) -> str:
    """Return the page with everything blanked out but its Python, so that functions find their source."""
    lines = [""] * len(text.splitlines())
    for block in found:
        if block.language == "python" and block.mark != "file" and not block.is_left_out:
            for offset, line in enumerate(block.code.splitlines()):
                lines[block.line - 1 + offset] = line
    return "\n".join(lines) + "\n"
