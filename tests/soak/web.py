"""HTTP/1.1 on asyncio, by hand: so that it can be sent wrong, late, in part, or not at all."""
import asyncio

from wamp import dial


class Gone(Exception):
    """The connection ended before a whole answer."""


async def read_answer(reader):
    """(status, headers, body) of the next answer."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
                body += (await reader.readexactly(size + 2))[:-2]
                if size == 0:
                    return status, headers, body
        size = int(headers.get("content-length", 0))
        return status, headers, await reader.readexactly(size)
    except (asyncio.IncompleteReadError, OSError) as gone:
        raise Gone(f"{type(gone).__name__}: {gone}") from gone


def request_bytes(method, path, body=b"", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers)]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Client:
    """A keep-alive connection that is dialled again when the other side has closed it."""

    def __init__(self, address, tls=None, headers=()):
        self.address, self.tls, self.headers = address, tls, list(headers)
        self.reader = self.writer = None

    async def ask(self, method, path, body=b"", headers=()):
        if self.writer is None or self.writer.transport.is_closing() or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await dial(*self.address, tls=self.tls)
        self.writer.write(request_bytes(method, path, body, self.headers + list(headers)))
        status, found, text = await read_answer(self.reader)
        if found.get("connection") == "close":
            self.close()
        return status, found, text

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.writer = self.reader = None
