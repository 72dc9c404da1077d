"""Reads a message as a mail program would and prints what it found as JSON: headers (decoded), both parts, defects."""
import email
import email.policy
import json
import sys

raw = open(sys.argv[1], "rb").read()
message = email.message_from_bytes(raw, policy=email.policy.default)
parts = [p for p in message.walk() if not p.is_multipart()]
lines = raw.split(b"\r\n")
json.dump(
    {
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "count": len(message.keys()),
        "type": message.get_content_type(),
        "parts": [
            {"type": p.get_content_type(), "charset": p.get_content_charset(), "text": p.get_content().replace("\r\n", "\n")}
            for p in parts
        ],
        "defects": [repr(d) for p in message.walk() for d in p.defects]
        + [f"{name}: {d!r}" for name, value in message.items() for d in getattr(value, "defects", ())],
        "longest_line": max(len(line) for line in lines),
        "bare_newlines": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
        "ascii": raw.isascii(),
    },
    sys.stdout,
)
