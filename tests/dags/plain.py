"""Plain Hamilton in one line, as a user of the modules writes it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from hamilton import driver


def execute(
    modules: list[ModuleType],
    outputs: list[str],
    config: dict[str, Any],
    **inputs: Any,
) -> dict[str, Any]:
    """Build a driver of `modules` and `config` and compute `outputs`."""
    built = driver.Builder().with_modules(*modules).with_config(config).build()
    computed: dict[str, Any] = built.execute([*outputs], inputs=inputs)
    return computed


def variables(modules: list[ModuleType], config: dict[str, Any]) -> dict[str, Any]:
    """The nodes of a driver by name, external inputs included."""
    built = driver.Builder().with_modules(*modules).with_config(config).build()
    return {variable.name: variable for variable in built.list_available_variables()}
