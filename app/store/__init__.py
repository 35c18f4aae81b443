"""What the application keeps: turn traces, feedback, consented exchanges, unanswered questions.

    records.py   the values that go in and come out
    tables.py    the tables; how they change over time is in app/migrations
    engine.py    opening a database: settings, migration, error codes
    database.py  transactions, and what a failure is called
    store.py     Store: every read and write
    retention.py deleting what is old or withdrawn; timer.py does it once a day
    copies.py    backup and restore

A trace holds no text. Text is kept only in a comment, an exchange or an unanswered question, each
scrubbed before it comes here. No message, log or repr of this package shows any of it.
"""

from app.store.copies import restore
from app.store.records import (
    Exchange,
    Feedback,
    KeptExchange,
    KeptFeedback,
    PurgeCounts,
    Retention,
    ReviewStatus,
    TraceHit,
    TurnTrace,
    Unanswered,
    Versions,
)
from app.store.store import Store
from app.store.timer import PurgeTimer

__all__ = [
    "Exchange",
    "Feedback",
    "KeptExchange",
    "KeptFeedback",
    "PurgeCounts",
    "PurgeTimer",
    "Retention",
    "ReviewStatus",
    "Store",
    "TraceHit",
    "TurnTrace",
    "Unanswered",
    "Versions",
    "restore",
]
