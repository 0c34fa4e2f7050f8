"""Hamilton module: from passages and the conversation so far to a reply that cites them.

Config `llm`: `"extractive"` (default; quotes the passages, no network) or `"openai"` (any endpoint
that speaks its protocol). Config `stream=True` makes the reply of the items of `llm_tokens`.
"""

# mypy: allow-untyped-decorators

import re
from collections.abc import Iterator
from typing import Any

from hamilton.function_modifiers import config, tag

from stateflow_dags.rag.extract import CITED, Quote, best_quote, one_line, quotes
from stateflow_dags.rag.followup import earlier_turns, standalone
from stateflow_dags.rag.model import Citation, Passage

_SYSTEM = (
    "Answer the question from the numbered passages alone, in a few sentences. After each "
    "statement cite the passages it rests on, like [1] or [2][3]. When the passages do not "
    "answer the question, say so and cite nothing."
)
_NOTHING = "I found nothing about this in the documents."
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_SPOKEN = frozenset({"user", "assistant"})


def context(passages: list[Passage], top_k: int = 5) -> list[Passage]:
    """The passages the reply may rest on, at most `top_k`; `[1]` is the first of them."""
    if top_k < 1:
        raise ValueError(f"top_k is {top_k}: give the reply at least 1 passage")
    return passages[:top_k]


def prompt(
    question: str,
    chat_history: list[dict[str, str]],
    context: list[Passage],
    memory_turns: int = 6,
) -> list[dict[str, str]]:
    """The messages for the model: instructions, the last `memory_turns` turns, passages, question.

    A turn is one message, of the user or the assistant. Raises ValueError for an empty question.
    """
    if not question.strip():
        raise ValueError("the question is empty: ask with at least one word")
    if memory_turns < 0:
        raise ValueError(f"memory_turns is {memory_turns}: it must be at least 0")
    earlier = [t for t in earlier_turns(question, chat_history) if t["role"] in _SPOKEN]
    remembered = earlier[len(earlier) - min(memory_turns, len(earlier)) :]
    numbered = "\n\n".join(
        f"[{number}] {passage.title} ({passage.source})\n{passage.text}" for number, passage in enumerate(context, 1)
    )
    asked = f"Passages:\n\n{numbered or '(none found)'}\n\nQuestion: {question}"
    return [
        {"role": "system", "content": _SYSTEM},
        *remembered,
        {"role": "user", "content": asked},
    ]


@config.when(llm="openai", stream=True)
@tag(external="true")
def llm_tokens__openai(
    prompt: list[dict[str, str]],
    client: Any,
    model: str,
    temperature: float = 0.2,
) -> Iterator[str]:
    """The model's reply, piece by piece as it is written; `client` is an `openai.OpenAI`.

    An iterator is used up once, so on plain Hamilton only `llm_reply` may consume this node.
    """
    with client.chat.completions.create(
        model=model,
        messages=prompt,
        temperature=temperature,
        stream=True,
    ) as pieces:
        for piece in pieces:
            text = piece.choices[0].delta.content if piece.choices else None
            if text:
                yield text


@config.when_in(llm=[None, "extractive"], stream=[True])
def llm_tokens__extractive(
    question: str,
    chat_history: list[dict[str, str]],
    context: list[Passage],
) -> Iterator[str]:
    """The extractive reply word by word.

    An iterator is used up once, so on plain Hamilton only `llm_reply` may consume this node.
    """
    yield from re.findall(r"\S+\s*", _extracted(question, chat_history, context))


@config.when(stream=True)
def llm_reply__stream(llm_tokens: Iterator[str]) -> str:
    """The whole reply: the tokens joined."""
    return "".join(llm_tokens)


@config.when_in(llm=["openai"], stream=[None, False])
@tag(external="true")
def llm_reply__openai(
    prompt: list[dict[str, str]],
    client: Any,
    model: str,
    temperature: float = 0.2,
) -> str:
    """The model's reply in one piece; `client` is an `openai.OpenAI` for any compatible endpoint.

    Errors of the client pass through. Raises ValueError when the endpoint gives no choice.
    """
    completion = client.chat.completions.create(
        model=model,
        messages=prompt,
        temperature=temperature,
    )
    if not completion.choices:
        raise ValueError(f"model {model!r} gave no reply: the response has no choices")
    return completion.choices[0].message.content or ""


@config.when_in(llm=[None, "extractive"], stream=[None, False])
def llm_reply__extractive(
    question: str,
    chat_history: list[dict[str, str]],
    context: list[Passage],
) -> str:
    """The sentences of the passages that fit the question best, quoted and cited."""
    return _extracted(question, chat_history, context)


def citations(llm_reply: str, context: list[Passage]) -> list[Citation]:
    """What the numbers in the reply refer to, each once, in order of number.

    The quote is the sentence of the passage that shares most with what the reply says before the
    number. A number without a passage is left out.
    """
    claims: dict[int, str] = {}
    claim, read = "", 0
    for match in CITED.finditer(llm_reply):
        claim = llm_reply[read : match.start()].strip() or claim
        read = match.end()
        for digits in match[1].split(","):
            number = int(digits)
            claims[number] = f"{claims.get(number, '')} {claim}".strip()
    return [
        _citation(number, context[number - 1], claims[number])
        for number in sorted(claims)
        if 1 <= number <= len(context)
    ]


def user_turn(question: str) -> dict[str, str]:
    """The question as a turn of the conversation."""
    return {"role": "user", "content": question}


def assistant_turn(llm_reply: str) -> dict[str, str]:
    """The reply as a turn of the conversation."""
    return {"role": "assistant", "content": llm_reply}


def _extracted(question: str, chat_history: list[dict[str, str]], context: list[Passage]) -> str:
    found = quotes(standalone(question, chat_history), context)
    if not found:
        return _NOTHING
    return "\n".join(f"{_line(context[place], quote)} [{place + 1}]" for place, quote in found)


def _line(passage: Passage, quote: Quote) -> str:
    """The quote on one line; words from inside a definition begin with its name, which they may not say."""
    line = one_line(passage.text[quote.start : quote.end])
    is_named = line.startswith("`") or not _NAME.fullmatch(passage.title)
    return line if is_named else f"`{passage.title}`: {line}"


def _citation(number: int, passage: Passage, claim: str) -> Citation:
    words = claim.replace(f"`{passage.title}`: ", "")  # the name is in every sentence about it
    quote = best_quote(words, passage) if words else None
    start, end = (quote.start, quote.end) if quote else (0, len(passage.text))
    return Citation(
        number=number,
        source=passage.source,
        title=passage.title,
        start=passage.start + start,
        end=passage.start + end,
        quote=passage.text[start:end],
    )
