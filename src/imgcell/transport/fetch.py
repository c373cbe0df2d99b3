"""Fetching a picture from its address: the one GET there is.

It is paid for when its address is known, so fetching is tried again where asking again for a new one is not.  The
request goes out on a connection of its own, without the API's headers, to an address that was checked after
resolving (RELIABILITY.md section 3).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from imgcell.errors import DownloadError
from imgcell.language import tr
from imgcell.options import options
from imgcell.transport.addresses import AddressRefusedError, is_local_host, resolve
from imgcell.transport.http import CONNECTION_ERRORS, AddressError, Answer, Delivery, Pool
from imgcell.wire.flow import Extract
from imgcell.wire.texts import display_text

__all__ = ["Downloads"]

_LONGEST_URL = 8192
_REDIRECTS = 3
_TRIES = 3
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
#: Bytes of one picture at most; 64 megapixels of incompressible RGBA PNG fit.
MAX_BYTES = 320_000_000


class _Failed(Exception):
    """This try failed; another may not."""


class Downloads:
    """Fetches result pictures for one client.

    Args:
        api_url: The provider's base URL: its host may be private, then so may addresses on the same host; empty for
            addresses that the user typed, which may be anywhere but a metadata service.
        connect_timeout: Seconds to connect.
        pauses: Seconds before the second and the third try.
    """

    def __init__(self, api_url: str, connect_timeout: float, *, pauses: tuple[float, float] = (0.5, 2.0)) -> None:
        self._api = urlsplit(api_url)
        self._pauses = pauses
        self._direct = Pool(connect_timeout, resolver=self._resolve, keep_alive=0.0, proxies=False)
        # Through a proxy the proxy resolves names, so that only schemes and literal addresses can be checked here.
        self._proxied = Pool(connect_timeout, keep_alive=0.0)

    async def fetch(self, url: str, receive: Callable[[], Extract]) -> Extract:
        """Return the body at *url*, written into an extract that *receive* makes.

        Raises:
            DownloadError: After three tries, or at once if the address must not be fetched from.
        """
        reason = ""
        for turn in range(_TRIES):
            if turn:
                await asyncio.sleep(self._pauses[turn - 1])
            try:
                return await self._follow(url, receive)
            except AddressRefusedError as error:
                raise self._error(url, str(error)) from None
            except AddressError:
                raise self._error(url, tr("It is not a valid address.")) from None
            except _Failed as error:
                reason = str(error)
            except CONNECTION_ERRORS as error:
                refused = _cause(error, AddressRefusedError)
                if refused is not None:
                    raise self._error(url, str(refused)) from None
                reason = str(error) or type(error).__name__
        raise self._error(url, reason)

    async def close(self) -> None:
        """Close all connections."""
        await self._direct.close()
        await self._proxied.close()

    def _error(self, url: str, reason: str) -> DownloadError:
        # Not taken apart by urlsplit: what is told of here may be no address at all.
        host = display_text(re.sub(r"^[a-z]+://(?:[^/@]*@)?([^/?#]*).*", r"\1", url[:_LONGEST_URL], flags=re.DOTALL), 100)
        error = DownloadError(
            tr("The picture could not be fetched from {host}: {reason}", host=host or "?", reason=reason[:300]),
            hint=tr("It is made and its address is kept; fetching it again costs nothing.") if self._api.netloc else None,
        )
        error.url = url[:_LONGEST_URL]
        return error

    async def _follow(self, url: str, receive: Callable[[], Extract]) -> Extract:
        for _ in range(_REDIRECTS + 1):
            self._check(url)
            pool = self._proxied if self._proxied.proxied(url) else self._direct
            answer = await pool.send("GET", url, {"Accept": "image/*,*/*;q=0.5"}, None, Delivery())
            try:
                if answer.status not in _REDIRECT_STATUS:
                    return await _body(answer, receive)
                target = next((value for name, value in answer.headers if name == "location"), "")
            finally:
                await answer.close()
            following = urljoin(url, target)
            if url.startswith("https:") and not following.startswith("https:"):
                raise AddressRefusedError(tr("It leads from https to an address that is not."))
            url = following
        raise AddressRefusedError(tr("It leads on more than {count} times.", count=_REDIRECTS))

    def _check(self, url: str) -> None:
        if len(url) > _LONGEST_URL or re.search(r"[\x00-\x20\x7f]", url):
            raise AddressRefusedError(tr("It is not a valid address."))
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise AddressRefusedError(tr("It is not a valid address.")) from None
        if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.password is not None or port == 0:
            raise AddressRefusedError(tr("It is not a plain http(s) address."))
        elsewhere = bool(self._api.netloc) and self._api.scheme != "http" and not self._same_host(host)
        if parts.scheme == "http" and elsewhere and not options.allow_http:
            raise AddressRefusedError(tr("It is plain http. If you trust it, set imgcell.options.allow_http = True."))

    def _same_host(self, host: str) -> bool:
        return host.lower() == (self._api.hostname or "").lower()

    async def _resolve(self, host: str, port: int) -> list[str]:
        # The API's own host may be on this machine or network, and then so may its files.  "localhost" and
        # 127.0.0.1 are the same host by two names.
        own = self._same_host(host) or (is_local_host(host) and is_local_host(self._api.hostname or ""))
        return await resolve(host, port, private=own or not self._api.netloc)


async def _body(answer: Answer, receive: Callable[[], Extract]) -> Extract:
    if answer.status != 200:
        raise _Failed(tr("the server answered {status}.", status=answer.status))
    headers = dict(answer.headers)
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise _Failed(tr("it came compressed, which was not asked for."))
    extract: Extract | None = None
    head = b""
    async for piece in answer.body:
        if extract is None:
            head += piece
            if len(head) < 16:
                continue
            _sniff(head, headers.get("content-type", ""))
            extract, piece = receive(), head  # noqa: PLW2901 - the first pieces go in as one
        extract.write(piece)
        if extract.size > MAX_BYTES:
            raise _Failed(tr("it is larger than {limit} MB.", limit=MAX_BYTES // 1_000_000))
    if extract is None:
        raise _Failed(tr("the answer is empty.") if not head else tr("it is not a PNG, JPEG or WebP picture."))
    return extract


def _sniff(head: bytes, media_type: str) -> None:
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return
    kind = "HTML" if head.lstrip()[:1] == b"<" else media_type.partition(";")[0][:40] or "?"
    raise _Failed(tr("what came is not a PNG, JPEG or WebP picture ({kind}).", kind=kind))


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
