"""The tables of the ledger in PostgreSQL, and the rules that the database itself keeps.

Everything lies in the schema ``wedgate``. An entry is one row: its line as the other stores keep it, and beside it what
the database needs to refuse a row that does not follow its predecessor. Rows are added and never changed, so a look at
the predecessor holds under any isolation; the primary key lets one of two writers through.
"""

from __future__ import annotations

VERSION = 1
"""The version of the tables. One that is higher was made by a newer wedgate, and is left alone."""

CHANNEL = "wedgate"
"""Where each append is announced with the service's name."""

CONFLICT = "WG001"
"""The SQLSTATE of a row that does not follow its predecessor."""

CONFLICTS = (CONFLICT, "23505")
"""What the database answers to a row in whose place there is another, or whose predecessor is not there."""

APPEND_ONLY = "WG002"
"""The SQLSTATE of an attempt to change or remove what was written."""

SCHEMA = "CREATE SCHEMA wedgate"

TABLES = f"""
CREATE TABLE wedgate.version (
    version integer PRIMARY KEY
);

CREATE TABLE wedgate.entries (
    service text NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    epoch bigint NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    line text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (service, revision)
);

CREATE FUNCTION wedgate.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger of wedgate is append-only: % of % is refused', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = '{APPEND_ONLY}';
END
$$;

CREATE FUNCTION wedgate.refuse_stranger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head text := repeat('0', 64);
    lease bigint := 0;
BEGIN
    IF NEW.revision > 1 THEN
        SELECT hash, epoch INTO head, lease FROM wedgate.entries
            WHERE service = NEW.service AND revision = NEW.revision - 1;
    END IF;
    IF head IS DISTINCT FROM NEW.previous THEN
        RAISE EXCEPTION 'entry % does not follow entry %', NEW.revision, NEW.revision - 1
            USING ERRCODE = '{CONFLICT}';
    ELSIF NEW.epoch < lease THEN
        RAISE EXCEPTION 'epoch % has lost the lease to epoch %', NEW.epoch, lease USING ERRCODE = '{CONFLICT}';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER entries_follow BEFORE INSERT ON wedgate.entries
    FOR EACH ROW EXECUTE FUNCTION wedgate.refuse_stranger();
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON wedgate.entries
    FOR EACH ROW EXECUTE FUNCTION wedgate.refuse_change();
CREATE TRIGGER entries_are_kept BEFORE TRUNCATE ON wedgate.entries
    FOR EACH STATEMENT EXECUTE FUNCTION wedgate.refuse_change();

INSERT INTO wedgate.version VALUES ({VERSION});
"""  # noqa: S608 (constants of this module)

# Asked of the catalogue by rows: to_regclass() answers from a cache, which a lock that was waited for does not renew.
IS_THERE = """
SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'version' AND relnamespace = own.oid), own.oid IS NOT NULL
FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS own ON own.nspname = 'wedgate'
"""

KNOWN_VERSION = "SELECT max(version) FROM wedgate.version"

LINES = "SELECT revision, line FROM wedgate.entries WHERE service = %s ORDER BY revision"

LAST = "SELECT revision, hash, epoch FROM wedgate.entries WHERE service = %s ORDER BY revision DESC LIMIT 1"

HASHES = "SELECT hash FROM wedgate.entries WHERE service = %s AND revision > %s ORDER BY revision LIMIT %s"

ADD = f"""
INSERT INTO wedgate.entries (service, revision, epoch, previous, hash, line)
SELECT %s, revision, epoch, previous, hash, line
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
    AS new (revision, epoch, previous, hash, line)
ORDER BY revision
RETURNING pg_notify('{CHANNEL}', service)
"""  # noqa: S608 (a constant of this module)
