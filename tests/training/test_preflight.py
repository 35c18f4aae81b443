import re

import pytest

from training.errors import PreflightFailed
from training.preflight import IGNORED, Formatted, Preflight, preflight, shown
from training.preflight_page import preflight_page, stretches

END, BREAK = 2, 9
PIECES = ("<|im_start|>", "I sleep <badly>", "<|im_end|>", "\n", "Rest", " now", "<|im_end|>", "\n")
TOKENS = (1, 10, END, BREAK, 11, 12, END, BREAK)
LABELS = (IGNORED, IGNORED, IGNORED, IGNORED, 11, 12, END, BREAK)


def row(row_id: str = "r1", **changes: object) -> Formatted:
    return Formatted.model_validate(
        {"id": row_id, "tokens": TOKENS, "labels": LABELS, "pieces": PIECES} | changes
    )


def check(*rows: Formatted, max_tokens: int = 16) -> Preflight:
    return preflight(rows, end_tokens={END}, max_tokens=max_tokens)


def test_good_rows_are_counted() -> None:
    found = check(row("a"), row("b"))
    assert (found.rows, found.tokens, found.trained, found.longest) == (2, 16, 8, 8)
    assert set(found.quantiles) == {4}
    assert found.unmasked == 0


def test_quantiles_run_from_the_fewest_to_the_most_trained_tokens() -> None:
    short = row("a", labels=(*[IGNORED] * 6, END, BREAK))
    assert (check(short, row("b")).quantiles[0], check(short, row("b")).quantiles[-1]) == (2, 4)


def test_a_row_that_teaches_nothing_stops_the_run() -> None:
    with pytest.raises(PreflightFailed, match=r"1 of 2 rows.*\n.*no token carries loss: r7"):
        check(row("a"), row("r7", labels=(IGNORED,) * 8))


def test_a_row_without_an_end_token_stops_the_run() -> None:
    cut = row("r8", tokens=TOKENS[:6], labels=LABELS[:6], pieces=PIECES[:6])
    with pytest.raises(PreflightFailed, match="no end token among the last 2 labels: r8"):
        check(row("a"), cut)


def test_an_end_token_without_loss_does_not_count_as_an_end() -> None:
    masked = row("r9", labels=(*LABELS[:6], IGNORED, IGNORED))
    with pytest.raises(PreflightFailed, match="no end token"):
        check(masked)


def test_an_end_token_may_be_the_very_last_label() -> None:
    assert check(row(tokens=TOKENS[:7], labels=LABELS[:7], pieces=())).rows == 1


@pytest.mark.parametrize("labels", [LABELS[1:], (*LABELS[1:], IGNORED)])
def test_a_mask_that_is_shifted_stops_the_run(labels: tuple[int, ...]) -> None:
    with pytest.raises(PreflightFailed, match="do not stand at the same places: r1"):
        check(row(labels=labels))


def test_all_faults_are_shown_together_and_long_lists_are_counted() -> None:
    rows = [row(f"n{at}", labels=(IGNORED,) * 8) for at in range(14)]
    with pytest.raises(PreflightFailed) as caught:
        check(*rows, row("s", labels=LABELS[1:]))
    assert "15 of 15 rows" in str(caught.value)
    assert "n9 and 4 more" in str(caught.value)
    assert "n13" not in str(caught.value)


def test_over_long_rows_are_listed_and_not_counted() -> None:
    found = check(row("a"), row("long", tokens=TOKENS * 3, labels=LABELS * 3, pieces=()))
    assert (found.over_long, found.rows, found.longest) == (("long",), 1, 8)


def test_nothing_left_to_train_on_stops_the_run() -> None:
    with pytest.raises(PreflightFailed, match="1 are longer than 4 tokens"):
        check(row(), max_tokens=4)


def test_rows_whose_prompt_is_trained_on_are_counted() -> None:
    assert check(row(labels=TOKENS)).unmasked == 1


def test_messages_and_reprs_hold_no_words_of_a_row() -> None:
    faulty = row(labels=(IGNORED,) * 8)
    with pytest.raises(PreflightFailed) as caught:
        check(faulty)
    assert "sleep" not in str(caught.value) + repr(faulty)


def test_at_most_eight_rows_are_shown_in_order_and_always_the_same() -> None:
    ids = [f"r{at:02}" for at in range(50)]
    once = shown(ids, seed=3)
    assert len(once) == 8
    assert list(once) == sorted(once)
    assert once == shown(ids, seed=3) != shown(ids, seed=4)
    assert shown(["a"], seed=0) == ("a",)
    assert shown([], seed=0) == ()


def test_stretches_tell_prompt_loss_and_ends_apart() -> None:
    kinds = [(one.kind, one.text) for one in stretches(row(), {END})]
    assert kinds == [
        ("prompt", "<|im_start|>I sleep <badly>"),
        ("prompt_end", "<|im_end|>"),
        ("prompt", "↵\n"),
        ("trained", "Rest now"),
        ("end", "<|im_end|>"),
        ("trained", "↵\n"),
    ]


def test_the_page_escapes_texts_and_says_without_colour_what_carries_loss() -> None:
    page = preflight_page(check(row()), [row()], end_tokens={END}, name="toy")
    assert "I sleep &lt;badly&gt;" in page
    assert "<badly>" not in page
    assert re.search(r"<mark>▸<span[^>]*>carries loss: </span>Rest now</mark>", page)
    assert "end token, carries loss: </span>&lt;|im_end|&gt;" in page
    assert "text-decoration: underline" in page


def test_a_row_without_its_pieces_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="r1: 0 pieces of text for 8 tokens"):
        preflight_page(check(row()), [row(pieces=())], end_tokens={END})
