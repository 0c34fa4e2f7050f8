"""Steps that the nodes call."""

OFFSET = 10
UNUSED = 5


def scale(factor, value):
    """Scale and shift."""
    return shift(factor * value)


def shift(value):
    # the helper's helper
    return value + OFFSET


def unrelated(value):
    return value - UNUSED
