"""Reads a multipart/form-data body strictly and keeps the order of its parts, which edits depend on."""

from __future__ import annotations

import re
from urllib.parse import unquote

from imgcell.sandbox.orders import File, Refusal

__all__ = ["read_form"]


def read_form(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], list[File]]:
    """Return the text fields and the files of *body*, each in the order of the wire.

    Raises:
        Refusal: if the body is not well-formed multipart/form-data (RFC 7578).
    """
    boundary = _parameters(content_type)[1].get("boundary", "").encode("latin-1", "replace")
    if not boundary:
        raise _malformed("no boundary in Content-Type")
    marker = b"--" + boundary
    end = body.rfind(b"\r\n" + marker + b"--")
    if end < 0 or not body.startswith(marker + b"\r\n"):
        raise _malformed("the body does not begin and end with the boundary")
    fields: list[tuple[str, str]] = []
    files: list[File] = []
    position = len(marker) + 2
    while position < end:
        stop = body.find(b"\r\n" + marker, position, end + 2 + len(marker))
        head_end = body.find(b"\r\n\r\n", position, stop)
        if stop < 0 or head_end < 0:
            raise _malformed("a part has no end or no head")
        lines = body[position:head_end].decode("utf-8", "replace").split("\r\n")
        headers = {name.strip().lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        data = body[head_end + 4 : stop]
        position = stop + len(marker) + 4
        kind, names = _parameters(headers.get("content-disposition", ""))
        if kind != "form-data" or "name" not in names:
            raise _malformed("a part is not named form-data")
        if "filename" in names:
            files.append(File(names["name"], names["filename"], headers.get("content-type", "application/octet-stream"), data))
        else:
            try:
                fields.append((names["name"], data.decode("utf-8")))
            except UnicodeDecodeError:
                raise _malformed(f"field {names['name']!r} is not UTF-8") from None
    return fields, files


def _parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return a header's value and its parameters; ``filename*`` (RFC 5987) wins over ``filename``, browsers' ``%22`` is a quote."""
    kind, _, rest = value.partition(";")
    found: dict[str, str] = {}
    for name, quoted, plain in re.findall(r'\s*([\w*-]+)=(?:"((?:\\.|[^"\\])*)"|([^;]*))\s*(?:;|$)', rest):
        text = re.sub(r'\\(["\\])', r"\1", quoted).replace("%22", '"') if quoted else plain.strip()
        if name.lower() == "filename*":
            found["filename"] = unquote(text.rpartition("''")[2])
        else:
            found.setdefault(name.lower(), text)
    return kind.strip().lower(), found


def _malformed(why: str) -> Refusal:
    return Refusal(f"Could not parse multipart form: {why}.", code="invalid_multipart")
