"""@dynamic_transform and @model."""

import pandas as pd
from hamilton.function_modifiers import dynamic_transform, model
from hamilton.models import BaseModel


class Weighted(BaseModel):
    def get_dependents(self) -> list[str]:
        return list(self.config_parameters)

    def predict(self, **inputs: pd.Series) -> pd.Series:
        return sum(weight * inputs[name] for name, weight in self.config_parameters.items())  # type: ignore[return-value]


@model(Weighted, "weights")
def score() -> pd.Series:
    pass


@dynamic_transform(Weighted, "weights")
def other() -> pd.Series:
    pass
