"""A backend of Terraform in memory: in a folder, a state is written anew for each resource."""

from __future__ import annotations

import json
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

BACKEND = 'terraform {\n  backend "http" {}\n}\n'
_states: dict[str, bytes] = {}


def address(folder: Path) -> str:
    """Where the state of a root module is, for the variable TF_HTTP_ADDRESS."""
    return f"http://127.0.0.1:{_server().server_port}{folder.as_posix()}"


def resources(folder: Path) -> dict[tuple[str, str, str, str | None], dict]:
    """What the state of a root module says of each resource: its attributes, by the name of the
    deployment that it is of (none for the root module), its type, its name and its key.
    """
    state = json.loads(_states[folder.as_posix()])
    return {
        (
            resource.get("module", "").removeprefix("module."),
            resource["type"],
            resource["name"],
            instance.get("index_key"),
        ): instance["attributes"]
        for resource in state["resources"]
        for instance in resource["instances"]
    }


@cache
def _server() -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _States)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


class _States(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(_states.get(self.path))

    def do_POST(self) -> None:
        _states[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")

    def _answer(self, content: bytes | None) -> None:
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""
