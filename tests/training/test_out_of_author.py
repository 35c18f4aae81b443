"""training/out_of_author.py: limits follow from the scores by the stated rule, and those shipped do."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from safety.crisis import CrisisGate
from safety.crisis_ngrams import CONFIG, SAFE_LABELS, SHIPPED, SHORT, Ceilings, Kind, NgramConfig
from safety.function_words import Language
from safety.language import LANGUAGES
from training.errors import CorpusError, RunError
from training.out_of_author import (
    LEAST_ACT,
    LEAST_ACT_SHORT,
    LEAST_DOUBTED,
    LEAST_SUPPORT,
    MOST_DOUBTED,
    SHIPPED_SCORES,
    Score,
    doubts_below,
    limits_from,
    read_scores,
    write_scores,
)
from training.tasks.crisis_classifier import CRISIS_CLASSIFIER
from training.written.crisis_rows import CATEGORY_OF_LEVEL, crisis_rows

CEILINGS = dict.fromkeys(LANGUAGES, Ceilings(act=0.01, support=0.05))


def score(
    number: int,
    share: float,
    *,
    action: Kind = "crisis",
    language: Language = "en",
    words: int = 9,
    label: str = "none",
) -> Score:
    return Score(id=f"{action}-{language}-{words}-{number}", label=label, action=action, language=language, words=words,
                 share=share)  # fmt: skip


def limit(scores: list[Score], action: str, language: str, *, short: bool) -> tuple[float, float]:
    (one,) = [
        one for one in limits_from(scores, CEILINGS)
        if (one.action, one.language, one.short) == (action, language, short)
    ]  # fmt: skip
    return one.act, one.support


def test_one_in_a_hundred_ordinary_rows_may_reach_the_fixed_reply_and_no_second() -> None:
    scores = [score(n, 0.85 + n / 2000) for n in range(200)]  # .85 to .9495
    act, support = limit(scores, "crisis", "en", short=False)
    assert sum(one.share >= act for one in scores) == 2
    assert sum(one.share >= support for one in scores) == 10
    assert limit(scores, "emergency", "en", short=False) == (LEAST_ACT, LEAST_SUPPORT)


def test_languages_are_held_apart_and_rows_that_tell_none_count_in_both() -> None:
    calm = [score(n, 0.1) for n in range(50)] + [score(n, 0.1, language="es") for n in range(50)]
    high = [score(1000, 0.97, language="es")]
    assert limit([*calm, *high], "crisis", "en", short=False)[0] == LEAST_ACT
    assert limit([*calm, *high], "crisis", "es", short=False)[0] == pytest.approx(0.9701)
    unread = [score(1000, 0.96, language="")]
    assert limit([*calm, *unread], "crisis", "en", short=False)[0] == pytest.approx(0.9601)
    assert limit([*calm, *unread], "crisis", "es", short=False)[0] == pytest.approx(0.9601)


def test_short_messages_need_more_and_at_least_what_longer_ones_need() -> None:
    long, short = [score(n, 0.7) for n in range(50)], [score(n, 0.3, words=SHORT - 1) for n in range(50)]
    assert limit([*long, *short], "crisis", "en", short=False)[0] == pytest.approx(0.7001)
    assert limit([*long, *short], "crisis", "en", short=True)[0] == LEAST_ACT_SHORT
    short.append(score(99, 0.98, words=1))
    assert limit([*long, *short], "crisis", "en", short=False)[0] == pytest.approx(0.7001)
    assert limit([*long, *short], "crisis", "en", short=True)[0] == pytest.approx(0.9801)
    long.append(score(99, 0.99))
    assert limit([*long, *short], "crisis", "en", short=True)[0] == pytest.approx(0.9901)


def test_danger_and_grief_decide_nothing() -> None:
    calm = [score(n, 0.1) for n in range(50)]
    other = [score(n, 0.99, label=label) for n, label in enumerate(("suicide", "grief"))]
    assert limits_from([*calm, *other], CEILINGS) == limits_from(calm, CEILINGS)


def test_without_ordinary_rows_there_is_no_limit() -> None:
    with pytest.raises(CorpusError, match="no ordinary row"):
        limits_from([score(1, 0.9, label="suicide")], CEILINGS)


def test_a_share_to_doubt_at_follows_from_enough_dangerous_messages_and_is_small() -> None:
    shares = np.linspace(0.001, 0.9, 1000)
    found = doubts_below(shares.tolist(), 0.004)
    assert np.mean(shares < found) <= 0.004 < np.mean(shares < found + 0.002)
    assert doubts_below(shares[: LEAST_DOUBTED - 1].tolist(), 0.004) == 0.0
    assert doubts_below(np.linspace(0.5, 0.9, 1000).tolist(), 0.004) == MOST_DOUBTED
    assert doubts_below([0.0] * 1000, 0.004) == 0.0


def test_the_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    scores = [score(1, 0.1234), score(2, 1.0, language="", label="grief")]
    digest = write_scores(tmp_path / "scores.csv", scores)
    assert read_scores(tmp_path / "scores.csv") == scores
    assert digest == hashlib.sha256((tmp_path / "scores.csv").read_bytes()).hexdigest()


def test_a_table_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("id,share\n1,much\n", "utf-8")
    for name in ("scores.csv", "gone.csv"):
        with pytest.raises(RunError, match=name):
            read_scores(tmp_path / name)


def test_the_shipped_limits_follow_from_the_recorded_scores() -> None:
    config = NgramConfig.model_validate_json((SHIPPED / CONFIG).read_bytes())
    assert config.ceilings == CRISIS_CLASSIFIER.ceilings
    assert hashlib.sha256(SHIPPED_SCORES.read_bytes()).hexdigest() == config.scores_sha256
    assert limits_from(read_scores(SHIPPED_SCORES), config.ceilings) == config.limits


@pytest.mark.slow
def test_the_shipped_share_to_doubt_a_rule_at_follows_from_the_recorded_scores() -> None:
    config = NgramConfig.model_validate_json((SHIPPED / CONFIG).read_bytes())
    assert set(config.doubts) == set(CRISIS_CLASSIFIER.doubted) == {"es"}
    gate, rows = CrisisGate(), {row.id: row for row in crisis_rows() if row.language == "es"}
    shares = []
    for one in read_scores(SHIPPED_SCORES):
        if one.language == "es" and one.label not in SAFE_LABELS and one.id in rows:
            text = rows[one.id].text
            if gate.may_be_doubted_alone(text, gate.assess(text)):
                shares.append(one.share)
    assert len(shares) > 400
    # Rules may have changed since; how many are lowered still keeps to what the task allows.
    assert np.mean(np.array(shares) < config.doubts["es"]) <= 1.5 * CRISIS_CLASSIFIER.doubted["es"]
    assert 0.01 < config.doubts["es"] < MOST_DOUBTED


def test_the_recorded_scores_are_of_the_written_rows_and_keep_to_the_ceilings_in_each_language() -> None:
    config = NgramConfig.model_validate_json((SHIPPED / CONFIG).read_bytes())
    limits = {(one.action, one.language, one.short): one for one in config.limits}
    rows = {row.id: row for row in crisis_rows()}
    total, stopped, shown = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in read_scores(SHIPPED_SCORES):
        row = rows[one.id.split(".")[0]]
        assert CATEGORY_OF_LEVEL[row.level] == one.label
        if one.label != "none":
            continue
        total[row.language] += 1
        languages = (one.language,) if one.language else ("en", "es")
        found = [limits[one.action, language, one.words < SHORT] for language in languages]
        stopped[row.language, one.action] += one.share >= max(each.act for each in found)
        shown[row.language, one.action] += one.share >= max(each.support for each in found)
    assert min(total.values()) > 500
    # Limits are by the language that a message seems to be in, which is not always its own.
    for (language, _), count in stopped.items():
        assert count <= 1.6 * config.ceilings[language].act * total[language] + 1
    for (language, _), count in shown.items():
        assert count <= 1.6 * config.ceilings[language].support * total[language] + 1
