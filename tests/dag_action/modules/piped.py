"""@pipe_input, @pipe_output, @mutate, @step and the old @pipe."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import apply_to, mutate, pipe_input, pipe_output, source, step, value


def _add(number: int, amount: int = 1) -> int:
    return number + amount


def _times(number: int, factor: int) -> int:
    return number * factor


@pipe_input(
    step(_add),
    step(_times, factor=source("scale")).named("scaled_up"),
    step(_add, amount=value(100)).when(big=True),
    on_input="start",
)
def piped_in(start: int, label: str = "n") -> str:
    return f"{label}{start}"


@pipe_output(step(_add).named("bump"), step(_times, factor=3))
def piped_out(start: int) -> int:
    return start


def mutated(start: int) -> int:
    return start * 1000


@mutate(apply_to(mutated, amount=value(5)))
def _bumped(number: int, amount: int) -> int:
    return number + amount


def after(mutated: int, piped_out: int) -> tuple[int, int]:
    return mutated, piped_out
