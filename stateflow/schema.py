"""Typed state: holds written values against the fields of a pydantic model, a dataclass or a TypedDict."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

from stateflow.errors import ActionError, GraphError, InputError, names


class ModelSchema:
    """The fields of a model, each with its validator. pydantic does the checking and coercing.

    Raises:
        GraphError: the class is none of the three kinds, or pydantic is not installed.
    """

    def __init__(self, model: type[Any]) -> None:
        try:
            import pydantic
        except ImportError:
            raise GraphError("with_typing checks values with pydantic; pip install 'stateflow[pydantic]'") from None
        self.model = model
        self._whole: Any = pydantic.TypeAdapter(model)
        self._is_mapping = typing.is_typeddict(model)
        self.defaults: dict[str, Any] = {}
        self._validate_model = False
        if isinstance(model, type) and issubclass(model, pydantic.BaseModel):
            self._take_pydantic(model)
        elif dataclasses.is_dataclass(model):
            self._take_dataclass(model)
        elif self._is_mapping:
            self.hints = typing.get_type_hints(model, include_extras=True)
            self.required = frozenset(getattr(model, "__required_keys__", ()))
        else:
            raise GraphError(f"with_typing takes a pydantic model, a dataclass or a TypedDict, not {model!r}")
        self._fields = {name: pydantic.TypeAdapter(_plain(hint)) for name, hint in self.hints.items()}

    def checked(self, written: Mapping[str, Any], data: Mapping[str, Any], *, where: str) -> dict[str, Any]:
        """Return the written values, coerced to their fields' types.

        Args:
            written: the keys that were written, with their values.
            data: the whole state after the write.
            where: what wrote them, for the message.

        Raises:
            ActionError: a key is not a field, or a value does not fit; pydantic's error is its cause.
        """
        import pydantic

        fitted: dict[str, Any] = {}
        try:
            for key, value in written.items():
                if key not in self._fields:
                    raise ActionError(f"{where} wrote {key!r}, which is not a field of {self.model.__name__}")
                fitted[key] = self._fields[key].validate_python(value)
            if self._validate_model and self.required <= data.keys():
                whole = self._whole.validate_python({**self._known(data), **fitted})
                fitted = {key: _field(whole, key) for key in fitted}
        except pydantic.ValidationError as error:
            raise ActionError(f"{where} wrote a value that does not fit {self.model.__name__}: {error}") from error
        return fitted

    def instance(self, data: Mapping[str, Any]) -> Any:
        """Return the model's instance for a state, naming the fields that have no value yet."""
        missing = sorted(self.required - data.keys())
        if missing:
            raise InputError(f"the state has no value yet for {names(missing)} of {self.model.__name__}")
        return self._whole.validate_python(self._known(data))

    def _known(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in data.items() if key in self.hints}

    def _take_pydantic(self, model: Any) -> None:
        self.hints: dict[str, Any] = {}
        for name, info in model.model_fields.items():
            hint = info.annotation
            self.hints[name] = typing.Annotated[(hint, *info.metadata)] if info.metadata else hint
            if not info.is_required():
                self.defaults[name] = info.get_default(call_default_factory=True)
        self.required = frozenset(model.model_fields) - self.defaults.keys()
        decorators = model.__pydantic_decorators__
        self._validate_model = bool(
            decorators.model_validators or decorators.field_validators or decorators.root_validators
        )

    def _take_dataclass(self, model: Any) -> None:
        self.hints = typing.get_type_hints(model, include_extras=True)
        for item in dataclasses.fields(model):
            if item.default is not dataclasses.MISSING:
                self.defaults[item.name] = item.default
            elif item.default_factory is not dataclasses.MISSING:
                self.defaults[item.name] = item.default_factory()
        self.required = frozenset(item.name for item in dataclasses.fields(model)) - self.defaults.keys()


def _plain(hint: Any) -> Any:
    while typing.get_origin(hint) in (typing.Required, typing.NotRequired):
        hint = typing.get_args(hint)[0]
    return hint


def _field(whole: Any, key: str) -> Any:
    return whole[key] if isinstance(whole, dict) else getattr(whole, key)
