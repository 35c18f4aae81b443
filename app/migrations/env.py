"""Alembic's entry: run the migrations on the connection that app.store.engine hands over.

A migration is written by hand in versions/, tables spelled out in full: it must still do the same
when app/store/tables.py has moved on. Without a connection Alembic writes SQL instead (`--sql`).
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name=context.config.get_main_option("dialect"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    # The caller holds the transaction: a migration that is cut short leaves nothing behind.
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()
