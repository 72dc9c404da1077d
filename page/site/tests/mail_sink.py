"""A mail server on loopback that appends each message it is given to a file, one JSON object a line. It ends when its
standard input is closed: with the tests, however they end."""

import json
import socket
import sys

from aiosmtpd.controller import Controller


class Sink:
    def __init__(self, path):
        self.path = path

    async def handle_DATA(self, server, session, envelope):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"to": envelope.rcpt_tos, "text": envelope.content.decode("utf-8", "replace")}) + "\n")
        return "250 kept"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


controller = Controller(Sink(sys.argv[1]), hostname="127.0.0.1", port=free_port())
controller.start()
print(f"port {controller.server.sockets[0].getsockname()[1]}", flush=True)
sys.stdin.read()
controller.stop()
