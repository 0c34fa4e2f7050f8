"""Modifiers that Hamilton keeps under their old names."""

# mypy: allow-untyped-decorators

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # using them is deprecated, running them is what is tested
    from hamilton.function_modifiers import parameterized_inputs, parametrized, parametrized_input, pipe, step

    @parametrized(parameter="word", assigned_output={("old_hello", "Greets."): "hello"})
    def worded(word: str, base: int) -> str:
        return f"{word} {base}"

    @parametrized_input(parameter="number", variable_inputs={"base": ("old_plus", "One more.")})
    def plus_one(number: int) -> int:
        return number + 1

    @parameterized_inputs(old_sum={"one": "old_plus", "two": "base"})
    def added(one: int, two: int) -> int:
        return one + two

    def _double(number: int) -> int:
        return number * 2

    @pipe(step(_double))
    def old_piped(base: int) -> int:
        return base + 1
