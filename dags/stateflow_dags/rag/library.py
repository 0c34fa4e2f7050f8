"""Renders the documentation of the running interpreter's standard library, as pydoc would read it.

One document a module: its introduction, then one block a public function or class, with the
signature on the first line and the docstring indented below, methods inside their class.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import pkgutil
import pydoc
import re
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from textwrap import indent
from types import ModuleType

from stateflow_dags.rag.model import Document

__all__ = ["library_modules", "read_library"]

# Modules that print, open windows or browsers, change the terminal, are the interpreter's tests
# and samples, or repeat what is documented under a public name (posixpath is os.path).
_SKIPPED = frozenset(
    {
        "antigravity",
        "distutils",
        "genericpath",
        "idlelib",
        "lib2to3",
        "nt",
        "ntpath",
        "nturl2path",
        "posix",
        "posixpath",
        "pydoc_data",
        "readline",
        "rlcompleter",
        "sre_compile",
        "sre_constants",
        "sre_parse",
        "test",
        "this",
        "turtle",
        "turtledemo",
        "xxlimited",
        "xxlimited_35",
        "xxsubtype",
    },
)
_SKIPPED_PARTS = frozenset({"test", "tests", "macholib", "encodings"})
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SET = re.compile(r"(?:frozenset\()?\{[^{}:]*\}\)?")
_NAMED = re.compile(r"<(?:class|(?:built-in )?function) '?([\w.]+)'?>")
_LONGEST_SIGNATURE = 300
_MOST_NAMES = 60


def library_modules() -> list[str]:
    """Names of the standard library's public modules and submodules that this machine has."""
    found: set[str] = {"builtins", "os.path"}
    for name in sys.stdlib_module_names:
        if name.startswith("_") or name in _SKIPPED:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or not _is_standard(spec.origin):
            continue
        found.add(name)
        found.update(_submodules(name, spec.submodule_search_locations or ()))
    return sorted(found)


def read_library(
    names: Iterable[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Document]:
    """Documents of the named modules, by default of `library_modules()`.

    A module that cannot be imported here is left out. `progress(done, total, name)` is called
    before each module. An object that several modules export is described by the first of them
    in order of name.
    """
    chosen = library_modules() if names is None else list(dict.fromkeys(names))
    seen: set[int] = set()
    documents = []
    for done, name in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), name)
        module = _imported(name)
        text = _module_text(name, module, seen) if module is not None else ""
        if text:
            documents.append(Document(source=name, title=name, text=text))
    return documents


def _is_standard(origin: str | None) -> bool:
    if origin in (None, "built-in", "frozen"):
        return True
    roots = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    path = Path(origin or "")
    inside = any(path.is_relative_to(root) for root in roots)
    return inside and "site-packages" not in path.parts


def _submodules(package: str, folders: Iterable[str]) -> Iterator[str]:
    if package in _SKIPPED_PARTS:
        return
    for folder in folders:
        for found in pkgutil.iter_modules([folder]):
            if found.name.startswith("_") or found.name in _SKIPPED_PARTS:
                continue
            name = f"{package}.{found.name}"
            yield name
            if found.ispkg:
                yield from _submodules(name, [str(Path(folder) / found.name)])


def _imported(name: str) -> ModuleType | None:
    """The module, imported in silence, or None: none of them may stop the others."""
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a module may even call sys.exit while it is imported
            return None


def _module_text(name: str, module: ModuleType, seen: set[int]) -> str:
    blocks: list[str] = []
    names: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated attributes warn when they are looked at
        for attribute, value in _public_members(name, module):
            if id(value) in seen:
                continue
            if inspect.isclass(value):
                seen.add(id(value))
                blocks.append(_class_block(f"{name}.{attribute}", value))
            elif inspect.isroutine(value):
                seen.add(id(value))
                blocks.append(_definition(f"{name}.{attribute}", value, _doc(value)))
            elif not inspect.ismodule(value):
                names.append(attribute)
    introduction = _doc(module)
    if not blocks and not introduction:
        return ""
    parts = [f"{name}\n\n{introduction}".strip(), *blocks]
    if names:
        parts.append(f"{name} names\n    {', '.join(names[:_MOST_NAMES])}")
    return "\n\n".join(parts) + "\n"


def _public_members(name: str, module: ModuleType) -> Iterator[tuple[str, object]]:
    """What pydoc would show: `__all__` where there is one, else what the module itself defines."""
    listed = getattr(module, "__all__", None)
    for attribute in sorted(vars(module)) if listed is None else dict.fromkeys(listed):
        if not pydoc.visiblename(attribute, listed, module) or attribute.startswith("__"):
            continue
        try:
            value: object = getattr(module, attribute)
        except Exception:  # noqa: BLE001, S112 - a lazy attribute may fail on this platform
            continue
        owner = getattr(value, "__module__", None)
        defined_here = owner in (None, name, module.__name__, f"_{name}", "builtins")
        if listed is not None or defined_here or not callable(value):
            yield attribute, value


def _class_block(name: str, cls: type) -> str:
    lines = [_definition(name, cls, _doc(cls), prefix="class ")]
    bare = []
    for attribute, value in vars(cls).items():
        if attribute.startswith("_") or inspect.isclass(value):
            continue
        member = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        doc = _doc(member)
        if inspect.isroutine(member) and doc:
            lines.append(indent(_definition(f"{name}.{attribute}", member, doc), "    "))
        elif isinstance(member, property) and doc:
            lines.append(indent(_block(f"{name}.{attribute}", doc), "    "))
        elif inspect.isroutine(member):
            bare.append(f"{name}.{attribute}{_signature(member) or '(...)'}")
        elif isinstance(member, property):
            bare.append(f"{name}.{attribute}")
    if bare:
        lines.append(indent("\n".join(bare), "    "))
    return "\n\n".join(lines)


def _definition(name: str, value: object, doc: str, *, prefix: str = "") -> str:
    """Signature above docstring; C functions often have the signature in the docstring only."""
    signature = _signature(value)
    first, _, rest = doc.partition("\n")
    bare = re.escape(name.rpartition(".")[2])
    written = re.match(rf"(?:\w+\.)*{bare}(\(.*\)) *(?:-+> *(.+))?$", first)
    if not signature and written and len(first) <= _LONGEST_SIGNATURE:
        returns = f" -> {written[2]}" if written[2] else ""
        return _block(f"{prefix}{name}{written[1]}{returns}", rest.strip("\n"))
    return _block(f"{prefix}{name}{signature or '(...)'}", doc)


def _block(heading: str, doc: str) -> str:
    return f"{heading}\n{indent(doc, '    ')}" if doc else heading


def _doc(value: object) -> str:
    try:
        doc = inspect.getdoc(value)
    except Exception:  # noqa: BLE001 - some objects compute their docstring
        return ""
    return pydoc.plain(doc).expandtabs().strip() if isinstance(doc, str) else ""


def _signature(value: object) -> str:
    """`(a, b=1)`, in the same words in every process, or nothing where there is none to read."""
    try:
        text = str(inspect.signature(value))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - descriptors raise more than is documented
        return ""
    text = _SET.sub("{...}", _ADDRESS.sub("", text))
    text = " ".join(_NAMED.sub(r"\1", text).split())
    return text if len(text) <= _LONGEST_SIGNATURE else "(...)"
