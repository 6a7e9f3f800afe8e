"""The tokens of `static/desk.css` as the page shows them: name and what each is for."""

from __future__ import annotations

COLORS = {
    "Grounds": {
        "bg": "the page",
        "surface": "cards, bars, dialogs",
        "sunken": "table heads, code, fields within bars",
        "line": "between parts",
        "line-strong": "around what can be pressed or filled",
    },
    "Text": {"text": "what is read", "muted": "what explains it"},
    "Accent": {
        "accent": "links, the current page, focus",
        "accent-fill": "the one primary button",
        "accent-over": "the same under the pointer",
        "accent-soft": "behind what is chosen",
    },
    "Tones": {
        "good": "done, money taken",
        "wait": "on its way",
        "ask": "open, a person or an answer is waited for",
        "bad": "refused, declined, failed",
        "back": "money given back",
        "quiet": "over, or not begun",
    },
}
SPACES = {"s1": "4 px", "s2": "8 px", "s3": "12 px", "s4": "16 px", "s5": "24 px", "s6": "32 px"}
RADII = {"radius-small": "fields, buttons", "radius": "cards, menus"}
SIZES = {"page": "how wide a page grows", "row": "a row of a table", "control": "a story, a control in a row"}
TYPE = (
    ("big-money", "1,234.50", "28 px, 600: the sum of an order"),
    ("type-h1", "Page heading", "20 px, 600"),
    ("type-h2", "Part heading", "14 px, 600"),
    ("type-body", "What is read", "14 px, 400"),
    ("type-small", "What explains it", "12.5 px, 400"),
)
