"""Draws a lineage as one interactive page that needs nothing else: no network, no program, no library."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stateflow.lineage.grammar import ARROWS, visible
from stateflow.lineage.layout import Box, Plan, Route, place, planned
from stateflow.lineage.layout import place as _place_module  # noqa: F401
