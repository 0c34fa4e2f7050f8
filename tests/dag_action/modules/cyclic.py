"""A cycle of three."""


def hen(egg: str) -> str:
    return egg


def egg(nest: str) -> str:
    return nest


def nest(hen: str) -> str:
    return hen
