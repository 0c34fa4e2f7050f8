"""A second definition of ``plus``, and a node that the config can replace."""


def plus(doubled: int, offset: int) -> int:
    return doubled - offset


def plain(offset: int) -> int:
    return offset


def after_plain(plain: int) -> int:
    return plain + 1
