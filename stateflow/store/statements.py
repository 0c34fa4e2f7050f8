"""The tables of a SQLite store, and every statement on them. ``{table}`` is a checked name; values are bound."""

from __future__ import annotations

FORMAT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS "{table}_format" (format INTEGER NOT NULL);
INSERT INTO "{table}_format" SELECT {format} WHERE NOT EXISTS (SELECT 1 FROM "{table}_format");
CREATE TABLE IF NOT EXISTS "{table}_run" (
    run INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, partition_key TEXT, app_id TEXT NOT NULL,
    position INTEGER NOT NULL, status TEXT NOT NULL, action TEXT, next_action TEXT,
    created REAL NOT NULL, updated REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS "{table}_name" ON "{table}_run" (project, app_id, partition_key);
CREATE TABLE IF NOT EXISTS "{table}_record" (
    run INTEGER NOT NULL, position INTEGER NOT NULL, sequence INTEGER, kind TEXT NOT NULL,
    action TEXT, status TEXT NOT NULL, next_action TEXT, started REAL NOT NULL, ended REAL NOT NULL,
    state BLOB NOT NULL, parts BLOB NOT NULL, PRIMARY KEY (run, position)
);
CREATE TABLE IF NOT EXISTS "{table}_attempt" (
    attempt INTEGER PRIMARY KEY, run INTEGER NOT NULL, sequence INTEGER NOT NULL, number INTEGER NOT NULL,
    action TEXT NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, parts BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS "{table}_attempts" ON "{table}_attempt" (run)
"""
_RECORD = "position, sequence, kind, action, status, next_action, started, ended, state, parts"
_ATTEMPT = "sequence, number, action, started, ended, parts"


class Statements:
    """The statements for tables whose names begin with ``table``."""

    def __init__(self, table: str) -> None:
        def on(statement: str) -> str:
            return statement.format(table=table, record=_RECORD, attempt=_ATTEMPT)

        self.schema = SCHEMA.format(table=table, format=FORMAT)
        self.has_format = "SELECT 1 FROM sqlite_master WHERE name = ? || '_format'"
        self.format = on('SELECT format FROM "{table}_format"')
        self.head = on(
            'SELECT run, position FROM "{table}_run" WHERE project = ? AND app_id = ? AND partition_key IS ?'
        )
        self.start = on(
            'INSERT INTO "{table}_run" (project, app_id, partition_key, position, status, action, next_action, created,'
            " updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        self.move = on(
            'UPDATE "{table}_run" SET position = ?, status = ?, action = ?, next_action = ?, updated = ? WHERE run = ?'
        )
        self.append = on('INSERT INTO "{table}_record" (run, {record}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        self.action = on('SELECT action FROM "{table}_record" WHERE run = ? AND position = ?')
        self.last = on('SELECT {record} FROM "{table}_record" WHERE run = ? AND position = ?')
        self.of_sequence = on(
            "SELECT {record} FROM \"{table}_record\" WHERE run = ? AND sequence = ? AND kind IN ('genesis', 'step')"
            " ORDER BY position DESC LIMIT 1"
        )
        self.sequences = on(
            "SELECT min(sequence), max(sequence) FROM \"{table}_record\" WHERE run = ? AND kind IN ('genesis', 'step')"
        )
        self.try_ = on('INSERT INTO "{table}_attempt" (run, {attempt}) VALUES (?, ?, ?, ?, ?, ?, ?)')
        self.attempts = on(
            'SELECT {attempt} FROM "{table}_attempt" WHERE run = ? AND ifnull(sequence = ?, 1) ORDER BY attempt'
        )
        self.runs = on(
            "SELECT run, project, partition_key, app_id, status, action, next_action, position, created, updated"
            ' FROM "{table}_run" WHERE ifnull(project = ?, 1) AND ifnull(partition_key = ?, ? IS NULL)'
            " AND run < ? ORDER BY run DESC LIMIT ?"
        )
        self.deletes = tuple(
            on(f'DELETE FROM "{{table}}_{kind}" WHERE run = ?')  # noqa: S608  three names of ours
            for kind in ("attempt", "record", "run")
        )
