"""Columns of frames."""

# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import (
    ParameterizedExtract,
    extract_columns,
    parameterize_extract_columns,
    source,
    value,
)


@extract_columns("a", "b")
def frame(size: int) -> pd.DataFrame:
    return pd.DataFrame({"a": range(size), "b": range(size, 2 * size)})


def total(a: pd.Series, b: pd.Series) -> pd.Series:
    return a + b


@parameterize_extract_columns(
    ParameterizedExtract(("product", "sum"), {"one": source("a"), "two": source("b"), "factor": value(2)})
)
def pairs(one: pd.Series, two: pd.Series, factor: int) -> pd.DataFrame:
    return pd.concat([one * two * factor, one + two], axis=1)
