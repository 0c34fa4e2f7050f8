"""Which store a URL means, and where the runs of a project are kept on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

from stateflow.errors import InputError, StoreError, nearest
from stateflow.store.memory import MemoryStore
from stateflow.store.protocol import Store
from stateflow.store.sqlite import SQLiteStore

GROUP = "stateflow.stores"
_FILES = (".db", ".sqlite", ".sqlite3")
_LONGEST_NAME = 150

Opener = Callable[..., Store]


def open_store(url: str | os.PathLike[str], *, read_only: bool = False) -> Store:
    """Open ``sqlite:///runs.db`` (four slashes for an absolute path), ``memory://``, or a path to a SQLite file.

    Other schemes are found as entry points of the group ``stateflow.stores``: a callable that takes the URL and
    ``read_only``. A SQLite URL takes ``?durability=normal`` and ``?table=name``.

    Raises:
        StoreError: the scheme is not known here, or the store cannot be opened.
    """
    if isinstance(url, os.PathLike):
        return SQLiteStore(url, read_only=read_only)
    scheme, separator, _ = url.partition("://")
    if not separator:
        if url.endswith(_FILES) or os.sep in url:
            return SQLiteStore(url, read_only=read_only)
        raise StoreError(
            f"{url!r} is neither a URL nor the path of a {', '.join(_FILES)} file"
            f"{nearest(url, ['local', *_schemes()])}; "
            "a store is opened by 'sqlite:///runs.db' or 'memory://', and an application takes 'local' too"
        )
    opener = _BUILT_IN.get(scheme) or _installed(scheme)
    return opener(url, read_only=read_only)


def local_store(project: str, *, read_only: bool = False) -> SQLiteStore:
    """Open the file in which this machine keeps the runs of a project, with durability ``normal``.

    It lies in the folder that ``STATEFLOW_HOME`` names, else in ``stateflow`` of the platform's data folder.
    """
    path = local_path(project)
    if not read_only:
        _create_folder(path.parent)
    return SQLiteStore(path, durability="normal", read_only=read_only)


def _create_folder(folder: Path) -> None:
    """Create the folder of this user's runs, and those above it, for this user only."""
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    try:
        for above in reversed(missing):
            above.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be created: {error.strerror or error}; set STATEFLOW_HOME") from error


def local_path(project: str) -> Path:
    """Return the file of a project.

    Raises:
        InputError: the project has no name.
    """
    if not project:
        raise InputError("a project needs a name; give project='...'")
    name = quote(project, safe=" ", errors="surrogatepass").replace(".", "%2E")
    if len(name) > _LONGEST_NAME:
        digest = sha256(project.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        name = f"{name[:_LONGEST_NAME]}-{digest}"
    root = home()
    path = root / f"{name}.db"
    if path.parent != root:
        raise InputError(f"project {project!r} does not make a file name; use letters and digits")
    return path


def home(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder of this user's runs, by the platform's convention."""
    if chosen := environment.get("STATEFLOW_HOME"):
        return Path(chosen).expanduser()
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "stateflow"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "stateflow"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "stateflow"


def _sqlite(url: str, *, read_only: bool) -> Store:
    path, _, query = url.removeprefix("sqlite://").partition("?")
    options: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in ("durability", "table"):
            raise StoreError(f"{url!r}: option {name!r} is not known{nearest(name, ('durability', 'table'))}")
    if len(path) < 2 or not path.startswith("/"):
        raise StoreError(f"{url!r} names no file; write sqlite:///runs.db, or sqlite:////absolute/path/runs.db")
    return SQLiteStore(path[1:], read_only=read_only, **options)


def _memory(url: str, *, read_only: bool) -> Store:
    if url != "memory://" or read_only:
        raise StoreError(f"{url!r}: a store in memory starts empty, has no name and cannot be read-only; use memory://")
    return MemoryStore()


_BUILT_IN: Mapping[str, Opener] = {"sqlite": _sqlite, "memory": _memory}


def _installed(scheme: str) -> Opener:
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=scheme):
        opener: Opener = entry.load()
        return opener
    raise StoreError(
        f"no store is installed for {scheme!r} URLs{nearest(scheme, _schemes())}; a package adds one as an entry point "
        f"of the group {GROUP!r}"
    )


def _schemes() -> list[str]:
    from importlib.metadata import entry_points

    return [*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))]
