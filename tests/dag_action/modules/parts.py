"""What the sub-DAGs of ``nested`` are made of."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import config


def cleaned(raw: str) -> str:
    return raw.strip()


@config.when(style="loud")
def styled__loud(cleaned: str) -> str:
    return cleaned.upper()


@config.when_not(style="loud")
def styled__calm(cleaned: str, suffix: str = ".") -> str:
    return cleaned + suffix
