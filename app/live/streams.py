"""The open streams of this process, and the one thread that reads the timeline for all of them."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.ending import stopping
from app.live.changes import News, Reader, missed
from app.live.wake import waking
from app.operators.sign_in import still_signed_in

log = structlog.get_logger("live")

THREADS_FOR_OTHERS = 8
"""Each stream keeps a thread of the server; so many are left for everything else."""
MOST_OF_ONE_SESSION = 8
COMMENT_EVERY_SECONDS = 15.0
_LOOK_AT_SESSIONS_EVERY_SECONDS = 2.0
_UNREAD_AT_MOST = 500

MANY = "event: many\ndata: {}\n\n"
COMMENT = ":\n\n"


class Full(Exception):
    """No stream more can be opened now."""


class Stream:
    """One open page's stream: what it has not been sent yet, and whether it is over."""

    def __init__(self, session_hash: str, client: socket.socket | None) -> None:
        self.session_hash = session_hash
        self._client = client
        self._known: frozenset[int] = frozenset()
        self._early: list[News] | None = []
        """What came in before it was known what the page had missed."""
        self._unread: deque[str] = deque()
        self._over = False
        self._bell = threading.Condition()

    def begin(self, missed: News) -> None:
        """Have sent what the page has missed, and then what came in meanwhile: each entry once."""
        with self._bell:
            early, self._early = self._early or [], None
            self._known = frozenset(change.entry for change in missed.changes)
            self.tell(told(missed))
            self.tell(f"id: {missed.position}\nevent: here\ndata: {{}}\n\n")
            for news in early:
                self.hear(news)

    def hear(self, news: News) -> None:
        """Have sent what the page does not know yet."""
        with self._bell:
            if self._early is not None:
                self._early.append(news)
                return
            text = told(news.without(self._known))
            if text:
                self.tell(text)

    def tell(self, text: str) -> None:
        """Have it sent."""
        with self._bell:
            if len(self._unread) >= _UNREAD_AT_MOST:
                self._unread.clear()
                text = MANY
            self._unread.append(text)
            self._bell.notify()

    def end(self) -> None:
        """Send what is unread, and nothing after it."""
        with self._bell:
            self._over = True
            self._bell.notify()

    def sent(self) -> Iterator[str]:
        """What to send, as it comes in; a comment when there has been nothing for a while."""
        while True:
            with self._bell:
                self._bell.wait_for(lambda: self._unread or self._over, COMMENT_EVERY_SECONDS)
                told, over = "".join(self._unread), self._over
                self._unread.clear()
            if told or not over:
                yield told or COMMENT
            if over:
                return

    @property
    def is_left(self) -> bool:
        """Whether the browser has closed the connection; only a failing write would tell otherwise."""
        if self._client is None:
            return False
        try:
            return self._client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


class Streams:
    """All open streams of a process with `threads` threads."""

    def __init__(self, threads: int) -> None:
        self._most = max(threads - THREADS_FOR_OTHERS, 0)
        self._open: set[Stream] = set()
        self._reader: Reader | None = None
        self._lock = threading.Lock()

    def open(self, session_hash: str, client: socket.socket | None, after: int | None) -> Stream:
        """A stream that begins with what was missed since `after` (see `missed`). Full, or the database's error."""
        stream = Stream(session_hash, client)
        with self._lock:
            self._drop_left()
            of_session = sum(other.session_hash == session_hash for other in self._open)
            if stopping.is_set() or len(self._open) >= self._most or of_session >= MOST_OF_ONE_SESSION:
                raise Full
            reader = self._reader or self._follow()
            self._open.add(stream)
        try:
            news = missed(after, reader.position)
        except BaseException:
            self.close(stream)
            raise
        stream.begin(news)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget it; the thread that reads ends after the last one."""
        with self._lock:
            self._open.discard(stream)

    def _drop_left(self) -> None:
        for stream in [stream for stream in self._open if stream.is_left]:
            stream.end()
            self._open.discard(stream)

    def _follow(self) -> Reader:
        self._reader = reader = Reader()
        threading.Thread(target=self._read_on, args=(reader,), name="live", daemon=True).start()
        return reader

    def _read_on(self, reader: Reader) -> None:
        try:
            with waking() as wait:
                sessions_due = 0.0
                while self._goes_on():
                    self._tell(reader.read())
                    if monotonic() >= sessions_due:
                        sessions_due = monotonic() + _LOOK_AT_SESSIONS_EVERY_SECONDS
                        self._end_signed_out()
                    wait()
        except (SQLAlchemyError, psycopg.Error) as error:
            log.warning("the timeline cannot be read; open pages will come back", error=str(error))
        finally:
            with self._lock:
                if self._reader is reader:
                    self._end_all()

    def _goes_on(self) -> bool:
        with self._lock:
            self._drop_left()
            if not self._open or stopping.is_set():
                self._end_all()
                return False
            return True

    def _end_all(self) -> None:
        self._reader = None
        for stream in self._open:
            stream.end()
        self._open.clear()

    def _tell(self, news: News) -> None:
        if not news.changes and not news.many:
            return
        with self._lock:
            standing = list(self._open)
        for stream in standing:
            stream.hear(news)

    def _end_signed_out(self) -> None:
        with self._lock:
            standing = list(self._open)
        lasting = still_signed_in({stream.session_hash for stream in standing})
        for stream in standing:
            if stream.session_hash not in lasting:
                stream.tell("event: end\ndata: {}\n\n")
                stream.end()


def told(news: News) -> str:
    """News as events of a stream: what changed and where, never what it is now."""
    if news.many:
        return f"id: {news.position}\n{MANY}"
    lines = []
    for change in news.changes:
        data = {"entry": change.entry, "kind": change.kind, "order": change.order_id, "payment": change.payment_id}
        entry = min(change.entry, news.position)
        lines.append(f"id: {entry}\nevent: change\ndata: {json.dumps(data, separators=(',', ':'))}\n\n")
    return "".join(lines)
