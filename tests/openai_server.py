"""A local HTTP server that speaks the OpenAI protocol, for tests with the real `openai` client.

It answers chat completions, whole or as server-sent events, and embeddings; it records what it
was asked and fails, waits or breaks off on request.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["Failure", "OpenAIServer", "Recorded", "echo", "letter_counts"]

Messages = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it arrived: path below the base address, lower-case headers, JSON body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """How one request fails: an error status, or a stream cut off after some of its pieces."""

    status: int = 500
    after_pieces: int | None = None


def echo(messages: Messages) -> str:
    """The default reply: what the last message says."""
    return f"You said: {messages[-1]['content']}"


def letter_counts(text: str) -> list[float]:
    """The default embedding: how often each letter occurs, plus one so that none is zero."""
    lowered = text.lower()
    return [1.0, *(float(lowered.count(chr(97 + place))) for place in range(26))]


class OpenAIServer:
    """Runs in a thread while its `with` block lasts; give `base_url` to `openai.OpenAI`.

    `reply(messages)` makes the text of a completion and `embed(text)` a vector; both are called in
    a server thread. `delay` seconds pass before every answer and `pause` before every piece of a
    stream. Set them at any time.
    """

    def __init__(
        self,
        reply: Callable[[Messages], str] = echo,
        embed: Callable[[str], list[float]] = letter_counts,
        *,
        delay: float = 0.0,
        pause: float = 0.0,
    ) -> None:
        self.reply = reply
        self.embed = embed
        self.delay = delay
        self.pause = pause
        self.requests: list[Recorded] = []
        self.closing = threading.Event()
        self._failures: deque[Failure] = deque()
        self._http = _Server(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.01},
            daemon=True,
        )

    @property
    def base_url(self) -> str:
        """The address for `openai.OpenAI(base_url=...)`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def fail(self, *failures: Failure) -> None:
        """Let the next requests fail, one `Failure` each."""
        self._failures.extend(failures)

    def next_failure(self) -> Failure | None:
        """The failure that the present request must show, if any."""
        return self._failures.popleft() if self._failures else None

    def asked(self, path: str = "/chat/completions") -> list[dict[str, Any]]:
        """The bodies of the requests to `path`, in order."""
        return [request.body for request in self.requests if request.path == path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, owner: OpenAIServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave early; anything else is a defect of this server and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _owner(self) -> OpenAIServer:
        assert isinstance(self.server, _Server)
        return self.server.owner

    def do_POST(self) -> None:
        owner = self._owner
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))))
        path = self.path.removeprefix("/v1")
        headers = {name.lower(): value for name, value in self.headers.items()}
        owner.requests.append(Recorded(path, headers, body))
        owner.closing.wait(owner.delay)
        failure = owner.next_failure()
        if failure is not None and failure.after_pieces is None:
            self._json(failure.status, _error(f"failing with {failure.status} as told"))
        elif path == "/chat/completions" and body.get("stream"):
            self._stream(body, failure)
        elif path == "/chat/completions":
            self._json(200, _completion(body, owner.reply(body["messages"])))
        elif path == "/embeddings":
            self._json(200, _embeddings(body, owner.embed))
        else:
            self._json(404, _error(f"no such endpoint: {self.path}"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
        """Stay silent: requests are recorded, not printed."""

    def _json(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, body: dict[str, Any], failure: Failure | None) -> None:
        owner = self._owner
        text = owner.reply(body["messages"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("connection", "close")
        self.end_headers()
        for sent, piece in enumerate(_pieces(body, text)):
            if failure is not None and failure.after_pieces == sent:
                return  # without the closing chunk, which the client notices
            if owner.closing.wait(owner.pause):
                return
            self._chunk(f"data: {json.dumps(piece)}\n\n".encode())
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}


def _usage(body: dict[str, Any], text: str) -> dict[str, int]:
    asked = sum(len(str(message["content"]).split()) for message in body["messages"])
    said = len(text.split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _completion(body: dict[str, Any], text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _usage(body, text),
    }


def _pieces(body: dict[str, Any], text: str) -> Iterator[dict[str, Any]]:
    """First the role, then the words one by one, then the end, then the usage when asked for."""
    piece: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": body["model"],
    }
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    deltas.extend({"content": word} for word in re.findall(r"\s*\S+|\s+$", text))
    for delta in deltas:
        yield piece | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield piece | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield piece | {"choices": [], "usage": _usage(body, text)}


def _embeddings(body: dict[str, Any], embed: Callable[[str], list[float]]) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    return {
        "object": "list",
        "model": body["model"],
        "data": [{"object": "embedding", "index": place, "embedding": embed(text)} for place, text in enumerate(texts)],
        "usage": {"prompt_tokens": 0, "total_tokens": 0},
    }
