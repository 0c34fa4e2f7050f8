"""Inputs with defaults, in the middle and by keyword only."""


def greeting(name: str, salutation: str = "Dear", mark: str = "!") -> str:
    return f"{salutation} {name}{mark}"


def shouted(greeting: str, *, times: int = 1) -> str:
    return greeting.upper() * times


def strict(salutation: str) -> int:
    return len(salutation)


def mutable(name: str, seen: tuple[str, ...] = ("nobody",)) -> list[str]:
    return [*seen, name]
