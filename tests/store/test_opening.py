"""Which store a URL means, and where local runs are kept."""

from __future__ import annotations

import stat
from contextlib import closing
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from stateflow.errors import InputError, StoreError
from stateflow.store import MemoryStore, SQLiteStore, local_path, local_store, open_store
from stateflow.store.opening import home as home_of

from tests.store.records import RUN, fill


class TestUrls:
    def test_memory(self) -> None:
        assert isinstance(open_store("memory://"), MemoryStore)

    @pytest.mark.parametrize("url", ["sqlite:///runs.db", "runs.db", "sqlite:///./runs.db", "./runs"])
    def test_a_relative_file(self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with closing(open_store(url)) as store:
            assert isinstance(store, SQLiteStore)
        assert [found.stem for found in tmp_path.iterdir()] == ["runs"]

    def test_an_absolute_file(self, tmp_path: Path) -> None:
        open_store(f"sqlite:///{tmp_path / 'a.db'}").close()
        open_store(tmp_path / "b").close()
        assert {found.name for found in tmp_path.iterdir()} == {"a.db", "b"}

    def test_options(self, tmp_path: Path) -> None:
        with closing(open_store(f"sqlite:///{tmp_path}/a.db?durability=normal&table=mine")) as store:
            fill(store, RUN, 1)
            assert isinstance(store, SQLiteStore)
            assert (store._database._full, store._table) == (False, "mine")

    def test_read_only(self, tmp_path: Path) -> None:
        for url in (tmp_path / "a.db", f"{tmp_path}/a.db", f"sqlite:///{tmp_path}/a.db"):
            with pytest.raises(StoreError, match="cannot be opened"):
                open_store(url, read_only=True)

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            (
                "memory",
                "'memory' is neither a URL nor the path of a .db, .sqlite, .sqlite3 file; did you mean 'memory'",
            ),
            (
                "postgresql://h/d",
                "no store is installed for 'postgresql' URLs; valid are .* entry point of the group 'stateflow.stores'",
            ),
            ("loca", "did you mean 'local'"),
            ("sqlit:///x.db", "no store is installed for 'sqlit' URLs; did you mean 'sqlite'"),
            ("sqlite://x.db", "names no file; write sqlite:///runs.db"),
            ("sqlite:///", "names no file"),
            ("sqlite:///x.db?durabilty=full", "option 'durabilty' is not known; did you mean 'durability'"),
            ("memory://shared", "a store in memory starts empty, has no name"),
        ],
    )
    def test_what_cannot_be_opened_says_what_can(self, url: str, message: str) -> None:
        with pytest.raises(StoreError, match=message):
            open_store(url)

    def test_memory_cannot_be_read_only(self) -> None:
        with pytest.raises(StoreError, match="cannot be read-only"):
            open_store("memory://", read_only=True)

    def test_other_schemes_are_found_as_entry_points(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[Any] = []
        point = EntryPoint("duck", f"{__name__}:_open_duck", "stateflow.stores")
        monkeypatch.setattr(EntryPoint, "load", lambda self: lambda url, *, read_only: asked.append((url, read_only)))
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **wanted: EntryPoints([point]).select(**wanted))
        open_store("duck://pond", read_only=True)
        assert asked == [("duck://pond", True)]
        with pytest.raises(StoreError, match="did you mean 'duck'"):
            open_store("duk://pond")


class TestLocal:
    def test_a_project_has_a_file_of_its_own(self, home: Path) -> None:
        with closing(local_store("chat")) as store:
            fill(store, RUN, 1)
            assert store._database.path == home / "chat.db"
            assert store._database._full is False
        with closing(local_store("chat", read_only=True)) as store:
            assert store.load(RUN) is not None

    def test_the_folder_is_made_for_this_user_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STATEFLOW_HOME", str(tmp_path / "new"))
        local_store("chat").close()
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700

    @pytest.mark.parametrize(
        "project", ["..", ".", "../x", "a/b", "a\\b", "a\0b", "🦆" * 200, "\ud800", "x" * 200, "a b"]
    )
    def test_any_project_stays_inside_the_folder(self, home: Path, project: str) -> None:
        path = local_path(project)
        assert path.parent == home
        local_store(project).close()
        assert path.resolve().parent == home.resolve()

    def test_long_names_that_begin_alike_have_different_files(self) -> None:
        assert local_path("x" * 199 + "a") != local_path("x" * 199 + "b")

    def test_a_project_needs_a_name(self) -> None:
        with pytest.raises(InputError, match="a project needs a name"):
            local_path("")

    @pytest.mark.parametrize(
        ("platform", "environment", "expected"),
        [
            ("linux", {"STATEFLOW_HOME": "/s", "XDG_DATA_HOME": "/x"}, Path("/s")),
            ("linux", {"XDG_DATA_HOME": "/x"}, Path("/x/stateflow")),
            ("linux", {}, Path.home() / ".local/share/stateflow"),
            ("darwin", {"XDG_DATA_HOME": "/x"}, Path.home() / "Library/Application Support/stateflow"),
            ("win32", {"LOCALAPPDATA": "/l"}, Path("/l/stateflow")),
            ("win32", {}, Path.home() / "AppData/Local/stateflow"),
        ],
    )
    def test_the_folder_follows_the_platform(self, platform: str, environment: dict[str, str], expected: Path) -> None:
        assert home_of(environment, platform) == expected
