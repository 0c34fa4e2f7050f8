"""Fields of dicts, parts of tuples."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import extract_fields, unpack_fields


@extract_fields({"first": str, "second": int})
def record(number: int) -> dict[str, object]:
    return {"first": str(number), "second": number, "third": None}


@unpack_fields("low", "high")
def bounds(number: int) -> tuple[int, int]:
    return number - 1, number + 1


def summary(first: str, second: int, low: int, high: int) -> str:
    return f"{first} {second} {low} {high}"
