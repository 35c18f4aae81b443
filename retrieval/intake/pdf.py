"""Read the text of a PDF that its reader sees, and say what is there beside it.

pdfplumber lays out the letters; here each letter is judged when it is painted, because what hides it (render
mode, colour space, crop box) is known to the painter alone. A letter is unseen when it is painted in no ink
(render modes 3 and 7: ISO 32000-1, 9.3.6), in white with nothing coloured behind it, smaller than two points,
or outside the page. Not found: letters under a picture or a clip, of no opacity, or in the colour of a box.
Must not follow a link, run a script or open what is attached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.layout import LTComponent, LTItem, LTPage
from pdfminer.pdfcolor import PDFColorSpace
from pdfminer.pdffont import PDFFont, PDFType3Font
from pdfminer.pdfinterp import PDFGraphicState, PDFPageInterpreter, PDFTextState
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream
from pdfminer.utils import Matrix, apply_matrix_rect
from pdfplumber.page import Page, PDFPageAggregatorWithMarkedContent

MAX_PAGES = 1_000
TINY_POINTS = 2.0
_NO_INK = (3, 7)
_STROKED_ONLY = (1, 5)
_FILLED_ONLY = (0, 4)
_LIGHT = 0.98  # of a component of gray or RGB
_SUBTRACTIVE = ("DeviceCMYK", "Separation", "DeviceN")


@dataclass(frozen=True)
class PdfText:
    """The seen text of the pages that were read, of `pages` in all; page numbers begin with 1."""

    text: str = field(repr=False)
    pages: int
    read: int
    hidden: tuple[int, ...]
    """Pages with text that a reader does not see; it is not part of `text`."""
    silent: tuple[int, ...]
    """Pages without seen text that are not empty: pictures, scans, hidden text alone."""


def read_pdf(path: Path, *, max_pages: int = MAX_PAGES) -> PdfText:
    """Read the first `max_pages` pages, joined by empty lines. Raises what pdfplumber raises."""
    texts: list[str] = []
    hidden: list[int] = []
    silent: list[int] = []
    with pdfplumber.open(path) as document:
        pages = len(document.pages)
        for whole in document.pages[:max_pages]:
            page = _Page(document, whole.page_obj, whole.page_number)
            unseen = any(char["text"].strip() and not char["seen"] for char in page.chars)
            text = page.filter(_is_seen).extract_text() or ""
            number = page.page_number
            hidden += [number] * unseen
            silent += [number] * (not text.strip() and (unseen or bool(page.images)))
            texts.append(text)
            page.close()
    return PdfText("\n\n".join(texts), pages, min(pages, max_pages), tuple(hidden), tuple(silent))


class _Page(Page):
    """A page whose letters say whether they are seen."""

    _unseen: frozenset[int] = frozenset()

    @property
    def layout(self) -> LTPage:
        painter = _Painter(self.pdf.rsrcmgr, pageno=self.page_number)
        _Interpreter(self.pdf.rsrcmgr, painter).process_page(self.page_obj)
        self._unseen = frozenset(painter.unseen())
        return painter.get_result()

    def process_object(self, obj: LTItem) -> dict[str, Any]:
        attributes: dict[str, Any] = super().process_object(obj)
        return {**attributes, "seen": id(obj) not in self._unseen}


class _Interpreter(PDFPageInterpreter):
    """Hands render mode and colours on to a form that a page draws, as ISO 32000-1, 8.10.1 has it."""

    _outer: tuple[int, PDFGraphicState] | None = None

    def subinterp(self) -> PDFPageInterpreter:
        inner = super().subinterp()
        if isinstance(inner, _Interpreter):
            inner._outer = (self.textstate.render, self.graphicstate)
        return inner

    def init_state(self, ctm: Matrix) -> None:
        super().init_state(ctm)
        if self._outer is not None:
            self.textstate.render, self.graphicstate = self._outer[0], self._outer[1].copy()


class _Painter(PDFPageAggregatorWithMarkedContent):
    """Notes with each letter what it is painted with, and what is coloured behind it."""

    def begin_page(self, page: PDFPage, ctm: Matrix) -> None:
        super().begin_page(page, ctm)
        cropped = apply_matrix_rect(ctm, page.cropbox)
        x0, x1 = sorted((cropped[0], cropped[2]))
        y0, y1 = sorted((cropped[1], cropped[3]))
        paper = self.cur_item
        self._shown = (max(x0, paper.x0), max(y0, paper.y0), min(x1, paper.x1), min(y1, paper.y1))
        self._mode = 0
        self._lost: list[LTComponent] = []
        self._white: list[LTComponent] = []
        self._grounds: list[LTComponent] = []

    def render_string(
        self, textstate: PDFTextState, seq: Any, ncs: PDFColorSpace, graphicstate: PDFGraphicState
    ) -> None:
        self._mode = textstate.render
        self._ink = not _is_white(graphicstate, textstate.render)
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(self, matrix: Matrix, font: PDFFont, *rest: Any) -> float:
        before = len(self.cur_item._objs)
        advance: float = super().render_char(matrix, font, *rest)
        for char in self.cur_item._objs[before:]:
            # The size that pdfminer gives a letter of a Type 3 font leaves out the font's own scale.
            tiny = max(char.width, char.height) < TINY_POINTS and not isinstance(font, PDFType3Font)
            if tiny or self._mode in _NO_INK or not self._is_on_page(char):
                self._lost.append(char)
            elif not self._ink:
                self._white.append(char)
        return advance

    def render_image(self, name: str, stream: PDFStream) -> None:
        before = len(self.cur_item._objs)
        super().render_image(name, stream)
        self._grounds += self.cur_item._objs[before:]

    def paint_path(self, gstate: PDFGraphicState, stroke: bool, fill: bool, *rest: Any) -> None:
        before = len(self.cur_item._objs)
        super().paint_path(gstate, stroke, fill, *rest)
        if fill and not _is_white_in(gstate.ncolor, gstate.ncs):
            self._grounds += self.cur_item._objs[before:]

    def unseen(self) -> Iterator[int]:
        """Yield the identity of each letter of the page that a reader does not see."""
        yield from map(id, self._lost)
        # Whether a ground is painted before or after the letter is not asked: rarely is it after.
        yield from (
            id(char) for char in self._white if not any(_is_behind(ground, char) for ground in self._grounds)
        )

    def _is_on_page(self, char: LTComponent) -> bool:
        x0, y0, x1, y1 = self._shown
        return char.x1 > x0 and char.x0 < x1 and char.y1 > y0 and char.y0 < y1


def _is_seen(thing: dict[str, Any]) -> bool:
    return bool(thing.get("seen", True))


def _is_behind(ground: LTComponent, char: LTComponent) -> bool:
    across, up = (char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2
    return bool(ground.x0 <= across <= ground.x1 and ground.y0 <= up <= ground.y1)


def _is_white(state: PDFGraphicState, mode: int) -> bool:
    """Say whether a letter is white: its inside, its outline or both, whichever its render mode paints."""
    inside = mode in _STROKED_ONLY or _is_white_in(state.ncolor, state.ncs)
    outline = mode in _FILLED_ONLY or _is_white_in(state.scolor, state.scs)
    return inside and outline


def _is_white_in(colour: object, space: PDFColorSpace) -> bool:
    parts = colour if isinstance(colour, tuple | list) else (colour,)
    numbers = [part for part in parts if isinstance(part, int | float)]
    if not numbers or len(numbers) != len(parts) or space.name in ("Pattern", "Indexed"):
        return False
    if space.name == "Lab":
        return numbers[0] >= 100 * _LIGHT and all(abs(number) <= 2 for number in numbers[1:])
    if space.name in _SUBTRACTIVE or len(numbers) == 4:  # how much ink: none is white
        return all(number <= 1 - _LIGHT for number in numbers)
    return all(number >= _LIGHT for number in numbers)
