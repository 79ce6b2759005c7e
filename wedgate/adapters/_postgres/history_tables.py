"""The tables of the history of measurements in PostgreSQL: a schema of its own, so that a job that measures needs no
right to the ledger.

A line is one row. Lines are added under a lock of their history, so the order of their places is that in which they
became visible; the nonce makes one that is sent twice, because an answer was lost, one row.
"""

from __future__ import annotations

VERSION = 1
"""The version of the tables. One that is higher was made by a newer wedgate, and is left alone."""

SCHEMA_NAME = "wedgate_history"

SCHEMA = f"CREATE SCHEMA {SCHEMA_NAME}"

TABLES = f"""
CREATE TABLE wedgate_history.version (
    version integer PRIMARY KEY
);

CREATE TABLE wedgate_history.lines (
    history text NOT NULL,
    place bigint NOT NULL CHECK (place > 0),
    nonce text NOT NULL UNIQUE,
    line text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (history, place)
);

INSERT INTO wedgate_history.version VALUES ({VERSION});
"""  # noqa: S608 (constants of this module)

# Asked of the catalogue by rows: to_regclass() answers from a cache, which a lock that was waited for does not renew.
IS_THERE = """
SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'version' AND relnamespace = own.oid), own.oid IS NOT NULL
FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS own ON own.nspname = 'wedgate_history'
"""

KNOWN_VERSION = "SELECT max(version) FROM wedgate_history.version"

LINES = "SELECT line FROM wedgate_history.lines WHERE history = %s ORDER BY place"

ADD = """
INSERT INTO wedgate_history.lines (history, place, nonce, line)
SELECT %(history)s, 1 + coalesce(max(place), 0), %(nonce)s, %(line)s
FROM wedgate_history.lines WHERE history = %(history)s
ON CONFLICT (nonce) DO NOTHING
"""
