"""Telling which entry of a FAQ answers a question, or that none does: what the search puts in order by."""

from __future__ import annotations

from training.tasks.ranking import RankingTask

FAQ_RANKER = RankingTask("faq_ranker")
