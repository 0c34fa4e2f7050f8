"""The command line ``stateflow demo``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stateflow import Application, StateflowError
from stateflow_dags.rag.questions import CONVERSATION
from stateflow_integrations.demo import conversation, knowledge
from stateflow_integrations.demo.watch import Watch

if TYPE_CHECKING:
    from stateflow_integrations.demo.terminal import Terminal

FORMS = ("html", "svg", "mmd")
MODEL = "gpt-4o-mini"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``stateflow demo`` and return its exit code: 0 for success, 1 for an error, 130 after Ctrl-C."""
    options = _options(arguments)
    try:
        from stateflow_integrations.demo.terminal import Terminal
    except ImportError as error:
        missing = (error.name or "rich").partition(".")[0]
        print(f"error: the demo needs {missing}: pip install 'stateflow[start]'", file=sys.stderr)  # noqa: T201
        return 1
    terminal = Terminal(is_aside=options.json)
    try:
        with _without_banners():
            _run(options, terminal)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        terminal.say()
        return 130
    except _expected() as error:
        terminal.error(_told(error))
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="stateflow demo",
        description="Ask the documentation of Python's standard library, or your own documents, and see where each "
        "answer comes from.",
    )
    parser.add_argument("--question", action="append", type=_question, metavar="TEXT", help="ask this; may be repeated")
    parser.add_argument("--chat", action="store_true", help="read questions from the terminal")
    parser.add_argument("--docs", type=Path, metavar="PATH", help="answer from text, Markdown and HTML here")
    parser.add_argument("--new", action="store_true", help="begin a new conversation instead of resuming the last")
    parser.add_argument("--evaluate", action="store_true", help="measure retrieval on 20 questions with known modules")
    parser.add_argument("--json", action="store_true", help="print a list of answers as JSON")
    parser.add_argument("--llm", choices=["extractive", "openai"], default="extractive", help="who writes the answers")
    parser.add_argument("--model", help=f"model of --llm openai ({MODEL}); OPENAI_BASE_URL says where it runs")
    options = parser.parse_args(arguments)
    if options.evaluate and (options.docs or options.question or options.chat):
        parser.error("--evaluate asks its own questions about the standard library; leave out what to ask and --docs")
    if options.model and options.llm != "openai":
        parser.error("--model is for --llm openai")
    return options


def _question(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a question needs at least one word")
    return text


def _run(options: argparse.Namespace, terminal: Terminal) -> None:
    known = _known(options.docs, terminal)
    if options.evaluate:
        _evaluate(known, terminal, as_json=options.json)
    else:
        _converse(options, known, terminal)


def _known(path: Path | None, terminal: Terminal) -> knowledge.Knowledge:
    with terminal.progress("reading documentation") as progress:
        sources = knowledge.read(path, progress)
    with terminal.waiting("indexing"):
        known = sources.indexed()
    done = "indexed" if known.is_new else "read the index of"
    terminal.say(f"{done} {len(known.index)} passages of {len(known.documents)} documents in {known.path}")
    return known


# -- a conversation -----------------------------------------------------------------------------------


def _converse(options: argparse.Namespace, known: knowledge.Knowledge, terminal: Terminal) -> None:
    watch = Watch()
    chosen = {"llm": options.llm, "model": options.model or MODEL, "new": options.new}
    with conversation.opened(known, **chosen, watch=watch, say=terminal.say) as app:
        answers = list(_answers(app, options, terminal))
        written = _write_lineage(app)
        if not options.json:
            terminal.table(watch)
        terminal.files("lineage", written)
    if options.json:
        rest = {"app_id": app.app_id, "paths": [str(path) for path in written]}
        given = [{"question": made.question, "reply": made.reply, "citations": made.citations} for made in answers]
        print(json.dumps([{**answer, **rest} for answer in given], indent=2))  # noqa: T201


def _answers(app: Application, options: argparse.Namespace, terminal: Terminal) -> Iterator[conversation.Answer]:
    asked = options.question or ([] if options.chat else CONVERSATION)
    for question in asked:
        terminal.say(f"\n> {question}", style="bold")
        yield _answer(app, question, terminal)
    for question in terminal.questions() if options.chat else ():
        try:
            yield _answer(app, question, terminal)
        except BrokenPipeError:
            raise
        except _expected() as error:
            terminal.error(_told(error))


def _answer(app: Application, question: str, terminal: Terminal) -> conversation.Answer:
    with terminal.reply() as show:
        answer = conversation.ask(app, question, show)
    terminal.cite(answer)
    return answer


def _write_lineage(app: Application) -> list[Path]:
    written = [knowledge.folder() / f"lineage.{form}" for form in FORMS]
    for path in written:
        app.visualize(str(path))
    return written


# -- measuring ----------------------------------------------------------------------------------------


def _evaluate(known: knowledge.Knowledge, terminal: Terminal, *, as_json: bool) -> None:
    report, recall, rank = knowledge.measured(known)
    if as_json:
        print(json.dumps({"recall@5": recall, "mrr": rank, "questions": len(report)}, indent=2))  # noqa: T201
        return
    for question, row in report.iterrows():
        terminal.say(f"{row['reciprocal_rank']:.2f}  {question}")
    terminal.say(f"recall@{knowledge.TOP} {recall:.2f}, MRR {rank:.2f} on {len(report)} questions")


# -- what goes wrong ------------------------------------------------------------------------------------


def _expected() -> tuple[type[Exception], ...]:
    """Return what is the world's fault or the user's; all else is a defect and shows its traceback."""
    openai: Any = sys.modules.get("openai")
    return (StateflowError, ValueError, OSError, ImportError, *([openai.OpenAIError] if openai else []))


def _told(error: Exception) -> str:
    openai: Any = sys.modules.get("openai")
    from_model = openai is not None and isinstance(error, openai.OpenAIError)
    return f"the model did not answer: {error}" if from_model else str(error)


@contextmanager
def _without_banners() -> Iterator[None]:
    """Keep Hamilton's logged banner out of the way of the error that says the same."""
    logger = logging.getLogger("hamilton")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
