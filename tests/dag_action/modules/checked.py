"""Data quality: @check_output and @check_output_custom."""

# mypy: allow-untyped-decorators

from hamilton.data_quality.base import DataValidator, ValidationResult
from hamilton.function_modifiers import check_output, check_output_custom


class _Even(DataValidator):  # type: ignore[misc]  # Hamilton ships no types
    def applies_to(self, datatype: type) -> bool:
        return datatype is int

    def description(self) -> str:
        return "is even"

    @classmethod
    def name(cls) -> str:
        return "even"

    def validate(self, dataset: int) -> ValidationResult:
        return ValidationResult(passes=dataset % 2 == 0, message=f"{dataset} is odd")


@check_output(data_type=int, importance="warn")
def measured(number: int) -> int:
    return number + 1


@check_output_custom(_Even(importance="fail"))
def even(measured: int) -> int:
    return measured


def verdict(even: int) -> str:
    return f"{even} passed"
