"""One root, two branches, one join."""


def root(seed: int) -> int:
    return seed + 1


def left(root: int) -> int:
    return root * 10


def right(root: int) -> int:
    return root * 100


def join(left: int, right: int, root: int) -> list[int]:
    return [left, right, root]
