"""How the demo looks in a terminal, and in a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from stateflow_integrations.demo.conversation import Answer
from stateflow_integrations.demo.watch import Watch

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)])  # all but tab and line feed
PROMPT = "question (empty to stop): "


class Terminal:
    """Prints what people read: to standard output, or to standard error where that is kept for JSON."""

    def __init__(self, *, is_aside: bool) -> None:
        self.console = Console(stderr=is_aside, highlight=False, markup=False, emoji=False)
        self._errors = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._is_aside = is_aside

    def say(self, text: str = "", style: str | None = None) -> None:
        """Print a line; a long one, such as a path, is left whole."""
        self.console.print(text, style=style, soft_wrap=True)

    def error(self, text: str) -> None:
        """Print what went wrong."""
        self._errors.print(f"error: {text}", style="bold red", soft_wrap=True)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int, str], None]]:
        """Show a bar while something is done; in a pipe nothing."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[name]}"),
        )
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as bar:
            task = bar.add_task(title, total=None, name="")
            yield lambda done, total, name: bar.update(task, completed=done, total=total, name=name)

    @contextmanager
    def waiting(self, title: str) -> Iterator[None]:
        """Show that something is done whose end is not known; in a pipe nothing."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(title):
            yield

    # -- a conversation -----------------------------------------------------------------------------

    def questions(self) -> Iterator[str]:
        """Read questions until an empty one or the end of the input."""
        while True:
            self.say()
            try:
                question = self._read().strip()
            except EOFError:
                self.say()
                return
            if not question:
                return
            yield question

    def _read(self) -> str:
        if not sys.stdin.isatty():  # nobody sees the prompt, and what was asked is shown beside its answer
            question = self.console.input()
            self.say(f"> {question}", style="bold")
            return question
        if self._is_aside or not self.console.is_terminal:
            return self.console.input(PROMPT)
        with suppress(ImportError):  # Windows has its own
            import readline

            readline.set_auto_history(True)
        return input(PROMPT)

    @contextmanager
    def reply(self) -> Iterator[Callable[[str], None]]:
        """Print a reply piece by piece, broken between words."""
        flow = Flow(lambda text: self.console.print(text, end="", soft_wrap=True), self.console.width)
        try:
            yield flow.add
        except Exception:
            flow.leave()
            raise
        flow.end()

    def cite(self, answer: Answer) -> None:
        """Print where a reply comes from."""
        for cited in answer.citations:
            start, end = cited["position"]
            self.console.print(
                f"  [{cited['number']}] {_plain(cited['title'])} ({_plain(cited['source'])} {start}-{end})", style="dim"
            )

    def table(self, watch: Watch) -> None:
        """Print the steps, how long they took, and the slowest node of each; nothing when there was none."""
        if not watch.steps:
            return
        table = Table(title="steps", title_justify="left", box=None, pad_edge=False)
        for column in ("step", "action", "ms", "nodes", "slowest node"):
            table.add_column(column, justify="right" if column in ("step", "ms", "nodes") else "left")
        for step in watch.steps:
            nodes = str(len(step.nodes)) if step.nodes else ""
            table.add_row(str(step.sequence), step.action, f"{step.seconds * 1000:.1f}", nodes, step.slowest)
        self.say()
        self.console.print(table)

    def files(self, title: str, paths: list[Path]) -> None:
        """Print where files are, a line each."""
        self.say()
        for path in paths:
            self.say(f"{title}: {path}")


class Flow:
    """Breaks a text that comes in pieces into lines of so many columns, between words."""

    def __init__(self, write: Callable[[str], Any], width: int) -> None:
        self._write = write
        self._width = width
        self._column = 0
        self._held = ""  # a word that may go on
        self._space = ""

    def add(self, text: str) -> None:
        """Print all of a piece but its last word, which the next piece may continue."""
        pieces = _PIECES.findall(self._held + _plain(text))
        self._held = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        for piece in pieces:
            self._put(piece)

    def end(self) -> None:
        """Print the last word and end the line."""
        self._put(self._held)
        self._write("\n")

    def leave(self) -> None:
        """End a line that has begun, where nothing more will come."""
        if self._column or self._held:
            self.end()

    def _put(self, piece: str) -> None:
        if piece == "\n":
            self._write("\n")
            self._column, self._space = 0, ""
        elif piece.isspace():
            self._space += piece.expandtabs(4)
        elif piece:
            wide = self._column + cell_len(self._space) + cell_len(piece)
            breaks = self._column > 0 and wide > self._width
            self._write(f"\n{piece}" if breaks else self._space + piece)
            self._column, self._space = (cell_len(piece) if breaks else wide), ""


def _plain(text: str) -> str:
    """Return a text without the characters that steer a terminal."""
    return text.translate(_CONTROLS)
