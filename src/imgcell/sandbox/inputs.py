"""Where the sandbox takes input pictures from: data URLs, its own result files, and addresses it was told to know."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from imgcell.sandbox.orders import Order, Refusal

if TYPE_CHECKING:
    from imgcell.sandbox.server import Server

__all__ = ["Inputs"]

#: The addresses in the documents' own examples; a painting stands behind each, so that the examples work as printed.
_EXAMPLES = (
    "https://example.com/base-image.png",
    "https://example.com/source-image.png",
    "https://imageproxy.zhongzhuan.chat/api/proxy/image/c42f4361295d6d70e3228498855c5814.png",
    "https://imageproxy.zhongzhuan.chat/api/proxy/image/5b718c199e90b1fbbe06e7db9d88ebab.jpg",
)


class Inputs:
    """Finds the bytes behind an address without ever leaving this machine."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def fetch(self, address: str, where: str) -> bytes:
        """Return the bytes behind *address*, which stood at *where* in the request.

        Raises:
            Refusal: if it is no address the sandbox can reach, or nothing lies behind it.
        """
        if address.startswith("data:"):
            return self._from_data_url(address, where)
        if address in self._server.pretended:
            return self._server.pretended[address]
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https"):
            raise Refusal(
                f"Invalid '{where}': expected a valid URL, but got a value with an invalid format.", param=where, code="invalid_value"
            )
        own = parts.hostname in (self._server.host, "localhost") and parts.port == self._server.port
        if own and parts.path.startswith("/files/"):
            served = self._server.files.get(parts.path.removeprefix("/files/"))
            if served is not None and served.behaviour not in ("dead-url", "expired-url"):
                return served.data
        if address in _EXAMPLES:
            from imgcell.sandbox.painter import paint

            name = "lighthouse by the sea" if "base-image" in address else f"sample {_EXAMPLES.index(address)}"
            order = Order("generate", "example", name, width=768, height=768, picture_format="jpeg" if address.endswith(".jpg") else "png")
            return paint(order).data
        raise Refusal(f"Error while downloading {address}. Upstream status code: 404.", param=where, code="invalid_image_url")

    def _from_data_url(self, address: str, where: str) -> bytes:
        head, comma, text = address.partition(",")
        try:
            if not comma:
                raise ValueError(head)
            if head.endswith(";base64"):
                return base64.b64decode(text, validate=True)
            return unquote_to_bytes(text)
        except (ValueError, binascii.Error):
            raise Refusal(f"Invalid '{where}': expected a base64-encoded data URL.", param=where, code="invalid_base64") from None
