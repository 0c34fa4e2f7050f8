"""Typed state: holds written values against the fields of a pydantic model, a dataclass or a TypedDict."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any

from stateflow.errors import ActionError, GraphError, InputError, names, nearest


class ModelSchema:
    """The fields of a model, each with its validator. pydantic does the checking and coercing.

    Raises:
        GraphError: the class is none of the three kinds, a field has a type that cannot be checked, or pydantic is
            not installed.
    """

    def __init__(self, model: type[Any]) -> None:
        try:
            import pydantic
        except ImportError:
            raise GraphError("with_typing checks values with pydantic; pip install 'stateflow[pydantic]'") from None
        given: object = model
        self.model = model
        self.defaults: dict[str, Any] = {}
        self.hints: dict[str, Any] = {}
        self.required: frozenset[str] = frozenset()
        self._config: Any = {"arbitrary_types_allowed": True}
        self._whole: Callable[[dict[str, Any]], Any] = dict
        self._aliases: dict[str, str] = {}
        self._validate_model = False
        try:
            if isinstance(given, type) and issubclass(given, pydantic.BaseModel):
                self._take_pydantic(given)
            elif isinstance(given, type) and dataclasses.is_dataclass(given):
                self._take_dataclass(given)
            elif typing.is_typeddict(given):
                self.hints = typing.get_type_hints(model, include_extras=True)
                self.required = frozenset(name for name, hint in self.hints.items() if _is_required(model, name, hint))
            else:
                raise GraphError(f"with_typing takes a pydantic model, a dataclass or a TypedDict, not {model!r}")
            self._fields = {name: self._adapter(_plain(hint)) for name, hint in self.hints.items()}
        except (NameError, pydantic.PydanticUserError) as error:
            raise GraphError(f"with_typing cannot check the fields of {model.__name__}: {error}") from error

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
        key = ""
        try:
            for key, value in written.items():
                if key not in self._fields:
                    near = nearest(key, self._fields)
                    raise ActionError(f"{where} wrote {key!r}, which is not a field of {self.model.__name__}{near}")
                fitted[key] = self._fields[key].validate_python(value)
            key = ""
            if self._validate_model and self.required <= data.keys():
                whole = self._whole(self._known({**data, **fitted}))
                fitted = {key: getattr(whole, key) for key in fitted}
        except pydantic.ValidationError as error:
            raise ActionError(f"{where} wrote a value that does not fit {_told(error, self.model, key)}") from error
        return fitted

    def instance(self, data: Mapping[str, Any]) -> Any:
        """Return the model's instance for a state, naming the fields that have no value yet."""
        missing = sorted(self.required - data.keys())
        if missing:
            raise InputError(f"the state has no value yet for {names(missing)} of {self.model.__name__}")
        return self._whole(self._known(data))

    def _known(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in data.items() if key in self.hints}

    def _adapter(self, hint: Any) -> Any:
        import pydantic

        try:
            return pydantic.TypeAdapter(hint, config=self._config)
        except pydantic.PydanticUserError as error:
            if error.code != "type-adapter-config-unused":  # the type is a model itself, with its own settings
                raise
            return pydantic.TypeAdapter(hint)

    def _take_pydantic(self, model: Any) -> None:
        for name, info in model.model_fields.items():
            hint = info.annotation
            self.hints[name] = typing.Annotated[(hint, *info.metadata)] if info.metadata else hint
            if not info.is_required():
                self.defaults[name] = info.get_default(call_default_factory=True)
            self._aliases[name] = _alias(info.validation_alias, name)
        self._config = model.model_config
        self._whole = lambda known: model.model_validate({self._aliases[key]: known[key] for key in known})
        self.required = frozenset(model.model_fields) - self.defaults.keys()
        decorators = model.__pydantic_decorators__
        self._validate_model = bool(
            decorators.model_validators or decorators.field_validators or decorators.root_validators
        )

    def _take_dataclass(self, model: Any) -> None:
        fields = [item for item in dataclasses.fields(model) if item.init]
        hints = typing.get_type_hints(model, include_extras=True)
        self.hints = {item.name: hints[item.name] for item in fields}
        self._whole = lambda known: model(**known)
        for item in fields:
            if item.default is not dataclasses.MISSING:
                self.defaults[item.name] = item.default
            elif item.default_factory is not dataclasses.MISSING:
                self.defaults[item.name] = item.default_factory()
        self.required = frozenset(self.hints) - self.defaults.keys()


def _is_required(model: Any, name: str, hint: Any) -> bool:
    """Return whether a TypedDict needs a key; where its annotations are strings, the class itself does not know."""
    if typing.get_origin(hint) in (typing.Required, typing.NotRequired):
        return typing.get_origin(hint) is typing.Required
    return name in model.__required_keys__


def _plain(hint: Any) -> Any:
    while typing.get_origin(hint) in (typing.Required, typing.NotRequired):
        hint = typing.get_args(hint)[0]
    return hint


def _alias(alias: Any, name: str) -> str:
    """Return the name under which a model takes a field."""
    choices = [choice for choice in getattr(alias, "choices", [alias]) if isinstance(choice, str)]
    return choices[0] if choices else name


def _told(error: Any, model: type[Any], key: str) -> str:
    """Return what pydantic found, in one line: the fields of the model, and what is wrong with each."""
    wrong = []
    for found in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in (*([key] if key else []), *found["loc"]))
        wrong.append(f"{path}: {found['msg']}" if path else str(found["msg"]))
    return f"{model.__name__}: {'; '.join(wrong)}"
