"""What the store knows of how the FAQ is used, for `python -m retrieval doctor`.

Reads only: no store is made where there is none. Questions in it are scrubbed, and are there only where
the clinic keeps them (CAREFOLD_KEEP_UNANSWERED).
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from app.decision import GROUNDED_CONFIDENCE
from app.settings import Settings, load_settings
from retrieval.doctor import Records


def load_records(settings: Settings | None = None) -> Records:
    """Count, for each entry, the turns whose answer cites it. Raises StoreError."""
    settings = settings or load_settings()
    file = settings.data_dir / "carefold.sqlite3"
    if not settings.database_url.get_secret_value() and not file.is_file():
        return Records(enough=GROUNDED_CONFIDENCE, keeps=settings.keep_unanswered)
    from app.store import Store

    hits: Counter[str] = Counter()
    turns, since = 0, None
    with Store.open(settings.database) as store:
        for trace in store.traces():
            day: date = trace.started_at.date()
            since = day if since is None else min(since, day)
            if cited := [hit.id for hit in trace.hits if hit.cited]:
                turns += 1
                hits.update(cited)
        unanswered = tuple(row.question for row in store.unanswered())
    return Records(turns, since, hits, unanswered, GROUNDED_CONFIDENCE, settings.keep_unanswered)
