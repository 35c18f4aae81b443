"""Handles on services of all kinds: with links the "web universal resource locators" of (b)(2)(i)(N).

`contacts.usernames` finds the common forms; here are those that name the service last ("mossyoak on
insta"), those of the fediverse, and services it does not know. Must not: take "text me on my cell",
"me on snapchat" or a plain word for a handle.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.lexicon import is_common
from safety.recognizers.rules import Rule, RuleRecognizer

_SERVICE = (
    r"(?:insta(?:gram)?|ig|snap(?:chat)?|twitter|tik\s?tok|reddit|venmo|cash\s?app|facebook|fb|messenger|skype|telegram|whatsapp|"
    r"signal|kik|steam|twitch|discord|bluesky|bsky|mastodon|linked\s?in|pinterest|tumblr|you\s?tube|psn|playstation|xbox|"
    r"nintendo|epic|roblox|fortnite|minecraft|we\s?chat|viber|zelle|pay\s?pal|patreon|only\s?fans|tinder|bumble|hinge|grindr|"
    r"my\s?chart|strava|fitbit|duolingo|github|soundcloud)"
)
_NAME = r"@?(?=[\w.-]{0,30}[\p{L}])[\p{L}\d_][\w.-]{2,30}+"


def _is_handle(match: regex.Match[str]) -> bool:
    """Tell a handle from a word: a sign or digit in it, or no common word."""
    value = match.group("v").strip("@.").lower()
    if any(one.isdigit() or one in "_@." for one in match.group("v").rstrip(".")):
        return True
    return not is_common(value) and not regex.search(r"(?:ing|ed|ly|tion)$", value)


def _has_sign(match: regex.Match[str]) -> bool:
    return any(one.isdigit() or one in "_@" for one in match.group("v")) and _is_handle(match)


_HANDLES = (
    Rule("fediverse", "USERNAME", r"(?<![\w.@])@[\w.-]{2,30}+@[\w-]{2,40}+(?:\.[\w-]{2,20}+){1,3}", 0.96),
    Rule("on-service", "USERNAME", rf"(?<!\w)(?P<v>(?=[@\p{{L}}_]){_NAME})\s+on\s+(?:the\s+)?{_SERVICE}\b", 0.66, accept=_has_sign),
    Rule("go-by-on-service", "USERNAME", rf"\b(?:i'?m|i\s+am|i\s+go\s+by|find\s+me\s+(?:as|at|under)|known\s+as|add|follow|dm|message)\s+(?P<v>{_NAME})\s+on\s+(?:the\s+)?{_SERVICE}\b", 0.64, accept=_is_handle),
    Rule("service-is", "USERNAME", rf"\b(?:my|his|her|their|our)\s+{_SERVICE}(?:\s+(?:name|handle|id|account|user(?:\s?name)?|tag))?\s*(?:\bis\b|:|=|'s\b)\s*(?P<v>{_NAME})", 0.66, accept=_is_handle),
    Rule("find-me", "USERNAME", rf"\b(?:find|add|follow|dm|message|reach|hit)\s+(?:me|him|her|us|them)\s+(?:up\s+)?on\s+{_SERVICE}\s*(?:[:,(@-]|\b(?:as|at|under|by|with)\b)\s*(?P<v>{_NAME})", 0.66, accept=_is_handle),
    Rule("tag-is", "USERNAME", rf"\b(?:gamer\s?tag|psn|xbox\s+live|friend\s+code|cash\s?tag|screen\s?name|log\s?in\s+(?:name|id)|account\s+name)\s*(?:\bis\b|:|=)\s*(?P<v>\$?{_NAME})", 0.66, accept=_is_handle),
    Rule("cash-tag", "USERNAME", r"(?<![\w$])\$(?P<v>(?=\p{L})[\p{L}\d_-]{4,20}+)(?![\w.])", 0.6, accept=_is_handle),
)  # fmt: skip


def handles() -> RuleRecognizer:
    """Return the recognizer of handles that name their service."""
    return RuleRecognizer(
        "handles", rules=_HANDLES, trigger=rf"@|\$|{_SERVICE}|\btag\b|screen|account|log\s?in|code|gamer"
    )
