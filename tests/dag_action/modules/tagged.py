"""Modifiers that change no value: @tag, @tag_outputs, @schema.output and @cache."""

# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import cache, extract_fields, schema, tag, tag_outputs


@tag(external="true", owner="team")
@cache(behavior="ignore")
def answered(question: str) -> str:
    return f"{question}?"


@tag_outputs(lower={"kind": "text"}, length={"kind": "number"})
@extract_fields({"lower": str, "length": int})
def facts(answered: str) -> dict[str, object]:
    return {"lower": answered.lower(), "length": len(answered)}


@schema.output(("a", "int"))
def table(length: int) -> pd.DataFrame:
    return pd.DataFrame({"a": [length]})


def described(lower: str, table: pd.DataFrame) -> str:
    return f"{lower} {list(table['a'])}"
