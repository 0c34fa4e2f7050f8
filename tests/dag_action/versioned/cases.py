"""What a node may reach: what makes its version partial, with the reasons that are given, and what does not."""

from __future__ import annotations

PARTIAL: dict[str, tuple[str, list[str]]] = {
    "module that a package does not have": (
        """
        import email
        import package
        def node():
            return package.nothing, package.broken, email
        """,
        [
            "`package.broken`: package does not define it, or only at run time",
            "`package.nothing`: package does not define it, or only at run time",
        ],
    ),
    "instance": (
        """
        class Client:
            pass
        client = Client()
        def node():
            return client.get()
        """,
        ["`client`: instance of written.Client"],
    ),
    "instance of a library's class": (
        """
        import email.message
        m = email.message.Message()
        def node():
            return m
        """,
        ["`m`: instance of email.message.Message"],
    ),
    "instance in a closure": (
        """
        def make(x):
            def inner():
                return x
            return inner
        node = make(iter('a'))
        """,
        ["`x`: instance of builtins.str_ascii_iterator"],
    ),
    "instance as a default": (
        """
        def node(*, x=iter(())):
            return x
        """,
        ["`node(x=)`: instance of builtins.tuple_iterator"],
    ),
    "instance as a positional default": (
        """
        def node(x=iter(())):
            return x
        """,
        ["`node(…=0)`: instance of builtins.tuple_iterator"],
    ),
    "dispatch table": (
        """
        def f():
            return 1
        TABLE = {'x': f, 'n': 1}
        def node(k):
            return TABLE[k]()
        """,
        ["`TABLE['x']`: callable in a container"],
    ),
    "lambda in a list": (
        """
        STEPS = [lambda: 1]
        def node():
            return STEPS
        """,
        ["`STEPS[0]`: callable in a container"],
    ),
    "class in a set": (
        """
        class A:
            pass
        class B:
            pass
        ALL = {B, A}
        def node():
            return ALL
        """,
        ["`ALL[…]`: callable in a container"],
    ),
    "partial in a dict": (
        """
        import functools
        def f(x):
            return x
        T = {1: functools.partial(f, 2)}
        def node():
            return T
        """,
        ["`T[1]`: callable in a container"],
    ),
    "class as a key": (
        """
        class A:
            pass
        T = {A: iter('')}
        def node():
            return T
        """,
        ["`T[A]`: instance of builtins.str_ascii_iterator", "`T[…]`: callable in a container"],
    ),
    "getattr by a computed name": (
        """
        import math
        def node(name):
            return getattr(math, name)
        """,
        ["`getattr(math, name)`: dynamic lookup"],
    ),
    "getattr as a value": (
        """
        def node(x):
            return map(getattr, x)
        """,
        ["`getattr`: dynamic lookup"],
    ),
    "globals": (
        """
        def node(x):
            return globals()[x]
        """,
        ["`globals()`: dynamic lookup"],
    ),
    "importlib": (
        """
        import importlib
        def node(x):
            return importlib.import_module(x)
        """,
        ["`importlib.import_module(x)`: dynamic lookup"],
    ),
    "import_module": (
        """
        def node(x):
            from importlib import import_module
            return import_module(x)
        """,
        ["`import_module(x)`: dynamic lookup"],
    ),
    "eval": (
        """
        def node(x):
            return eval('1 + 1')
        """,
        ["`eval('1 + 1')`: dynamic lookup"],
    ),
    "sys.modules": (
        """
        import sys
        def node(x):
            return sys.modules[x]
        """,
        ["`sys.modules`: dynamic lookup"],
    ),
    "attribute of a function": (
        """
        def node(x):
            return x.__globals__
        """,
        ["`node`: reads __globals__"],
    ),
    "docstring that is read": (
        """
        import inspect
        def node(x):
            return x.__doc__, inspect.getdoc(x)
        """,
        ["`inspect.getdoc`: reads source or docstrings", "`node`: reads __doc__"],
    ),
    "module as a value": (
        """
        import helper
        def node():
            return vars(helper)
        """,
        ["`helper`: a module of the project as a value"],
    ),
    "namespace of a module": (
        """
        import helper
        def node(x):
            return helper.__dict__[x]
        """,
        ["`helper.__dict__`: helper does not define it, or only at run time"],
    ),
    "attribute made at run time": (
        """
        import helper
        def node():
            return helper.late
        """,
        ["`helper.late`: helper does not define it, or only at run time"],
    ),
    "name that is not defined": (
        """
        def node():
            return nowhere
        """,
        ["`nowhere`: not defined"],
    ),
    "variable that is not filled": (
        """
        def make():
            def inner():
                return later
            return inner
            later = 1
        node = make()
        """,
        ["`later`: not defined yet"],
    ),
    "module that is missing": (
        """
        def node():
            import nowhere_at_all
            return nowhere_at_all.x
        """,
        ["`x`: nowhere_at_all cannot be imported (ModuleNotFoundError)"],
    ),
    "function without source": (
        """
        space = {}
        exec('def node(): return 1', space)
        node = space['node']
        """,
        ["`node`: no source"],
    ),
    "class without source": (
        """
        space = {}
        exec('class A: pass', space)
        A = space['A']
        def node():
            return A()
        """,
        ["`A`: no source"],
    ),
    "class made by a call": (
        """
        A = type('A', (), {})
        def node():
            return A()
        """,
        ["`A`: no source"],
    ),
    "class defined twice": (
        """
        class A:
            x = 1
        class A:
            x = 2
        def node():
            return A
        """,
        ["`A`: its file defines it more than once"],
    ),
    "decorator's local variable": (
        """
        def deco(n):
            return lambda f: f
        def make(n):
            @deco(n)
            def inner():
                return 1
            return inner
        node = make(1)
        """,
        ["`n`: local variable of a function around it, which is not kept"],
    ),
    "bound method": (
        """
        class C:
            def run(self):
                return 1
        run = C().run
        def node():
            return run()
        """,
        ["`run`: instance of written.C"],
    ),
    "bound method of a built-in": (
        """
        bump = iter('ab').__next__
        def node():
            return bump()
        """,
        ["`bump`: instance of builtins.str_ascii_iterator"],
    ),
    "list in itself": (
        """
        loop = []
        loop.append(loop)
        def node():
            return loop
        """,
        ["`loop[0]`: contains itself or is nested too deeply"],
    ),
    "attribute of a class": (
        """
        class A:
            it = iter('')
        def node():
            return A
        """,
        ["`A.it`: instance of builtins.str_ascii_iterator"],
    ),
    "dispatch on types": (
        """
        import functools
        @functools.singledispatch
        def show(x):
            return 1
        def node(x):
            return show(x)
        """,
        ["`show`: dispatches on types that are registered at run time"],
    ),
    "field of a dataclass": (
        """
        from dataclasses import dataclass
        @dataclass
        class D:
            x: object
        D1 = D(iter(''))
        def node():
            return D1
        """,
        ["`D1.x`: instance of builtins.str_ascii_iterator"],
    ),
    "field of a named tuple": (
        """
        from typing import NamedTuple
        class D(NamedTuple):
            x: object
        D1 = D(iter(''))
        def node():
            return D1
        """,
        ["`D1.x`: instance of builtins.str_ascii_iterator"],
    ),
    "object that answers anything": (
        """
        class Proxy:
            def __getattribute__(self, name):
                raise RuntimeError(name)
            def __call__(self):
                return 1
        p = Proxy()
        def node():
            return p()
        """,
        ["`p`: instance of written.Proxy"],
    ),
    "wrapped by something without a name": (
        """
        import contextvars
        v = contextvars.ContextVar('v')
        def node():
            return v.get()
        """,
        ["`v`: instance of _contextvars.ContextVar"],
    ),
    "import of a project module by name": (
        """
        import helper, importlib
        def node():
            return importlib.import_module('helper').one()
        """,
        ["`helper`: a module of the project as a value"],
    ),
}

WHOLE: dict[str, str] = {
    "logger": """
        import logging
        log = logging.getLogger(__name__)
        def node():
            log.info('x')
        """,
    "lock": """
        import threading
        lock = threading.RLock()
        def node():
            with lock:
                return 1
        """,
    "sentinel": """
        MISSING = object()
        def node(x=MISSING):
            return x is MISSING
        """,
    "functions in a tuple": """
        def f():
            return 1
        ALL = (f, len)
        def node():
            return ALL
        """,
    "library's functions in a dict": """
        import math
        T = {'f': math.floor, 'i': int}
        def node():
            return T
        """,
    "ufunc": """
        import numpy as np
        from numpy import add
        add2 = np.add
        def node(x):
            return add(add2(x, np.pi), np.log(x))
        """,
    "object that a library offers": """
        from string import digits
        from os import environ
        def node():
            return environ, digits
        """,
    "special forms": """
        from typing import Any, Optional
        def node(x):
            return Optional[x], Any
        """,
    "generic class": """
        from typing import Generic, TypeVar
        T = TypeVar('T')
        class Box(Generic[T]):
            pass
        IntBox = Box[int]
        def node():
            return IntBox()
        """,
    "callable type": """
        from collections.abc import Callable
        class A:
            pass
        F = Callable[[A], int]
        def node():
            return F
        """,
    "new type": """
        from typing import NewType
        Id = NewType('Id', str)
        def node():
            return Id('x')
        """,
    "alias type": """
        from typing_extensions import TypeAliasType
        A = TypeAliasType('A', int)
        def node():
            return A
        """,
    "default dict": """
        from collections import defaultdict
        D = defaultdict(list, a=1)
        def node():
            return D
        """,
    "namespace": """
        from types import SimpleNamespace
        N = SimpleNamespace(a=1)
        def node():
            return N.a
        """,
    "time": """
        import datetime as dt
        T = dt.time(1, 2, fold=1)
        def node():
            return T
        """,
    "method of a built-in type": """
        lower = str.lower
        find = 'abc'.find
        def node(x):
            return lower(x), find(x)
        """,
    "class method": """
        class C:
            @classmethod
            def of(cls):
                return cls()
        of = C.of
        def node():
            return of()
        """,
    "method": """
        class C:
            def a(self):
                return self.b()
            def b(self):
                return 1
        node = C.a
        """,
    "property with a setter": """
        class C:
            @property
            def a(self):
                return 1
            @a.setter
            def a(self, value):
                self.x = value
            @property
            def deleted(self):
                return 2
        node = C.a.fset
        """,
    "slots": """
        class C:
            __slots__ = ('a',)
        def node():
            return C().a
        """,
    "abstract class": """
        from abc import ABC, abstractmethod
        class C(ABC):
            @abstractmethod
            def a(self): ...
        def node():
            return C
        """,
    "nested class": """
        class C:
            class D:
                x = 1
            kind = D
        def node():
            return C.D
        """,
    "class in a function": """
        def make(n):
            class C:
                def a(self):
                    return n
            return C
        C3 = make(3)
        def node():
            return C3().a()
        """,
    "context manager": """
        import contextlib
        @contextlib.contextmanager
        def opened():
            yield 1
        def node():
            with opened() as x:
                return x
        """,
    "attribute of a function": """
        def f():
            return f.limit
        f.limit = 3
        def node():
            return f.limit + f()
        """,
    "walrus, match and star": """
        def node(x):
            if (n := len(x)) > 1:
                return [m := n for _ in x], m
            match x:
                case [a, *rest]:
                    return a, rest
                case {'k': k, **more} as whole:
                    return k, more, whole
            try:
                return 1
            except ValueError as error:
                return error
        """,
    "global and nonlocal": """
        count = 0
        def node():
            global count
            count += 1
            n = 1
            def inner():
                nonlocal n
                n += count
                return lambda n=n, *, k=count: n + k
            del n
            return inner
        """,
    "comprehension over a name of its own": """
        x = [1]
        def node():
            return [x for x in x], {y: z for y in x for z in x if z}
        """,
    "class body that reads a global first": """
        K = 1
        def node():
            class C:
                K = K
                n: 'int' = 2
                def a(self):
                    return K
            return C
        """,
    "quoted annotation": """
        def node(x: 'dict[str, Nowhere]', y: 'no code at all' = 1, *z: 'Nowhere', **k: int) -> 'Nowhere':
            return x
        """,
    "private import": """
        def node():
            import os.path
            from json import dumps as d
            return os.path.join(d(1))
        """,
    "operator by a constant": """
        import operator
        get = operator.attrgetter
        def node():
            return operator.attrgetter('a')
        """,
    "constants of every type": """
        import uuid, fractions, pathlib, zoneinfo, enum, datetime as dt
        class F(enum.Flag):
            A = 1
            B = 2
        ALL = [None, ..., True, 2**20000, -0.0, float('nan'), 1j, 'ü\\ud800', b'', bytearray(b'x'), range(3),
               uuid.UUID(int=3), fractions.Fraction(1, 3), pathlib.PurePosixPath('a'), zoneinfo.ZoneInfo('UTC'),
               dt.date(2020, 1, 1), dt.timedelta(1), F.A | F.B, {1: 2, (1, 2): 3.5}]
        def node():
            return ALL, 2**5
        """,
    "pydantic model": """
        from pydantic import BaseModel, Field, PrivateAttr, computed_field, field_serializer, field_validator
        class M(BaseModel):
            x: int = Field(3, gt=0)
            _p: int = PrivateAttr(2)
            @field_validator("x")
            @classmethod
            def check(cls, value):
                return value
            @computed_field
            @property
            def y(self) -> int:
                return 1
            @field_serializer("x")
            def show(self, value):
                return value
        def node():
            return M()
        """,
    "lambda that spans lines": """
        node = (
            lambda x:
            x + 1
        )
        """,
    "nested lambdas": """
        node = lambda: lambda: (lambda: 1)
        """,
    "coroutine": """
        async def node(x):
            async for y in x:
                async with y as z:
                    yield await z
        """,
}
