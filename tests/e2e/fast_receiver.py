"""A receiver of thousands of webhooks: one thread, open connections, and now and then an answer that is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class FastReceiver:
    """What arrived, in order: headers by lower-case name, and bodies. Every `deaf`th request gets no answer."""

    deaf: int
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Keep a request; tell whether it is answered."""
        self.got.append((headers, body))
        self.ids.add(headers["webhook-id"])
        return len(self.got) % self.deaf != 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = (line.partition(":") for line in head.split("\r\n")[1:])
                headers = {name.lower(): value.strip() for name, _, value in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                if not self.take(headers, body):
                    break
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the sender is gone: perhaps it was killed
        finally:
            writer.close()


@contextmanager
def fast_receiver(deaf: int) -> Iterator[FastReceiver]:
    """Run a receiver on loopback in a thread of its own."""
    receiver, up, ends = FastReceiver(deaf), threading.Event(), []

    async def run() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(over.set))
        async with await asyncio.start_server(receiver.serve, "127.0.0.1", 0, backlog=512) as server:
            receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
            up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="receiver", daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield receiver
    finally:
        ends[0]()
        thread.join(10)
