"""How values are stored: tagged JSON over a closed registry of types, so that each comes back as what it was."""

from stateflow.codec.annotations import types_in
from stateflow.codec.codec import Codec
from stateflow.codec.shapes import is_secret, type_name

__all__ = ["Codec", "is_secret", "type_name", "types_in"]
