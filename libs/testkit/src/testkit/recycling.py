"""Databases used again: emptying the tables that a test wrote costs a tenth of cloning a new database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

# Whatever a test did to the schema itself; its data is not in here.
_FINGERPRINT = """
SELECT md5(concat(
  (SELECT string_agg(concat(c.oid, c.relname, c.relkind, c.relnatts, c.relchecks, c.relowner,
                            c.relrowsecurity, c.relacl::text), ',' ORDER BY c.oid)
   FROM pg_class c WHERE c.relnamespace = ANY(n.oids)),
  (SELECT string_agg(concat(a.attrelid, a.attname, a.atttypid, a.attnotnull, a.attisdropped), ','
                     ORDER BY a.attrelid, a.attnum)
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = ANY(n.oids)),
  (SELECT string_agg(concat(k.oid, k.conname, k.convalidated), ',' ORDER BY k.oid)
   FROM pg_constraint k WHERE k.connamespace = ANY(n.oids)),
  (SELECT string_agg(t.oid::text, ',' ORDER BY t.oid) FROM pg_trigger t WHERE NOT t.tgisinternal),
  (SELECT string_agg(p.oid::text, ',' ORDER BY p.oid) FROM pg_policy p),
  (SELECT string_agg(f.oid::text, ',' ORDER BY f.oid) FROM pg_proc f WHERE f.pronamespace = ANY(n.oids)),
  (SELECT string_agg(concat(s.oid, s.nspname, s.nspacl::text), ',' ORDER BY s.oid) FROM pg_namespace s
   WHERE s.oid = ANY(n.oids)),
  (SELECT count(*) FROM pg_event_trigger),
  (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase =
     (SELECT oid FROM pg_database WHERE datname = current_database()))))
FROM (SELECT array_agg(oid) AS oids FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') n
"""
_WRITTEN = """
SELECT c.oid::regclass::text, pg_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND pg_relation_size(c.oid) > 0
  AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_RESTART = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL
"""
_OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
# TRUNCATE makes new files for a table and each of its indexes; what a test leaves mostly fits a few pages
_SMALL = 64 * 1024
# with a timeout it waits until the session is gone
_END = f"SELECT pg_terminate_backend(pid, 10000) FROM ({_OTHERS}) AS others"


class Original:
    """What a template database is like: how its clones must look before they are used again."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            self._fingerprint = _one(conn, _FINGERPRINT)
            self._seeded = _written(conn).keys()

    def recycle(self, url: str) -> bool:
        """Empty a clone that nobody needs any more; False when it is not like new and has to go."""
        with psycopg.connect(url, autocommit=True) as conn:
            if not all(_column(conn, _END)) or _one(conn, _FINGERPRINT) != self._fingerprint:
                return False
            written = _written(conn)
            _empty(conn, {name: written[name] for name in written.keys() - self._seeded})
            conn.execute(_RESTART)
        return True


def _written(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """Table → bytes."""
    return dict(conn.execute(_WRITTEN.encode()).fetchall())


def _empty(conn: psycopg.Connection[Any], tables: Mapping[str, int]) -> None:
    small = sorted(name for name, size in tables.items() if size <= _SMALL)
    if small:
        deletions = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.SQL(name)) for name in small)
        # without triggers: neither foreign keys nor what forbids deleting
        conn.execute(sql.SQL("SET session_replication_role = replica; {}").format(deletions))
    if large := sorted(tables.keys() - set(small)):
        names = sql.SQL(", ").join(sql.SQL(name) for name in large)
        conn.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


def _one(conn: psycopg.Connection[Any], query: str) -> Any:
    return _column(conn, query)[0]


def _column(conn: psycopg.Connection[Any], query: str) -> list[Any]:
    return [value for (value,) in conn.execute(query.encode())]
