"""``stateflow demo``: what a stranger sees first, and what happens when something is in its way."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stateflow_integrations.demo.terminal import Flow

from tests.integrations.conftest import Demo, Done, Library, environment, finish, start
from tests.integrations.console import Console
from tests.openai_server import Failure, OpenAIServer

QUESTION = ("--question", "What do bees make?")


def told(done: Done) -> list[dict[str, Any]]:
    """Return the list that ``--json`` prints."""
    assert done.code == 0, done.err
    answers: list[dict[str, Any]] = json.loads(done.out)
    return answers


# -- the standard library ---------------------------------------------------------------------------


def test_the_first_run_indexes_the_whole_library(library_demo: Library) -> None:
    """It says how much it has read, and where it lies."""
    assert library_demo.first.code == 0, library_demo.first.err
    found = re.match(r"indexed (\d+) passages of (\d+) documents in (.+)", library_demo.first.out)
    assert found is not None
    assert int(found[1]) > 2_000
    assert int(found[2]) >= 150
    assert Path(found[3]).is_dir()


def test_the_first_run_answers_three_questions(library_demo: Library) -> None:
    """Each with a reply and the places it rests on; the third is resolved by the memory of the second."""
    *_, insort, copytree, rmtree = library_demo.first.out.split("\n> ")
    assert "bisect.insort" in insort
    assert "[1] shutil.copytree (shutil" in copytree
    assert rmtree.startswith("And how do I delete it again?")
    assert "[1] shutil.rmtree (shutil" in rmtree


def test_the_first_run_shows_its_steps(library_demo: Library) -> None:
    """A line each: number, action, milliseconds, nodes."""
    rows = re.findall(r"^ +(\d+) +(\w+) +(\d+\.\d)(?: +(\d+) +(\w+) \d+\.\d ms)?", library_demo.first.out, re.MULTILINE)
    assert [(int(row[0]), row[1]) for row in rows] == list(enumerate(["ask", "retrieve", "answer"] * 3))
    assert all(int(row[3]) >= 4 for row in rows if row[1] != "ask")


def test_the_first_run_draws_its_lineage(library_demo: Library) -> None:
    """As html that is small enough to mail, svg and Mermaid, in files that it names on lines of their own."""
    paths = [Path(path) for path in re.findall(r"^lineage: (.+)$", library_demo.first.out, re.MULTILINE)]
    assert [path.suffix for path in paths] == [".html", ".svg", ".mmd"]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert all("llm_tokens" in text for text in texts)
    assert len(texts[0].encode()) < 250_000


def test_a_pipe_gets_plain_lines(library_demo: Library) -> None:
    """No bar, no colours, nothing on standard error; 80 columns but for the lines that are paths."""
    assert library_demo.first.err == ""
    assert "\x1b" not in library_demo.first.out
    assert not library_demo.first.out.startswith("\n")
    lines = [line for line in library_demo.first.out.splitlines() if not line.startswith(("indexed", "lineage"))]
    assert [line for line in lines if len(line) > 80] == []


def test_the_second_run_goes_on_with_both(library_demo: Library) -> None:
    """The conversation continues after its last step, and the index is read, not written."""
    assert "read the index of" in library_demo.second.err
    assert "resuming the conversation 'standard-library' after step 8" in library_demo.second.err
    assert library_demo.index_files() == library_demo.stamps


def test_json_is_all_that_is_printed(library_demo: Library) -> None:
    """Questions with replies, citations, the id of the conversation and the files that were written."""
    answers = told(library_demo.second)
    assert len(answers) == 3
    assert set(answers[0]) == {"question", "reply", "citations", "app_id", "paths"}
    assert all(answer["citations"] for answer in answers)
    assert {answer["app_id"] for answer in answers} == {"standard-library"}
    assert all(Path(path).is_file() for answer in answers for path in answer["paths"])


def test_positions_are_exact(library_demo: Library, library_texts: dict[str, str]) -> None:
    """Between them the document holds the very words that are quoted."""
    cited = [cited for answer in told(library_demo.second) for cited in answer["citations"]]
    assert cited
    for citation in cited:
        start_, end = citation["position"]
        assert library_texts[citation["source"]][start_:end] == citation["quote"]
    assert cited[-1]["title"] == "shutil.rmtree"


def test_retrieval_is_measured(library_demo: Library) -> None:
    """Twenty questions with known modules: a line each, then recall@5 and MRR."""
    done = finish(start(library_demo.home, "--evaluate"))
    assert done.code == 0, done.err
    *lines, last = done.out.splitlines()
    assert len([line for line in lines if re.match(r"[01]\.\d\d  \w", line)]) == 20
    found = re.fullmatch(r"recall@5 (\d\.\d\d), MRR (\d\.\d\d) on 20 questions", last)
    assert found is not None
    assert float(found[1]) >= 0.9
    assert float(found[2]) >= 0.8


def test_retrieval_is_measured_as_json(library_demo: Library) -> None:
    """The same numbers for programs."""
    done = finish(start(library_demo.home, "--evaluate", "--json"))
    assert json.loads(done.out).keys() == {"recall@5", "mrr", "questions"}


def test_an_interrupted_first_run_is_done_again(
    terminal: Callable[..., Console], tmp_path: Path, library_demo: Library
) -> None:
    """Ctrl-C while the index is made ends quietly with 130 and leaves no half of one; the next run makes it."""
    home = tmp_path / "home"
    console = terminal(at=home)
    console.expect("indexing")
    console.type("\x03")
    assert console.wait() == 130
    assert "Traceback" not in console.shown
    assert not list((home / "demo").rglob("*.index.npy"))
    again = finish(start(home, "--json", "--question", "How do I remove a directory tree?"))
    assert told(again)[0]["citations"][0]["title"] == "shutil.rmtree"
    assert "indexed" in again.err


# -- documents of one's own ---------------------------------------------------------------------------


def test_questions_of_ones_own_documents(demo: Demo) -> None:
    """``--question`` may be repeated; sources are paths below the folder, what is no text is left out."""
    asked = ["What do bees make?", "What do wasps make?", "What do ants build?"]
    answers = told(demo("--json", *(part for question in asked for part in ("--question", question))))
    assert [answer["question"] for answer in answers] == asked
    assert [answer["citations"][0]["source"] for answer in answers] == ["bees.md", "wasps.html", "ants.txt"]
    assert answers[0]["reply"].startswith("Bees make honey from nectar. [1]")
    assert "3 documents" in demo("--json", *QUESTION).err


@pytest.mark.parametrize("name", ["bees.md", "ants.txt", "wasps.html"])
def test_one_file_is_enough(demo: Demo, documents: Path, name: str) -> None:
    """Of each kind: Markdown, text, HTML."""
    (answer,) = told(demo("--json", "--question", "What do bees, ants and wasps make or build?", docs=documents / name))
    assert {cited["source"] for cited in answer["citations"]} == {name}


def test_a_question_without_an_answer(demo: Demo) -> None:
    """It says so, cites nothing, and the conversation goes on."""
    nothing, honey = told(demo("--json", "--question", "xyzzy plugh", *QUESTION))
    assert nothing["reply"] == "I found nothing about this in the documents."
    assert nothing["citations"] == []
    assert honey["citations"]


def test_changed_documents_are_indexed_again(demo: Demo, documents: Path) -> None:
    """The digest of the documents is the version of the index."""
    assert demo(*QUESTION).out.startswith("indexed")
    assert demo(*QUESTION).out.startswith("read the index of")
    (documents / "bees.md").write_text("Bees make wax.")
    done = demo(*QUESTION)
    assert done.out.startswith("indexed")
    assert "Bees make wax. [1]" in done.out


@pytest.mark.parametrize("damage", ["cut", "manifest", "lost"])
def test_a_damaged_index_is_made_anew(demo: Demo, home: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    """Whatever happened to its files, the answer is right."""
    demo(*QUESTION)
    (folder,) = (home / "demo" / "indexes").iterdir()
    if damage == "cut":
        (folder / "passages.jsonl").write_text("{")
    elif damage == "manifest":
        (folder / "manifest.json").write_bytes(b"\xff\0")
    else:
        shutil.rmtree(folder)
    done = demo(*QUESTION)
    assert done.out.startswith("indexed")
    assert "Bees make honey from nectar. [1]" in done.out


def test_each_set_of_documents_has_its_own_conversation(demo: Demo, documents: Path) -> None:
    """What was asked of one folder is no memory of another."""
    told(demo("--json", *QUESTION))
    other = documents.with_name("other")
    shutil.copytree(documents, other)
    assert "resuming" not in demo("--json", *QUESTION, docs=other).err
    assert "resuming" in demo("--json", *QUESTION).err


def test_the_files_are_for_their_user_alone(demo: Demo, home: Path) -> None:
    """Nobody else may enter the folder of the conversations."""
    home.rmdir()
    demo(*QUESTION)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "demo").stat().st_mode & 0o777 == 0o700


# -- conversations --------------------------------------------------------------------------------------


def test_a_new_conversation_becomes_the_last(demo: Demo) -> None:
    """``--new`` begins another one, and the next run resumes that."""
    (first,) = told(demo("--json", *QUESTION))
    (second,) = told(demo("--json", "--new", *QUESTION))
    assert second["app_id"] != first["app_id"]
    resumed = demo("--json", *QUESTION)
    assert told(resumed)[0]["app_id"] == second["app_id"]
    assert f"resuming the conversation {second['app_id']!r} after step 2" in resumed.err


def test_two_demos_at_once_keep_apart(demo: Demo, documents: Path, home: Path) -> None:
    """While one is in a conversation another one begins its own; later the conversation is free again."""
    with start(home, "--docs", str(documents), "--chat") as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        talking.stdin.write("What do bees make?\n")
        talking.stdin.flush()
        while "[1]" not in talking.stdout.readline():
            pass
        meanwhile = demo("--json", *QUESTION)
        assert "another demo is in this conversation; here a new one begins" in meanwhile.err
        talked = finish(talking, "What do ants build?\n")
    assert talked.code == 0, talked.err
    assert "Ants build hills. [1]" in talked.out
    assert "another demo" not in demo("--json", *QUESTION).err


def test_three_first_runs_at_once(documents: Path, home: Path) -> None:
    """All make the index, all answer, none disturbs the conversation of another."""
    three = [start(home, "--docs", str(documents), "--json", *QUESTION) for _ in range(3)]
    answers = [told(finish(process))[0] for process in three]
    assert {answer["reply"] for answer in answers} == {"Bees make honey from nectar. [1]"}


def test_questions_through_a_pipe(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--chat`` reads a question a line until the end, after those that were given."""
    monkeypatch.setattr("sys.stdin", io.StringIO("And what do wasps make?\nWhat do ants build?\n"))
    answers = told(demo("--json", "--chat", *QUESTION))
    assert [answer["citations"][0]["source"] for answer in answers] == ["bees.md", "wasps.html", "ants.txt"]


def test_an_empty_line_ends_the_chat(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows it is not asked; without a question there is no table."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\nWhat do ants build?\n"))
    done = demo("--chat")
    assert done.code == 0
    assert "hills" not in done.out
    assert "steps" not in done.out


@pytest.mark.parametrize("end", ["\x04", "\r"], ids=["EOF", "an empty line"])
def test_a_chat_in_a_terminal(terminal: Callable[..., Console], documents: Path, end: str) -> None:
    """Questions are typed, answers come with citations, and the end is orderly."""
    console = terminal("--chat", "--docs", str(documents))
    console.expect("question (empty to stop): ")
    console.type("What do bees make?\r")
    console.expect("Bees make honey")
    console.expect("bees.md")
    console.expect("question (empty to stop): ")
    console.type(end)
    console.expect("lineage.mmd")
    assert console.wait() == 0


def test_ctrl_c_leaves_the_conversation_intact(terminal: Callable[..., Console], demo: Demo, documents: Path) -> None:
    """It ends with 130 and no traceback, and the next run resumes after the last answer."""
    console = terminal("--chat", "--docs", str(documents))
    console.expect("question (empty to stop): ")
    console.type("What do bees make?\r")
    console.expect("question (empty to stop): ")
    console.type("\x03")
    assert console.wait() == 130
    assert "Traceback" not in console.shown
    assert "after step 2" in demo("--json", *QUESTION).err


# -- a model --------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model's endpoint, which the environment names."""
    with OpenAIServer(reply=lambda messages: "Honey, they say. [1]") as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        yield running


def test_a_model_answers(demo: Demo, server: OpenAIServer) -> None:
    """It gets the passages and the conversation; its citations are resolved to positions."""
    first, second = told(demo("--json", "--llm", "openai", *QUESTION, "--question", "And who eats it?"))
    assert first["reply"] == "Honey, they say. [1]"
    assert first["citations"][0]["source"] == "bees.md"
    asked = server.asked()
    assert asked[0]["model"] == "gpt-4o-mini"
    assert asked[0]["stream"] is True
    assert "Bees make honey" in asked[0]["messages"][-1]["content"]
    assert {"role": "assistant", "content": "Honey, they say. [1]"} in asked[1]["messages"]
    assert second["citations"]


def test_a_model_is_chosen(demo: Demo, server: OpenAIServer) -> None:
    """``--model`` names it."""
    told(demo("--json", "--llm", "openai", "--model", "small", *QUESTION))
    assert server.asked()[0]["model"] == "small"


def test_tokens_are_shown_as_they_come(documents: Path, home: Path) -> None:
    """The first words are there while the model still writes."""
    with OpenAIServer(reply=lambda messages: "one two three four five six", pause=0.2) as server:
        more = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "test"}
        with start(home, "--docs", str(documents), "--llm", "openai", *QUESTION, **more) as process:
            assert process.stdout is not None
            shown = ""
            while "two" not in shown:
                shown += process.stdout.read(1)
            server.pause = 0.0
            assert "six" not in shown
            rest = finish(process)
    assert rest.code == 0, rest.err
    assert (shown + rest.out).count("one two three four five six\n") == 1


def test_a_model_that_fails_ends_a_run_with_its_error(demo: Demo, server: OpenAIServer) -> None:
    """The next question is asked as if this one had not been."""
    server.fail(Failure(status=400))
    done = demo("--llm", "openai", *QUESTION)
    assert done.code == 1
    assert done.err.startswith("error: the model did not answer:")
    (answer,) = told(demo("--json", "--question", "What do wasps make?"))
    assert answer["citations"][0]["source"] == "wasps.html"


def test_a_model_that_fails_does_not_end_a_chat(
    demo: Demo, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is shown, and the next question gets its own answer."""
    server.fail(Failure(after_pieces=2))
    monkeypatch.setattr("sys.stdin", io.StringIO("What do bees make?\nWhat do wasps make?\n"))
    done = demo("--json", "--llm", "openai", "--chat")
    assert "> What do bees make?\nHoney,\nerror: the model did not answer: " in done.err
    (answer,) = told(done)
    assert answer["question"] == "What do wasps make?"


def test_ctrl_c_in_the_middle_of_an_answer(
    terminal: Callable[..., Console], demo: Demo, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was half said is not remembered, and the next question is answered, not the one that was left."""
    with OpenAIServer(reply=lambda messages: "slow " * 50, pause=0.1) as server:
        more = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "test"}
        console = terminal("--docs", str(documents), "--llm", "openai", *QUESTION, **more)
        console.expect("slow slow")
        console.type("\x03")
        assert console.wait() == 130
    assert "Traceback" not in console.shown
    (answer,) = told(demo("--json", "--question", "And what do wasps make?"))
    assert answer["citations"][0]["source"] == "wasps.html"


def test_a_model_needs_a_key(demo: Demo) -> None:
    """The error says how to give one."""
    done = demo("--llm", "openai", *QUESTION)
    assert done.code == 1
    assert done.err.startswith("error: --llm openai needs a key: set OPENAI_API_KEY")


# -- what goes wrong --------------------------------------------------------------------------------------


def test_documents_that_are_not_there(demo: Demo, tmp_path: Path) -> None:
    """One line that names the path, on standard error."""
    done = demo(docs=tmp_path / "nowhere")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: no file or folder at {str(tmp_path / 'nowhere')!r}\n"


def test_a_folder_without_documents(demo: Demo, tmp_path: Path) -> None:
    """The error says what would count."""
    (tmp_path / "empty").mkdir()
    done = demo(docs=tmp_path / "empty")
    assert done.code == 1
    assert done.err.startswith("error: there is no text, Markdown or HTML with anything in it at ")


def test_a_file_that_is_not_text(demo: Demo, documents: Path) -> None:
    """It is named, alone and in a folder."""
    done = demo(docs=documents / "picture.png")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "picture.png' is" in done.err
    (documents / "late.txt").write_bytes(b"a\0b")
    done = demo()
    assert done.code == 1
    assert "late.txt' is a binary file, not text" in done.err


def test_a_home_that_cannot_be_made(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATEFLOW_HOME", str(tmp_path / "file"))
    done = demo(*QUESTION)
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert "file" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--question", " "),
        ("--model", "small"),
        ("--evaluate", "--chat"),
        ("--llm", "nobody"),
        ("--unknown",),
    ],
)
def test_wrong_usage(demo: Demo, arguments: tuple[str, ...]) -> None:
    """It is said before anything is read, with exit code 2."""
    done = demo(*arguments, docs=None)
    assert done.code == 2
    assert "stateflow demo: error:" in done.err


def test_rich_is_missing(home: Path) -> None:
    """The error is the command that installs it."""
    program = "import sys; sys.modules['rich'] = None; from stateflow.cli import main; sys.exit(main(['demo']))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(home), check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the demo needs rich: pip install 'stateflow[start]'\n"


def test_a_reader_that_leaves_early(documents: Path, home: Path) -> None:
    """``stateflow demo | head -1`` shows its line and nothing else."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "import sys; from stateflow.cli import main; sys.exit(main())"]
    done = subprocess.run(
        [*command, "demo", "--docs", str(documents), *QUESTION],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


# -- lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["one ", "two ", "three"], "one two\nthree\n"),
        (["o", "ne t", "wo", " three"], "one two\nthree\n"),
        (["one\n", "two"], "one\ntwo\n"),
        (["one\n\n  two "], "one\n\n  two\n"),
        (["abcdefghijklmn op"], "abcdefghijklmn\nop\n"),
        (["日本語 日本語"], "日本語\n日本語\n"),
        (["a\x1b[31mb\x07\x9bc"], "a[31mbc\n"),
        ([], "\n"),
    ],
)
def test_lines_break_between_words(pieces: list[str], shown: str) -> None:
    """Whatever the pieces in which a text comes; what steers a terminal is left out."""
    written: list[str] = []
    flow = Flow(written.append, 8)
    for piece in pieces:
        flow.add(piece)
    flow.end()
    assert "".join(written) == shown
