"""The whole message path: `ChatService.answer()`, and its twin `stream()`, in nine steps.

    1 crisis and emergency gate on the raw text   6 decide the kind of answer
    2 cap the length                              7 generate, released by sentence
    3 scrub personal data                         8 check each sentence the model wrote
    4 screen for injection and harm               9 finish: the answer and one trace
    5 retrieve

The gate and the fixed replies are plain objects held here; every other part may be missing or
may break, and the reply to someone in danger still comes. Raw text exists in steps 1 to 3 only.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from app.answer import ChatAnswer, ChatEvent, Citation, Gated, ModelUsed, ScrubbedInput, Sentence
from app.bounded_reader import BoundedReader
from app.clinic import Clinic
from app.completing import left_out
from app.conversation import Audience, Conversation, Role
from app.decision import FALLBACK_CONFIDENCE, Kind, Route, decide, warns
from app.errors import GenerationError, ModelUnavailable, PartUnavailable
from app.lineup import Lineup
from app.logs import get_logger
from app.models.base import NO_REPEAT_NGRAM_SIZE, ChatModel, GenerationRequest, Message, ModelState
from app.parts import Part
from app.prompting import (
    SUPPORT_NO_REPEAT,
    grounded_messages,
    grounded_system,
    prompt_hash,
    support_messages,
    support_system,
)
from app.sentences import split_sentences
from app.several import answer_each, with_answers_first
from app.small_talk import SUBJECTS, SmallTalk, small_talk
from app.turn_record import TurnRecord
from app.wording import Wording
from app.writers import Support, Writers
from retrieval.hits import Hit
from safety.crisis import CrisisGate
from safety.language import language_of
from safety.replies import Replies, ReplyName
from safety.screen import EARLIER, Screener
from safety.verdict import ALLOW, Verdict

if TYPE_CHECKING:
    # What is heavy is loaded by the part that needs it, so that a fixed reply waits for none of it.
    from app.store import Store, TurnTrace
    from retrieval.faq import FaqEntry
    from retrieval.retriever import Retriever
    from safety.output_check import OutputCheck
    from safety.reader import CrisisReader
    from safety.scrubber import Scrubber

log = get_logger(__name__)

URGENT = ("crisis", "emergency")
TOP_K = 10
PASSAGES = 2
NEAR_THE_FIRST = 0.9
SUGGESTIONS = 3
LEAST_WORDS = 6


@dataclass(frozen=True)
class Parts:
    """What the path uses beside the gate and the replies; each may be missing.

    `output_check` is for the base model, `tuned_check` for a release that was tuned to stay with its
    passages.
    """

    scrubber: Part[Scrubber]
    reader: Part[CrisisReader | None]
    retriever: Part[Retriever]
    output_check: Part[OutputCheck]
    tuned_check: Part[OutputCheck]
    store: Part[Store]
    model: Part[ChatModel]

    def each(self) -> tuple[Part[Any], ...]:
        """Return what is built at the start, what an answer needs first in front and the slow model last.

        `tuned_check` is built with the first answer that needs it.
        """
        return (
            self.reader, self.scrubber, self.retriever, self.store, self.output_check, self.model
        )  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """The settings that the path itself reads. `support` says who answers a feeling."""

    base: str
    support: Support
    max_chars: int = 4_000
    answer_seconds: float = 30.0
    answer_tokens: int = 160
    model_wait_seconds: float = 0.0
    keep_unanswered: bool = False


class ChatService:
    """Answers messages. Safe to use from several threads; a conversation has one turn at a time."""

    def __init__(
        self,
        *,
        gate: CrisisGate,
        replies: Replies,
        clinic: Clinic,
        parts: Parts,
        rules: Rules,
        lineup: Lineup | None = None,
    ) -> None:
        """Put the path together; without a `lineup` the base model is all that writes."""
        # What reads messages joins the gate once it is up. Before a reply nobody waits for it for long; the
        # screen does, and finds what it was late for, unless it hangs.
        self._reader = BoundedReader(parts.reader.peek)
        self.gate = gate.with_reader(parts.reader.peek, hurried=True)
        self._screener = Screener(gate=gate.with_reader(self._reader.peek))
        self.words = Wording(replies, clinic, max_chars=rules.max_chars)
        self._clinic = clinic
        self.rules = rules
        self.lineup = lineup or Lineup()
        self.writers = Writers(
            self.lineup, parts.model, support=rules.support, wait_seconds=rules.model_wait_seconds
        )
        self._prompt_hash = prompt_hash()
        # What computes before an answer begins shares the cores with the checks of answers under way, and
        # must not crowd them out: many at once would only make each late.
        self._cores = threading.Semaphore(max(1, (os.cpu_count() or 1) - 1))
        self.parts = parts

    def wait_for_reader(self) -> None:
        """Let the gate wait for its reader as the screen does: for a batch, where nobody waits for a reply.

        The same message then gets the same verdict on however busy a machine.
        """
        self.gate = self.gate.with_reader(self._reader.peek)

    def answer(
        self, message: str, conversation: Conversation, *, stop: threading.Event | None = None
    ) -> ChatAnswer:
        """Answer one message; never raises for what a person writes or for a part that breaks."""
        *_, last = self.stream(message, conversation, stop=stop)
        if not isinstance(last, ChatAnswer):
            raise GenerationError("the message path ended without an answer: this is a fault in app/chat.py")
        return last

    def stream(
        self, message: str, conversation: Conversation, *, stop: threading.Event | None = None
    ) -> Generator[ChatEvent, None, None]:
        """Yield what the gate says, the scrubbed input, checked sentences, and last the whole answer.

        The first event needs the gate alone and waits for no part that is not up: `Gated`, or for someone
        in danger the fixed reply. Closing the iterator, or setting `stop`, ends the model's work within two
        tokens.
        """
        turn = TurnRecord(conversation, stop or threading.Event(), raw=message, language=language_of(message))
        del message  # a stream may wait in line: the raw words must not wait with it
        # 1: before anything else, needing nothing else, and waiting for no turn under way.
        with turn.timing("gate"):
            # What is danger only after earlier turns must not wait in line for the screen to see it.
            turn.verdict = self.gate.assess(turn.raw, earlier=conversation.said_by("user")[-EARLIER:])
        # However the turn ends, and before anything that could fail or be left.
        self._remember_risk(turn)
        if self.gate.missing:
            turn.reasons.append("crisis_classifier_missing")
        yield self._reply_now(turn) if turn.verdict.action in URGENT else Gated()
        with conversation.lock:
            try:
                yield from self._path(turn)
            except Exception as error:  # noqa: BLE001 - the one edge: whatever breaks, a reply comes
                log.error("answer_failed", turn_id=turn.turn_id, error=type(error).__name__)
                turn.reasons.append("internal_error")
                if turn.verdict.action in URGENT:
                    yield self._urgent(turn)
                else:
                    yield self._finish(turn, "unavailable", self._fixed(turn, "unavailable"))
            finally:
                turn.raw = ""
                turn.stop.set()

    def continue_from(self, history: Sequence[tuple[Role, str]], *, audience: Audience) -> Conversation:
        """Take up a conversation whose earlier turns are given raw: gated, scrubbed and screened.

        A turn that cannot be scrubbed or would be refused is left out; its risk stays.
        """
        conversation = Conversation(audience=audience)
        for role, content in history:
            earlier = TurnRecord(conversation, threading.Event())
            earlier.verdict = self.gate.assess(content) if role == "user" else ALLOW
            self._remember_risk(earlier)
            if not self._scrub(earlier, self._shortened(content)):
                continue
            if role == "user" and earlier.verdict.action not in URGENT:
                earlier.verdict = self._screen(earlier)
                self._remember_risk(earlier)
            if earlier.verdict.action != "refuse":
                conversation.add(role, earlier.scrubbed)
        return conversation

    def standing_line(self) -> str:
        """Return what every page and terminal shows: not a person, not for emergencies."""
        return self.words.fixed("standing")

    def sources(self, answer: ChatAnswer) -> tuple[FaqEntry, ...]:
        """Return the entries that an answer cites, as they stand in the index."""
        entries = self.parts.retriever.get().entries if answer.citations else {}
        return tuple(entries[citation.id] for citation in answer.citations if citation.id in entries)

    def starters(self, count: int) -> tuple[str, ...]:
        """Return questions to begin with: the clinic's choice, else the first of each topic."""
        if not self.parts.retriever.is_ready():
            return ()
        entries = self.parts.retriever.get().entries
        chosen = [entries[name] for name in self._clinic.starters if name in entries]
        shown = [entry for entry in chosen or entries.values() if entry.audience != "staff"]
        if not chosen:
            # One of each topic first, in the order of the FAQ, then the rest.
            firsts = {entry.topic: entry for entry in reversed(shown)}
            shown.sort(key=lambda entry: firsts[entry.topic] is not entry)
        return tuple(entry.question for entry in shown)[:count]

    def model_state(self) -> ModelState:
        """Say whether the model would answer now; without it the FAQ answers alone."""
        part = self.parts.model.state()
        if part.status == "ready":
            return self.parts.model.get().state()
        return ModelState("unavailable", part.reason or part.status)

    def _path(self, turn: TurnRecord) -> Iterator[ChatEvent]:
        if turn.verdict.action in URGENT:
            # The reply is out. What was written is kept scrubbed where that is to be had, else not at all.
            if self.parts.scrubber.is_ready():
                self._scrub(turn, self._shortened(turn.raw))
            yield self._urgent(turn)
            return
        # 2
        if len(turn.raw) > self.rules.max_chars:
            yield self._finish(turn, "too_long", self._fixed(turn, "too_long"))
            return
        # 3: closed when it fails; from here on there is only scrubbed text.
        if not self._scrub(turn, turn.raw):
            yield self._finish(turn, "unavailable", self._fixed(turn, "unavailable"))
            return
        turn.raw = ""
        yield ScrubbedInput(turn.scrubbed, turn.entities)
        # 4
        with self._cores, turn.timing("screen"):
            # What the raw words told may be gone with a name; what they did not tell, earlier turns may.
            turn.verdict = max(turn.verdict, self._screen(turn), key=lambda found: found.rank)
        self._remember_risk(turn)
        if turn.verdict.action in URGENT:
            yield self._reply_now(turn)
            yield self._urgent(turn)
            return
        if turn.verdict.action == "refuse":
            yield self._finish(turn, "refuse", self._fixed(turn, turn.verdict))
            return
        resources = self._fixed(turn, turn.verdict) if turn.verdict.action == "support" else ""
        if resources:
            yield Sentence(resources)
        talk = small_talk(turn.scrubbed)
        if talk is not None:
            yield self._finish_small_talk(turn, talk, resources)
            return
        # 5, 6
        with self._cores, turn.timing("retrieve"):
            self._retrieve(turn)
        route = self._decide(turn)
        # 7, 8
        text = ""
        with self.writers.of(turn, route) as writer:
            for sentence in self._written(turn, route) if writer.writes else ():
                # Nothing is shown that might be withdrawn: the first words wait until they are enough.
                shown = len(text.split()) >= LEAST_WORDS
                text = f"{text} {sentence}".strip()
                if len(text.split()) >= LEAST_WORDS:
                    yield Sentence(sentence if shown else text)
        if route == "grounded" and len(text.split()) >= LEAST_WORDS and not turn.stop.is_set():
            for sentence in left_out(turn.scrubbed, text, turn.hits[0].passage):
                text = f"{text} {sentence}"
                turn.borne_by.add(0)
                yield Sentence(sentence)
        if len(text.split()) < LEAST_WORDS and (writer.writes or route == "grounded"):
            text, route = "", self._without_model(turn, route)
        # 9
        if text:
            body = self.words.closed(route, text, turn.language)
        elif turn.several.answered:
            body = self.words.several(turn.several, turn.language)
        else:
            body = self.words.approved(route, turn.hits, turn.language)
        yield self._finish(turn, route, f"{resources}\n\n{body}" if resources else body)

    # --- the steps ----------------------------------------------------------------------

    def _scrub(self, turn: TurnRecord, message: str) -> bool:
        # Whoever is in danger waits for no other turn's work, were it to hang.
        cores = nullcontext() if turn.verdict.action in URGENT else self._cores
        try:
            with cores, turn.timing("scrub"):
                scrubbed = self.parts.scrubber.get().scrub(message, turn.conversation.placeholders)
        except Exception as error:  # noqa: BLE001 - closed, whatever it is; and no reply waits for it
            log.error("scrub_failed", turn_id=turn.turn_id, error=type(error).__name__)
            turn.reasons.append("scrubber_failed")
            return False
        turn.scrubbed, turn.entities = scrubbed.text, scrubbed.entities
        return True

    def _screen(self, turn: TurnRecord) -> Verdict:
        conversation = turn.conversation
        said = conversation.said_by("user")
        try:
            self.parts.reader.get()
        except PartUnavailable as error:  # the encoder's help is missing, the rules are not
            log.error("screened_by_rules", turn_id=turn.turn_id, part=error.args[0].partition(":")[0])
            turn.reasons.append("screened_by_rules")
        verdict = self._screener.screen(turn.scrubbed, said)
        if turn.verdict.doubted or verdict.doubted:
            turn.reasons.append("rule_doubted")
        if verdict.action == "allow" and conversation.risk != "none":
            # Risk stays with the conversation: a change of topic does not clear it.
            return Verdict("support", "earlier_risk", conversation.risk)
        return verdict

    def _retrieve(self, turn: TurnRecord) -> None:
        earlier = turn.conversation.said_by("user")
        before = earlier[-1] if earlier else ""
        # What cannot be told is taken for English, and so is what only looks like it: that somebody writes
        # English, by words of its own, is a reason to leave out what is in Spanish, and nothing else.
        language = "" if turn.language == "en" else turn.language
        english = not language and language_of(turn.scrubbed, doubt="es") == "en"
        try:
            retriever = self.parts.retriever.get()
            search = partial(
                retriever.search,
                top_k=TOP_K,
                audience=turn.conversation.audience,
                language=language,
                not_in="es" if english else "",
            )
            turn.retrieval = search(turn.scrubbed, context=before)
            turn.several = answer_each(
                turn.scrubbed,
                turn.retrieval,
                search=lambda part, context: search(part, context=context),
                coverage=retriever.coverage,
                verdict=turn.verdict,
                before=before,
                heard=self._heard,
            )
        except Exception as error:  # noqa: BLE001 - without passages it abstains, whatever broke
            log.error("retriever_unavailable", turn_id=turn.turn_id, error=type(error).__name__)
            turn.reasons.append("retriever_unavailable")

    def _decide(self, turn: TurnRecord) -> Route:
        if turn.several.answered:
            turn.retrieval = with_answers_first(turn.retrieval, turn.several)
            turn.reasons.append(turn.several.reason)
            return "faq"
        approved = turn.hits[0].entry.answer if turn.hits else ""
        decision = decide(
            turn.scrubbed,
            confidence=turn.confidence,
            verdict=turn.verdict,
            approved=approved,
            heard=self._heard,
        )
        turn.reasons.append(decision.reason)
        return decision.route

    def _heard(self, text: str) -> bool | None:
        """Say whether someone tells of a feeling, as the reader of messages says; None: it says nothing."""
        reader = self._reader.peek()
        try:
            return None if reader is None else reader.tells_of_feeling(text)
        except Exception as error:  # noqa: BLE001 - the words decide then
            log.error("heard_by_words", error=type(error).__name__)
            return None

    def _written(self, turn: TurnRecord, route: Route) -> Iterator[str]:
        """Yield the model's sentences that pass the check; none when the model cannot answer."""
        messages, passages, system = self._prompt(turn, route)
        turn.adapter = turn.writer.adapter
        spent_ms = turn.elapsed_ms() - turn.timings_ms.get("wait", 0.0)
        request = GenerationRequest(
            messages,
            adapter=turn.adapter,
            max_new_tokens=self.rules.answer_tokens,
            deadline_s=max(self.rules.answer_seconds - spent_ms / 1000, 0.1),
            no_repeat_ngram_size=SUPPORT_NO_REPEAT if route == "support" else NO_REPEAT_NGRAM_SIZE,
        )
        tuned = route == "grounded" and turn.adapter is not None
        kept: list[str] = []
        try:
            with turn.timing("generate"):
                check = (self.parts.tuned_check if tuned else self.parts.output_check).get()
                if route == "grounded" and check.asks_of_other_medicine(turn.scrubbed, passages):
                    turn.reasons.append("other_medicine")
                    return
                asked = time.monotonic()
                stream = self.parts.model.get().stream(request, turn.stop)
                turn.asked = True
                written = (split_sentences(piece) for piece in stream)
                for sentence in chain.from_iterable(written):
                    checked = check.check(
                        sentence,
                        passages=passages,
                        said=kept,
                        system_prompt=system,
                        mode="grounded" if route == "grounded" else "support",
                        heard=(*turn.conversation.said_by("user"), turn.scrubbed),
                    )
                    if not checked.ok:
                        turn.dropped[checked.reason] += 1
                        continue
                    turn.timings_ms.setdefault("first_sentence", turn.elapsed_ms())
                    turn.model_wrote = True
                    turn.written += 1
                    turn.borne_by.update(checked.by)
                    kept.append(sentence)
                    yield sentence
                turn.timed_out = time.monotonic() - asked >= request.deadline_s
        except Exception as error:  # noqa: BLE001 - the approved answer takes over, whatever broke
            log.warning("model_did_not_answer", turn_id=turn.turn_id, error=type(error).__name__)
            turn.reasons.append(
                "model_unavailable" if isinstance(error, ModelUnavailable) else "model_failed"
            )

    def _prompt(self, turn: TurnRecord, route: Route) -> tuple[tuple[Message, ...], tuple[str, ...], str]:
        name = self._clinic.name
        if route == "support":
            messages = support_messages(turn.scrubbed, turn.conversation.turns, name)
            return messages, (), support_system(name)
        passages = tuple(hit.passage for hit in self._evidence(turn))
        return grounded_messages(turn.scrubbed, passages, name), passages, grounded_system(name)

    def _without_model(self, turn: TurnRecord, route: Route) -> Route:
        """Choose again when the model wrote too little: the nearest approved answer, or none."""
        turn.model_wrote, turn.adapter = False, None
        turn.reasons.append("too_little_left")
        if route == "support":
            return "support"
        if turn.confidence >= FALLBACK_CONFIDENCE and "other_medicine" not in turn.reasons:
            return "faq"
        return "clarify" if turn.hits else "abstain"

    # --- step 9 -------------------------------------------------------------------------

    def _reply_now(self, turn: TurnRecord) -> Sentence:
        """Give the fixed reply, before anything that could fail or be left."""
        turn.reply = self._fixed(turn, turn.verdict)
        return Sentence(turn.reply)

    def _fixed(self, turn: TurnRecord, reply: ReplyName | Verdict) -> str:
        """Return fixed words in the language of the turn's message."""
        return self.words.fixed(reply, said=turn.raw or turn.scrubbed, language=turn.language)

    @staticmethod
    def _remember_risk(turn: TurnRecord) -> None:
        turn.conversation.raise_risk(turn.verdict.risk)

    def _shortened(self, message: str) -> str:
        """Cut a message that is too long, never through a word: half a number is found by nobody."""
        if len(message) <= self.rules.max_chars:
            return message
        return "".join(message[: self.rules.max_chars].rsplit(maxsplit=1)[:1])

    def _urgent(self, turn: TurnRecord) -> ChatAnswer:
        """Finish with the fixed reply that is out; what was written is kept scrubbed, or not at all."""
        kind: Kind = "crisis" if turn.verdict.action == "crisis" else "emergency"
        return self._finish(turn, kind, turn.reply or self._fixed(turn, turn.verdict))

    def _evidence(self, turn: TurnRecord) -> tuple[Hit, ...]:
        """Return the hits that a grounded answer may use: the first, and others nearly as good.

        None of the others warns: what warns is given whole or not at all.
        """
        best = turn.hits[0].score if turn.hits else 0.0
        near = (hit for hit in turn.hits[1:PASSAGES] if hit.score >= NEAR_THE_FIRST * best)
        return (*turn.hits[:1], *(hit for hit in near if not warns(hit.entry.answer)))

    def _cited(self, turn: TurnRecord, kind: Kind) -> tuple[Hit, ...]:
        """Return the hits that an answer rests on, best first: of those that a model read, what it used."""
        if kind == "faq":
            return turn.several.answered or turn.hits[:1]
        if kind != "grounded":
            return ()
        read = self._evidence(turn)
        # A few words that say nothing of themselves ("Yes, we do.") may be all there is: from any passage.
        return tuple(hit for place, hit in enumerate(read) if place in turn.borne_by) or read

    def _finish_small_talk(self, turn: TurnRecord, talk: SmallTalk, resources: str) -> ChatAnswer:
        """Finish what asks nothing of the FAQ; who only greets is shown what others ask."""
        turn.reasons.append(talk.subject)
        body = self.words.fixed(talk.subject, language=talk.language)
        offered = self.starters(SUGGESTIONS) if talk == ("greeting", "en") else ()
        return self._finish(
            turn, "clarify", f"{resources}\n\n{body}" if resources else body, starters=offered
        )

    def _finish(
        self, turn: TurnRecord, kind: Kind, text: str, *, starters: tuple[str, ...] = ()
    ) -> ChatAnswer:
        cited = self._cited(turn, kind)
        nearest = turn.hits[:SUGGESTIONS] if kind in ("clarify", "abstain", "support") else ()
        offered = turn.several.offered if kind == "faq" else nearest
        if turn.scrubbed and kind not in ("refuse", "unavailable"):
            turn.conversation.add("user", turn.scrubbed)
            turn.conversation.add("assistant", text)
        turn.timings_ms["total"] = turn.elapsed_ms()
        answer = ChatAnswer(
            turn_id=turn.turn_id,
            kind=kind,
            text=text,
            scrubbed_input=turn.scrubbed,
            entities=turn.entities,
            citations=tuple(Citation(hit.id, hit.entry.question, hit.score) for hit in cited),
            suggestions=starters or tuple(hit.entry.question for hit in offered),
            verdict=turn.verdict,
            model=ModelUsed(self.rules.base, turn.adapter or "") if turn.model_wrote else ModelUsed(),
            reasons=tuple(turn.reasons),
            dropped=dict(turn.dropped),
            timings_ms=dict(turn.timings_ms),
        )
        self.writers.count(turn)
        self._record(turn, answer)
        return answer

    def _record(self, turn: TurnRecord, answer: ChatAnswer) -> None:
        """Write the trace, which has no text. A store that refuses stops no answer."""
        try:
            store = self.parts.store.get()
            store.record_trace(self._trace(turn, answer))
            calm = turn.verdict.action != "support" and turn.conversation.risk == "none"
            asked = answer.kind in ("clarify", "abstain") and SUBJECTS.isdisjoint(answer.reasons)
            if self.rules.keep_unanswered and calm and asked:
                store.keep_unanswered(turn.turn_id, turn.scrubbed)
        except Exception as error:  # noqa: BLE001 - a trace is never worth an answer
            log.error("trace_not_written", turn_id=turn.turn_id, error=type(error).__name__)

    def _trace(self, turn: TurnRecord, answer: ChatAnswer) -> TurnTrace:
        from app.traces import trace_of

        return trace_of(
            turn,
            answer,
            base=self.rules.base,
            model_state=self.model_state().status,
            prompt_hash=self._prompt_hash,
            index_hash=self.parts.retriever.get().manifest.corpus_sha256 if turn.hits else "",
            policy_hash=self.parts.scrubber.get().policy_hash if turn.scrubbed else "",
        )
