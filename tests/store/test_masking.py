"""What is shown of a run hides secrets, also in models and odd dicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from stateflow.codec import Codec
from stateflow.store.masking import MARKERS, Masked, Unstored, is_secret_name, kept


@dataclass
class Login:
    user: str
    password: str


class Settings(BaseModel):
    name: str
    api_key: SecretStr
    access_token: str


@pytest.fixture
def codec() -> Codec:
    return Codec([*MARKERS, Login, Settings])


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "API_KEY", "api-key", "apiKey", "apikey", "OPENAI_API_KEY", "X-Api-Key", "token", "accessToken"),
        *("refresh_token", "Authorization", "Proxy-Authorization", "password", "db.password", "password2", "token_1"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["tokens", "max_tokens", "token_count", "tokenizer", "authorization_url", "passwords", "monkey", "key", ""],
)
def test_names_that_only_look_like_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [{"token": 1}]}, {"a": [{"token": Masked()}]}),
        ({"a": ({"token": {"x": 1}},)}, {"a": ({"token": Masked()},)}),
        ({1: "a", "api_key": "b"}, {1: "a", "api_key": Masked()}),
        ({1: {"api_key": "b"}, ("token",): 2}, {1: {"api_key": Masked()}, ("token",): 2}),
        (Login("me", "secret"), Login("me", Masked())),  # type: ignore[arg-type]
        ([SecretStr("s")], [Masked()]),
        ("token", "token"),
        ({"note": "the token is api"}, {"note": "the token is api"}),
    ],
)
def test_masking(codec: Codec, value: Any, expected: Any) -> None:
    encoded = kept(value, codec)
    assert b"secret" not in encoded
    assert codec.decode(encoded) == expected


def test_a_model_with_secrets_is_kept_without_them(codec: Codec) -> None:
    found = codec.decode(kept(Settings(name="n", api_key=SecretStr("s1"), access_token="s2"), codec))
    assert type(found) is Settings
    assert vars(found) == {"name": "n", "api_key": Masked(), "access_token": Masked()}


def test_a_cycle_is_kept_as_a_marker(codec: Codec) -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert codec.decode(kept({"loop": loop}, codec)) == {"loop": [1, Unstored("list")]}


def test_depth_is_kept_as_a_marker(codec: Codec) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert b"Unstored" in kept(deep, codec)


def test_a_large_value_is_kept_as_its_type(codec: Codec) -> None:
    assert codec.decode(kept("x" * 100, codec, limit=50)) == Unstored("str")
