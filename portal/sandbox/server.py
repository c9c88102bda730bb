"""Serves the sandbox over HTTP: one process with threads. The data is saved to a file regularly and at the end.

A WSGI server cannot raise an error that breaks a connection. For such a fault it sends less than the promised
Content-Length, which the caller sees as a connection that closed early.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from waitress.server import create_server

from . import create_app, snapshot, webhooks
from .app import Sandbox
from .control.general import LONG
from .kernel import Dropped

TICK_SECONDS = 0.1
SAVE_SECONDS = 5.0
THREADS = 8


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 after a signal to stop, 1 when the server could not start."""
    options = _options().parse_args(arguments)
    origin = options.origin or f"http://{options.host}:{options.port}"
    try:
        sandbox = _sandbox(options, origin)
    except (snapshot.BadSnapshot, OSError) as error:
        print(_unusable(options.state, error), file=sys.stderr)
        return 1
    try:
        server = create_server(_unbroken(sandbox), host=options.host, port=options.port, threads=THREADS, ident=None)
    except OSError:
        print(f"The sandbox cannot start: port {options.port} is taken. Choose another with --port.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_deliver, args=(sandbox,), daemon=True).start()
    if options.state:
        threading.Thread(target=_keep, args=(sandbox, options.state), daemon=True).start()
    print(f"The sandbox answers at {origin}/", flush=True)
    server.run()
    if options.state:
        _save(sandbox, options.state)
    return 0


def _sandbox(options: argparse.Namespace, origin: str) -> Sandbox:
    sandbox = create_app(seed=options.seed, origin=origin)
    if options.state and options.state.exists():
        snapshot.load(sandbox, options.state.read_bytes())
    sandbox.start_with(allow_loopback_http=options.loopback_http, knows_everybody=options.know_everybody)
    if options.know_every_resource:
        sandbox.start_with(knows_every_resource=True)
    if options.feedback_delay is not None:
        sandbox.start_with(feedback_delay_seconds=options.feedback_delay)
    return sandbox


def _unusable(file: Path, error: Exception) -> str:
    return f"The sandbox cannot start from {file}: {error}. Move the file away to start with an empty memory."


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m portal.sandbox", description="A stand-in for the services outside."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8901)
    parser.add_argument("--origin", default="", help="the address others reach it by, when not http://HOST:PORT")
    parser.add_argument("--state", type=Path, help="load the memory from this file, and keep it there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--loopback-http", action="store_true", help="take http:// redirect and webhook addresses of this machine"
    )
    parser.add_argument(
        "--know-everybody", action="store_true", help="know every organisation with a right synthetic number"
    )
    parser.add_argument(
        "--know-every-resource", action="store_true", help="know every well-formed resource and package that is named"
    )
    parser.add_argument(
        "--feedback-delay", type=_seconds, help="seconds until Skatteetaten's verdict (150 if not given)"
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= LONG:
        raise argparse.ArgumentTypeError(f"must be from 0 to {LONG} seconds")
    return seconds


def _deliver(sandbox: Sandbox) -> None:
    while True:
        time.sleep(TICK_SECONDS)
        try:
            webhooks.pump(sandbox)
        except Exception:
            traceback.print_exc()  # an error in one job must not stop the others


def _keep(sandbox: Sandbox, file: Path) -> None:
    """Save after calls were served. It runs in a thread of its own, so slow webhooks do not delay it."""
    saved_calls = 0
    while True:
        time.sleep(SAVE_SECONDS)
        if sandbox.served != saved_calls:
            saved_calls = sandbox.served
            try:
                _save(sandbox, file)
            except OSError:
                traceback.print_exc()  # the disk may be full; the next round tries again


def _save(sandbox: Sandbox, file: Path) -> None:
    """Write a new file and replace the old one with it, so that the file is always complete.

    The file holds private keys, so only its owner may read it.
    """
    with sandbox.lock:
        content = snapshot.dump(sandbox)
    beside = file.with_name(f"{file.name}.new")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    beside.replace(file)


def _unbroken(sandbox: Sandbox) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            return sandbox(environ, start_response)
        except Dropped:
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "1000")])
            return [b"{"]

    return application
