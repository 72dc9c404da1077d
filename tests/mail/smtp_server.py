"""A mail server on loopback for tests, with the troubles that real ones make. Prints its port, then serves until killed.

Each message taken is FOLDER/<number>.eml, with the envelope's recipient in a first line "X-Envelope-To: ...". FOLDER/log
gets one line for each connection and answer. It needs python3-aiosmtpd.
"""
import argparse
import asyncio
import itertools
import logging
import os
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


class Server(SMTP):
    """Drops the connection in the middle of the first --drop-data messages."""

    def __init__(self, handler, options, **rest):
        super().__init__(handler, **rest)
        self.options = options

    def connection_made(self, transport):
        if self.transport is None:  # called again when STARTTLS wraps the connection
            self.event_handler.note("connected")
        super().connection_made(transport)

    async def smtp_DATA(self, arg):
        if self.event_handler.dropped < self.options.drop_data:
            self.event_handler.dropped += 1
            await self.push("354 go on")
            await self._reader.readline()
            self.event_handler.note("dropped")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Handler:
    def __init__(self, options):
        self.options = options
        self.numbers = itertools.count(1)
        self.seen = set()
        self.dropped = 0
        self.vanished = 0
        self.log = open(os.path.join(options.folder, "log"), "a", buffering=1)

    def note(self, text):
        self.log.write(text + "\n")

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.options.refuse_sender:
            return "553 5.7.1 sender not allowed here"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.options.reject:
            self.note("rejected " + address)
            return "550 5.1.1 no such mailbox"
        if address in self.options.policy:
            return "550 5.7.1 not from you"
        if self.options.greylist and address not in self.seen:
            self.seen.add(address)
            self.note("greylisted " + address)
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options.slow:
            await asyncio.sleep(self.options.slow)
        name = os.path.join(self.options.folder, f"{next(self.numbers):06}.eml")
        with open(name + ".part", "wb") as out:
            out.write(b"X-Envelope-To: " + envelope.rcpt_tos[0].encode() + b"\r\n" + envelope.original_content)
        os.rename(name + ".part", name)
        self.note("taken " + envelope.rcpt_tos[0])
        if self.vanished < self.options.vanish:
            self.vanished += 1
            server.transport.abort()
        return "250 taken"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--cert", help="certificate: STARTTLS is offered and demanded")
    parser.add_argument("--key")
    parser.add_argument("--smtps", action="store_true", help="TLS from the first byte")
    parser.add_argument("--auth", help="USER:PASSWORD, demanded")
    parser.add_argument("--greylist", action="store_true", help="451 for each recipient's first time")
    parser.add_argument("--reject", action="append", default=[], help="550 for this recipient")
    parser.add_argument("--policy", action="append", default=[], help="550 5.7.1 for this recipient")
    parser.add_argument("--refuse-sender", action="store_true")
    parser.add_argument("--drop-data", type=int, default=0, help="drop the connection inside the first N messages")
    parser.add_argument("--vanish", type=int, default=0, help="take the first N messages and drop the connection unanswered")
    parser.add_argument("--slow", type=float, default=0.0, help="seconds before the answer to the final dot")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()  # clients that go away in the middle are what the tests are about

    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)

    def authenticate(server, session, envelope, mechanism, data):
        user, password = options.auth.split(":", 1)
        right = data.login.decode() == user and data.password.decode() == password
        return AuthResult(success=right, handled=False)  # not handled: the server answers 535

    handler = Handler(options)

    def make():
        return Server(
            handler,
            options,
            hostname="localhost",
            tls_context=None if options.smtps else context,
            require_starttls=bool(context) and not options.smtps,
            authenticator=authenticate if options.auth else None,
            auth_required=bool(options.auth),
            auth_require_tls=bool(context) and not options.smtps,
        )

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if options.smtps else None)
        print(server.sockets[0].getsockname()[1], flush=True)
        # the end of standard input is the end of the test, however it ended
        await loop.run_in_executor(None, sys.stdin.read)
        os._exit(0)

    asyncio.run(serve())


main()
