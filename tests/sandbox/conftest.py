"""A running sandbox and a plain HTTP client that shares nothing with imgcell."""

import http.client
import io
import json
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw

from imgcell.sandbox import serve


@pytest.fixture(scope="session")
def running():
    with serve() as server:
        yield server


@pytest.fixture
def server(running):
    running.clear()
    yield running
    running.clear()


@pytest.fixture
def ask(server):
    """``ask(profile, path, json=…)`` or ``ask(profile, path, fields=…, files=…)`` posts; returns status, headers, body, json."""

    def post(profile, path, *, json=None, fields=None, files=None, key="sk-any", headers=None, raw=None, kind=None):
        sent = {} if key is None else {"Authorization": f"Bearer {key}"}
        if raw is not None:
            body, sent["Content-Type"] = raw, kind
        elif json is not None:
            body, sent["Content-Type"] = _json(json), "application/json"
        else:
            body, sent["Content-Type"] = _form(fields or [], files or [])
        sent.update(headers or {})
        prefix = f"/{profile}" if profile else ""
        return _exchange(server, "POST", f"{prefix}/v1/images/{path}", body, sent)

    return post


@pytest.fixture
def get(server):
    """``get(address)`` fetches one of the sandbox's own addresses."""
    return lambda address: _exchange(server, "GET", address.removeprefix(server.origin), None, {})


@pytest.fixture
def png():
    """``png(width, height, colour)`` returns the bytes of a plain PNG."""

    def make(width=64, height=48, colour="tomato", mode="RGB", form="PNG"):
        out = io.BytesIO()
        Image.new(mode, (width, height), colour).save(out, form)
        return out.getvalue()

    return make


@pytest.fixture
def hole():
    """``hole(width, height, box)`` returns a mask that is opaque but for *box*."""

    def make(width, height, box):
        mask = Image.new("RGBA", (width, height), (0, 0, 0, 255))
        ImageDraw.Draw(mask).rectangle(box, fill=(0, 0, 0, 0))
        out = io.BytesIO()
        mask.save(out, "PNG")
        return out.getvalue()

    return make


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def _form(fields, files):
    lines = []
    for name, text in fields:
        lines.append(f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode())
    for name, filename, kind, data in files:
        head = f'--X\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n'
        lines.append(head.encode() + data + b"\r\n")
    return b"".join(lines) + b"--X--\r\n", "multipart/form-data; boundary=X"


def _exchange(server, method, path, body, headers):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        data = reply.read()
    finally:
        connection.close()
    heads = {name.lower(): value for name, value in reply.getheaders()}
    try:
        parsed = json.loads(data)
    except ValueError:
        parsed = None
    return SimpleNamespace(status=reply.status, headers=heads, body=data, json=parsed)
