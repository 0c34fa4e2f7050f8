"""The command line of the demo: what is asked, and how the answers are shown."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stateflow import Application, StateflowError
from stateflow.persistence import home
from stateflow_dags.rag.questions import CONVERSATION
from stateflow_integrations.demo import application, knowledge
from stateflow_integrations.demo.watch import Watch

FORMS = ("html", "svg", "mmd")
MODEL = "gpt-4o-mini"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``stateflow demo`` and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        from rich.console import Console
    except ImportError:
        print("the demo needs rich: pip install 'stateflow[start]'", file=sys.stderr)  # noqa: T201
        return 1
    console = Console(stderr=options.json, highlight=False)
    try:
        known = _known(options.docs, console)
        if options.evaluate:
            _evaluate(known, console, as_json=options.json)
        else:
            _converse(_Talk(options, known, console))
    except (StateflowError, ValueError, OSError, ImportError) as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stateflow demo", description=__doc__)
    parser.add_argument("--question", action="append", metavar="TEXT", help="ask this instead; may be repeated")
    parser.add_argument("--chat", action="store_true", help="read questions from the terminal")
    parser.add_argument("--docs", type=Path, metavar="PATH", help="answer from a file or folder of text, Markdown, HTML")
    parser.add_argument("--new", action="store_true", help="begin a new conversation instead of resuming the last")
    parser.add_argument("--evaluate", action="store_true", help="measure retrieval on 20 questions with known modules")
    parser.add_argument("--json", action="store_true", help="print a list of answers as JSON")
    parser.add_argument("--llm", choices=["extractive", "openai"], default="extractive", help="who writes the answers")
    parser.add_argument("--model", default=MODEL, help="model of --llm openai; OPENAI_BASE_URL says where it runs")
    return parser


def _known(folder: Path | None, console: Any) -> knowledge.Knowledge:
    with _progress(console, "reading documentation") as progress:
        known = knowledge.read(folder, progress)
    if known.is_indexed:
        console.print(f"{len(known.documents)} documents; the index of an earlier run still fits them")
    else:
        with console.status("indexing"):
            passages = len(known.open())
        console.print(f"indexed {passages} passages of {len(known.documents)} documents in {known.path}", soft_wrap=True)
    return known


@contextmanager
def _progress(console: Any, title: str) -> Iterator[knowledge.Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, name="")
        yield lambda done, total, name: bar.update(task, completed=done, total=total, name=name)


# -- a conversation -----------------------------------------------------------------------------------


@dataclass
class _Talk:
    options: argparse.Namespace
    known: knowledge.Knowledge
    console: Any

    def application(self, watch: Watch) -> Application:
        options = self.options
        resources: dict[str, Any] = {"index": self.known.resource()}
        if options.llm == "openai":
            from openai import OpenAI

            resources["client"] = OpenAI()
        machine = application.graph(llm=options.llm, model=options.model)
        app_id = f"{self.known.name}-{os.urandom(4).hex()}" if options.new else self.known.name
        return application.build(machine, app_id=app_id, resources=resources, hooks=(watch,))

    def questions(self) -> Iterator[str]:
        if not self.options.chat:
            yield from self.options.question or CONVERSATION
            return
        while True:
            try:
                question = self.console.input("[bold]question[/] (empty to stop): ").strip()
            except EOFError:
                return
            if not question:
                return
            yield question


def _converse(talk: _Talk) -> None:
    watch, console = Watch(), talk.console
    with talk.application(watch) as app:
        if app.sequence_id is not None:
            console.print(f"resuming the conversation {app.app_id!r} after step {app.sequence_id}")
        answers = [_answer(app, question, console) for question in talk.questions()]
        written = _write_lineage(app)
        if not talk.options.json:
            _table(watch, console)
        for path in written:
            console.print(f"lineage: {path}", soft_wrap=True)
        if talk.options.json:
            paths = [str(path) for path in written]
            print(json.dumps([{**answer, "app_id": app.app_id, "paths": paths} for answer in answers], indent=2))  # noqa: T201


def _answer(app: Application, question: str, console: Any) -> dict[str, Any]:
    console.print(f"\n[bold]> [/][bold]{_plain(question)}[/]")
    _, stream = app.stream_result(inputs={"question": question})
    for token in stream:
        console.print(token, end="", markup=False, soft_wrap=True)
    _, state = stream.get()
    console.print()
    citations = [asdict(citation) for citation in state["citations"]]
    for cited in citations:
        where = f"{cited['source']} {cited['start']}-{cited['end']}"
        console.print(f"  [{cited['number']}] {cited['title']} ({where})", style="dim", markup=False)
    return {"question": question, "reply": state["reply"], "citations": citations}


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _table(watch: Watch, console: Any) -> None:
    from rich.table import Table

    table = Table(title="steps", title_justify="left", box=None, pad_edge=False)
    for column in ("step", "action", "ms", "nodes", "slowest node"):
        table.add_column(column, justify="right" if column in ("step", "ms", "nodes") else "left")
    for step in watch.steps:
        nodes = str(len(step.nodes)) if step.nodes else ""
        table.add_row(str(step.sequence), step.action, f"{step.seconds * 1000:.1f}", nodes, step.slowest)
    console.print()
    console.print(table)


def _write_lineage(app: Application) -> list[Path]:
    folder = home() / "demo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = [folder / f"lineage.{form}" for form in FORMS]
    for path in written:
        app.visualize(str(path))
    return written


# -- measuring ----------------------------------------------------------------------------------------


def _evaluate(known: knowledge.Knowledge, console: Any, *, as_json: bool) -> None:
    report, recall, rank = knowledge.measured(known)
    if as_json:
        print(json.dumps({"recall@5": recall, "mrr": rank, "questions": len(report)}, indent=2))  # noqa: T201
        return
    for question, row in report.iterrows():
        console.print(f"{row['reciprocal_rank']:.2f}  {question}", markup=False)
    console.print(f"recall@5 {recall:.2f}, MRR {rank:.2f} on {len(report)} questions")
