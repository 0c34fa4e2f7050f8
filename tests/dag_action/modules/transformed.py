"""@dynamic_transform and @model."""

# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import dynamic_transform, model
from hamilton.models import BaseModel


class Weighted(BaseModel):  # type: ignore[misc]  # Hamilton ships no types
    def get_dependents(self) -> list[str]:
        return list(self.config_parameters)

    def predict(self, **inputs: pd.Series) -> pd.Series:
        weighted: pd.Series = inputs["a"] * sum(self.config_parameters.values())
        return weighted


@model(Weighted, "weights")
def score() -> pd.Series:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    pass


@dynamic_transform(Weighted, "weights")
def other() -> pd.Series:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    pass
