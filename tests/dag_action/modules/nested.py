"""@subdag and @parameterized_subdag: one DAG inside another, under a name of its own."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import parameterized_subdag, source, subdag, value

from tests.dag_action.modules import parts


@subdag(parts, inputs={"raw": source("text")}, config={"style": "loud"})
def loud(styled: str) -> str:
    return styled


@subdag(parts.cleaned, inputs={"raw": value("  fixed ")})
def fixed(cleaned: str) -> str:
    return cleaned


@parameterized_subdag(
    parts,
    here={"inputs": {"raw": source("text")}},
    there={"inputs": {"raw": value(" x ")}, "config": {"style": "loud"}},
)
def placed(styled: str) -> str:
    return styled


def together(loud: str, fixed: str, here: str, there: str) -> list[str]:
    return [loud, fixed, here, there]
