"""A mail server on this machine: takes mails in memory, and answers or hangs up as a test says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """`answers`: another reply to a command (RCPT, DATA, END, EHLO ...); "" hangs up instead.

    END is what follows the text. A mail counts as taken before END is answered.
    """

    port: int = 0
    connections: int = 0
    mails: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


class _Session(socketserver.StreamRequestHandler):
    USUAL = {"DATA": "354 go on", "QUIT": "221 bye"}

    def handle(self) -> None:
        self.post: MailServer = self.server.post
        self.post.connections += 1
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line.decode().strip().upper()[:4]
            if not self.reply(verb) or verb == "QUIT":
                return
            if verb == "RCPT":
                self.post.receivers.append(line.decode().strip()[9:-1])
            if verb == "DATA" and "DATA" not in self.post.answers and not self.take():
                return

    def take(self) -> bool:
        lines = iter(self.rfile.readline, b".\r\n")
        text = b"".join(lines).decode()
        if self.post.answers.get("END", "250")[:1] in ("2", ""):
            self.post.mails.append(text)
        return self.reply("END")

    def reply(self, verb: str) -> bool:
        answer = self.post.answers.get(verb, self.USUAL.get(verb, "250 ok"))
        if answer:
            self.wfile.write(f"{answer}\r\n".encode())
        return bool(answer)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    post: MailServer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.post = MailServer(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.post
        server.shutdown()
        thread.join()
