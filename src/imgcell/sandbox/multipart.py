"""Reads a multipart/form-data body strictly and keeps the order of its parts, which edits depend on."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, _parse_header

from imgcell.sandbox.orders import File, Refusal

__all__ = ["read_form"]


def read_form(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], list[File]]:
    """Return the text fields and the files of *body*, each in the order of the wire.

    Raises:
        Refusal: if the body is not well-formed multipart/form-data (RFC 7578).
    """
    _, parameters = _parse_header(content_type)
    boundary = parameters.get("boundary", "").encode("latin-1", "replace")
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
        headers = HTTPHeaders.parse(body[position:head_end].decode("utf-8", "replace"))
        data = body[head_end + 4 : stop]
        position = stop + len(marker) + 4
        kind, names = _parse_header(headers.get("Content-Disposition", ""))
        if kind != "form-data" or "name" not in names:
            raise _malformed("a part is not named form-data")
        if "filename" in names or "filename*" in names:
            files.append(File(names["name"], names.get("filename", ""), headers.get("Content-Type", "application/octet-stream"), data))
        else:
            try:
                fields.append((names["name"], data.decode("utf-8")))
            except UnicodeDecodeError:
                raise _malformed(f"field {names['name']!r} is not UTF-8") from None
    return fields, files


def _malformed(why: str) -> Refusal:
    return Refusal(f"Could not parse multipart form: {why}.", code="invalid_multipart")
