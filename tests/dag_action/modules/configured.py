"""Every form of @config."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import config


@config.when(engine="fast")
def result__fast(number: int) -> str:
    return f"fast {number}"


@config.when(engine="slow")
def result__slow(number: int, patience: int) -> str:
    return f"slow {number} {patience}"


@config.when_not(engine="fast")
def note__other() -> str:
    return "not fast"


@config.when_in(engine=["fast", None])
def note__fast() -> str:
    return "fast"


@config.when_not_in(region=["eu", "us"])
def place__elsewhere() -> str:
    return "elsewhere"


@config.when_in(region=["eu", "us"])
def place__known(region: str) -> str:
    return region


@config(lambda config: config.get("level", 0) > 1)
def depth() -> str:
    return "deep"
