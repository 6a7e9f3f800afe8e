"""Hands an XML file on in pieces, as long as nothing in it is longer than a parser can take.

The parser begins anew with each piece at a tag that has not ended yet: one of many megabytes keeps it busy for minutes.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from defusedxml.common import DTDForbidden

MOST_IN_TOKEN = 64 * 1024
MOST_ASIDE = 100_000
"""So many comments, CDATA and instructions there may be, each of which is looked at."""
_AT_ONCE = 16 * 1024
_FIRST = 1024
"""The declaration with the encoding stands in so many bytes."""
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_LIKE_ASCII = re.compile(rb"(?i:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d)")
"""Encodings in which the bytes of markup are nothing else: it is looked for in bytes."""
_OPENS = re.compile(rb"<(?:(!--)|(!\[CDATA\[)|(\?)|![^-\[])")
_LONGEST_OPENING = len(b"<![CDATA[")
_ENDS = (b"-->", b"]]>", b"?>")


class TooLong(ValueError):
    """A tag, a text or a comment that is longer than any bank's, or more comments."""


class Measured:
    """A file to be read once, from its beginning.

    Within tags and texts a `<` only begins the next tag, so that from one to the next is a tag and its text. Only where
    comments, CDATA and instructions stand it may be anything, and their end is looked for.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._given = self._began = self._aside = 0
        self._left = b""
        """The end of what was given already, where something may have begun that is not to be told yet."""
        self._end = b""
        """What ends the comment or the like in which the file is."""

    def read(self, size: int = _AT_ONCE) -> bytes:
        """The next bytes; TooLong, DTDForbidden or LookupError (of an encoding) where they are not to be parsed."""
        piece = self._file.read(min(size, _AT_ONCE))
        if not self._given:
            _check_encoding(piece)
        if b"\0" in piece:
            raise LookupError("UTF-16, or no text")
        self._measure(self._left + piece, self._given - len(self._left))
        self._given += len(piece)
        return piece

    def _measure(self, data: bytes, before: int) -> None:
        at = 0
        while True:
            if self._end:
                found = data.find(self._end, at)
                if found < 0:
                    at = max(at, len(data) - len(self._end) + 1)
                    break
                self._goes_on(before + found)
                at = self._begins(before, found + len(self._end))
                self._end = b""
            opens = _OPENS.search(data, at)
            stop = opens.start() if opens else len(data)
            first, last = data.find(b"<", at, stop), data.rfind(b"<", at, stop)
            if first >= 0:
                self._goes_on(before + first)
                self._begins(before, last)
            if opens is None:
                at = max(at, last if last >= len(data) - _LONGEST_OPENING else len(data))
                break
            self._goes_on(before + stop)
            if not opens.lastindex:
                raise DTDForbidden("", None, None)
            self._aside += 1
            if self._aside > MOST_ASIDE:
                raise TooLong(f"It has more than {MOST_ASIDE:,} comments, instructions and CDATA.")
            self._end = _ENDS[opens.lastindex - 1]
            self._begins(before, stop)
            at = opens.end()
        self._goes_on(before + len(data))
        self._left = data[at:]

    def _begins(self, before: int, at: int) -> int:
        self._began = before + at
        return at

    def _goes_on(self, until: int) -> None:
        if until - self._began > MOST_IN_TOKEN:
            raise TooLong(
                f"From its byte {self._began + 1:,} on it holds a tag or text longer than {MOST_IN_TOKEN // 1024} KB,"
                " which no bank's statement needs: it was not read."
            )


def _check_encoding(begins: bytes) -> None:
    """LookupError where markup may be other bytes than it seems."""
    found = _DECLARED.match(begins[:_FIRST])
    is_whole = b"?>" in begins[:_FIRST] or not begins.removeprefix(b"\xef\xbb\xbf").startswith(b"<?xml")
    if not is_whole or (found and not _LIKE_ASCII.fullmatch(found[1])):
        raise LookupError("an encoding that is not like ASCII, or a declaration without an end")
