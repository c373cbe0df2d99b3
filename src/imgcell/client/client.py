"""The client: ``stream`` and ``submit`` are its core, the others are faces of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from imgcell import providers
from imgcell.client.connecting import connect, disconnect
from imgcell.client.fields import job_of
from imgcell.client.identity import job_digest
from imgcell.client.mending import mended_again
from imgcell.client.part import Part
from imgcell.client.plan import Plan, make_plan
from imgcell.client.prepare import prepare
from imgcell.client.replaying import Ready, recall
from imgcell.client.run import Run
from imgcell.client.shelf import folder, shelf
from imgcell.client.steps import Steps, callbacks
from imgcell.client.waiting import block, wait
from imgcell.client.where import checked_url, default_provider, find_url, lasting, no_key
from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Encoding, Generate, Job
from imgcell.language import tr
from imgcell.origin import origin
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.steps import Final, Partial, Step
from imgcell.portal import Portal, portal
from imgcell.transport.keys import Key, find_key
from imgcell.transport.sharing import gate_for

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from imgcell.client.fields import EditFields, GenerateFields
    from imgcell.providers.prices import Cost
    from imgcell.providers.profile import Provider
    from imgcell.store import Library
    from imgcell.transport.exchange import Endpoint

__all__ = ["Client"]

_TIMEOUT = 600.0


class Client:
    """Speaks to one provider.

    Args:
        provider: Name of a profile; ``None`` is ``$IMGCELL_PROVIDER``, else the provider whose key is set, else the
            sandbox.  With *base_url* and no name: ``"openai-compatible"``.
        api_key: The key; ``None`` looks in the profile's environment variables, Colab's secrets and the keyring.
        base_url: Overrides the profile's address, up to and with ``/v1``.
        timeout: Seconds in all that one request may take, from connecting to the last byte.
        connect_timeout: Seconds to connect.
        max_in_flight: Requests of this client at a time.  All clients of one provider and key wait for their turn at one gate.
        library: Folder of ledger and pictures; ``None`` is ``$IMGCELL_HOME`` or the user's data folder, ``False``
            keeps everything in memory: then a crash can lose what was paid for.

    Raises:
        InvalidJobError: For a provider that does not exist (naming near ones).
        ConfigurationError: For an address that cannot be used, or a broken ``providers.toml``.

    A client may be used from any thread and any number of event loops; ``with`` and ``async with`` close it.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = _TIMEOUT,
        connect_timeout: float = 10.0,
        max_in_flight: int = 4,
        library: str | os.PathLike[str] | bool | None = None,
    ) -> None:
        limits: dict[str, object] = {"timeout": timeout, "connect_timeout": connect_timeout, "max_in_flight": max_in_flight}
        for name, value in limits.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise InvalidJobError(tr("{name} must be a number above 0, not {value}.", name=name, value=repr(value)))
        if provider is None:
            provider = "openai-compatible" if base_url is not None else default_provider()
        self.provider: Provider = providers.get(provider)
        self._api_key = Key(api_key, "api_key=") if api_key else None
        self._given_url = self._base_url = checked_url(base_url, "base_url=") if base_url is not None else None
        self._timeout = float(timeout)
        self._connect_timeout = float(connect_timeout)
        self._max_in_flight = max(1, int(max_in_flight))
        self._home = folder(library)
        self._endpoint: tuple[Portal, Endpoint] | None = None
        self._closed = False
        self._running: set[Run] = set()

    # -- blocking ---------------------------------------------------------------------------------------------

    def generate(
        self,
        prompt: str,
        *,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        quality: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        output_compression: int | None = None,
        moderation: str | None = None,
        style: str | None = None,
        response_format: str | None = None,
        user: str | None = None,
        partial_images: int | None = None,
        extra: Mapping[str, Any] | None = None,
        on_partial: Callable[[Partial], object] | None = None,
        on_done: Callable[[Final], object] | None = None,
        once: bool = False,
    ) -> Sheet:
        """Make pictures from words and wait for them.

        Args:
            prompt: What to draw; any script.
            model: Any name; ``None`` is the provider's default.
            n: How many pictures, 1 to 10; more than one request makes is asked for in parallel.
            size: ``"WIDTHxHEIGHT"`` in pixels, ``"auto"``, or whatever the provider takes.
            quality: For example ``"low"``, ``"medium"``, ``"high"``, ``"hd"``.
            background: ``"transparent"``, ``"opaque"`` or ``"auto"``.
            output_format: ``"png"``, ``"jpeg"`` or ``"webp"``.
            output_compression: 0 to 100, for JPEG and WebP.
            moderation: ``"low"`` or ``"auto"``.
            style: ``"vivid"`` or ``"natural"``.
            response_format: ``"url"`` or ``"b64_json"``; ``None`` leaves it to the profile.
            user: An end-user id that is passed on.
            partial_images: 0 to 3 partial pictures while streaming; ``None`` does not stream.
            extra: Fields sent as they are, whatever the profile knows of them.
            on_partial: Called with each partial picture as it comes.
            on_done: Called with each finished picture as it comes.  Callbacks run on imgcell's own thread and may use
                the blocking API themselves.
            once: Take what the library has for the same job and the same inputs, whoever made it when, and send only
                what is missing; nothing is paid for twice.

        Returns:
            The pictures, in order.  If some failed, the rest is returned and what failed is in ``sheet.errors``.

        Raises:
            ImgcellError: If not a single picture came.
        """
        job = Generate(
            prompt, model=model, n=n, size=size, quality=quality, background=background, output_format=output_format,
            output_compression=output_compression, moderation=moderation, style=style, response_format=response_format, user=user,
            partial_images=partial_images, extra=extra or {},
        )  # fmt: skip
        return self._blocking(job, callbacks(on_partial, on_done), once)

    def edit(
        self,
        prompt: str,
        images: Any = (),
        *,
        mask: Any = None,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        quality: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        output_compression: int | None = None,
        moderation: str | None = None,
        style: str | None = None,
        response_format: str | None = None,
        user: str | None = None,
        partial_images: int | None = None,
        input_fidelity: str | None = None,
        encoding: Encoding | None = None,
        keep: int | bool | None = None,
        extra: Mapping[str, Any] | None = None,
        on_partial: Callable[[Partial], object] | None = None,
        on_done: Callable[[Final], object] | None = None,
        once: bool = False,
    ) -> Sheet:
        """Change pictures by words and wait for the results.

        Args:
            prompt: What to change; any script.
            images: A picture or several, in the order in which the prompt names them: a Picture, a PIL image of any
                mode, bytes, a path, an http(s) URL, a numpy array (height × width × 1, 3 or 4), a Sheet.
            mask: Where to edit: an :class:`imgcell.Mask`, or white (255, True) in modes L and 1 and in arrays; transparent
                where there is alpha.  Text is a path; a saved mask is ``imgcell.library().masks["name"]``.
            model: Any name; ``None`` is the provider's default.
            n: How many pictures, 1 to 10; more than one request makes is asked for in parallel.
            size: ``"WIDTHxHEIGHT"`` in pixels, ``"auto"``, or whatever the provider takes.
            quality: For example ``"low"``, ``"medium"``, ``"high"``, ``"hd"``.
            background: ``"transparent"``, ``"opaque"`` or ``"auto"``.
            output_format: ``"png"``, ``"jpeg"`` or ``"webp"``.
            output_compression: 0 to 100, for JPEG and WebP.
            moderation: ``"low"`` or ``"auto"``.
            style: ``"vivid"`` or ``"natural"``.
            response_format: ``"url"`` or ``"b64_json"``; ``None`` leaves it to the profile.
            user: An end-user id that is passed on.
            partial_images: 0 to 3 partial pictures while streaming; ``None`` does not stream.
            input_fidelity: ``"high"`` or ``"low"``.
            encoding: ``"multipart"`` or ``"json"``; ``None`` is the profile's.
            keep: Put the first picture's own pixels back outside of the mask, mixed with the edit over so many pixels beside it
                (``True``: 8).  What the provider sent stays in the library, as the parent of what is returned.
            extra: Fields sent as they are, whatever the profile knows of them.
            on_partial: As for :meth:`generate`.
            on_done: As for :meth:`generate`.
            once: As for :meth:`generate`.

        Returns:
            As for :meth:`generate`.

        Raises:
            ImgcellError: If not a single picture came.
        """
        job = Edit(
            prompt, images=images, mask=mask, model=model, n=n, size=size, quality=quality, background=background,
            output_format=output_format, output_compression=output_compression, moderation=moderation, style=style,
            response_format=response_format, user=user, partial_images=partial_images, input_fidelity=input_fidelity,
            encoding=encoding, keep=keep, extra=extra or {},
        )  # fmt: skip
        return self._blocking(job, callbacks(on_partial, on_done), once)

    # -- awaited ----------------------------------------------------------------------------------------------

    async def agenerate(self, prompt: str, **fields: Unpack[GenerateFields]) -> Sheet:
        """As :meth:`generate`, awaited; cancelling stops what has not been sent."""
        on_step, once = callbacks(fields.pop("on_partial", None), fields.pop("on_done", None)), fields.pop("once", False)
        return await self._awaited(job_of(Generate, prompt, {**fields}), on_step, once)

    async def aedit(self, prompt: str, images: Any = (), **fields: Unpack[EditFields]) -> Sheet:
        """As :meth:`edit`, awaited; cancelling stops what has not been sent."""
        on_step, once = callbacks(fields.pop("on_partial", None), fields.pop("on_done", None)), fields.pop("once", False)
        return await self._awaited(job_of(Edit, prompt, {"images": images, **fields}), on_step, once)

    # -- the core ---------------------------------------------------------------------------------------------

    def stream(self, job: Job, *, once: bool = False) -> Steps:
        """Return the steps of *job* (Progress, Partial, Final), for ``async for`` or ``for``; *once* as for :meth:`generate`.

        Raises:
            ImgcellError: At the end of the iteration, if not a single picture came.
        """
        return Steps(lambda on_step: self.submit(job, on_step=on_step, once=once))

    def submit(
        self,
        job: Job | Ready,
        *,
        on_step: Callable[[Step], object] | None = None,
        sheet: Sheet | None = None,
        position: int = 0,
        once: bool = False,
    ) -> Run:
        """Check *job*, start it and return at once.

        Args:
            job: What to make, or what :meth:`ready` made of it.
            on_step: Called with every Progress, Partial and Final, on imgcell's own thread.
            sheet: A sheet to add the pictures to; ``None`` makes one.
            position: Where in *sheet* the first picture goes.
            once: As for :meth:`generate`; the run's ``replayed`` says how many pictures the library had.

        Raises:
            InvalidJobError: The job cannot be sent as it is.  Nothing was sent.
            MissingKeyError: There is no key.  Nothing was sent.
            StorageError: With *once*, the library cannot be searched.  Nothing was sent.
        """
        return self._made(job, on_step, sheet, position, once).start()

    def plan(self, job: Job | Ready, *, once: bool = False) -> Plan:
        """Return what *job* would send and what that is estimated to cost; nothing is sent.  *once* as for :meth:`generate`.

        Raises:
            InvalidJobError: The job cannot be sent as it is.
        """
        return make_plan(self.ready(job, once=once), self.base_url)

    def estimate(self, job: Job | Ready, *, once: bool = False) -> Cost | None:
        """Return what *job* is estimated to cost in all, or ``None`` if no price is known; as :meth:`plan`, nothing is sent."""
        return self.plan(job, once=once).cost

    def ready(self, job: Job | Ready, *, once: bool = False) -> Ready:
        """Read the pictures of *job* and check it, so that it need not be done again; nothing is sent.

        Raises:
            InvalidJobError: The job cannot be sent as it is, or *once* is said without a library.
            StorageError: With *once*, the library cannot be searched.
        """
        if not isinstance(job, Ready):
            prepared = prepare(job, self.provider, self._connect_timeout)
            own = self.provider.server is not None and self._given_url is None
            job = Ready(prepared, job_digest(prepared, None if own else lasting(self.base_url)))
        return self.recall(job) if once else job

    def recall(self, ready: Ready, *, cell: str | None = None, but: str | None = None, nth: int = 0) -> Ready:
        """Return *ready* with what the library has of it (:func:`imgcell.client.replaying.look_up`).

        Raises:
            InvalidJobError: This client has no library.
            StorageError: The library cannot be searched.
        """
        return recall(self.library, ready, cell=cell, but=but, nth=nth)

    # -- when too much went wrong -----------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether nothing is sent: three requests in a row to this provider ended without an answer, perhaps charged."""
        # A client that never sent anything has nothing to answer for, and may have neither address nor key.
        return self._endpoint is not None and self._endpoint[1].gate.paused

    def resume(self) -> None:
        """Send again after a pause; what was not sent meanwhile is to be asked for again."""
        self._connected().gate.resume()

    # -- closing ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Take no more jobs and close the connections; those that still receive what is paid for close when they have it."""
        self._closed = True
        if not self._running:
            self._disconnect()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def __repr__(self) -> str:
        return f"Client({self.provider.name!r}, base_url={self._base_url or self.provider.base_url!r})"

    # -- where and with what ----------------------------------------------------------------------------------

    @property
    def library(self) -> Library | None:
        """Where its pictures are kept; ``None`` if they are in memory only."""
        return shelf(self._home)[1]

    @property
    def base_url(self) -> str:
        """The address in force, up to and with ``/v1``.

        Raises:
            ConfigurationError: There is none, or it cannot be used.
        """
        if self._base_url is None:
            self._base_url = find_url(self.provider)
        return self._base_url

    def key(self) -> Key | None:
        """Return the key in force, hidden in an object that does not show it; ``None`` if there is none."""
        return self._api_key or find_key(self.provider.key_variables, self.provider.name)

    def required_key(self) -> Key | None:
        """Return the key in force, ``None`` where none is needed.

        Raises:
            MissingKeyError: One is needed, and there is none.
        """
        key = self.key()
        if key is None:
            no_key(self.provider, lambda: self.base_url)
        return key

    def _connected(self) -> Endpoint:
        key = self.required_key()
        current = portal()
        if self._endpoint is None or self._endpoint[0] is not current:
            made = connect(
                self.provider.name, self.base_url, key, self._home,
                connect_timeout=self._connect_timeout, max_in_flight=self._max_in_flight, connected=current,
            )  # fmt: skip
            self._endpoint = (current, made)
        endpoint = self._endpoint[1]
        # The environment may have changed since, and another key has another gate.
        endpoint.key, endpoint.gate = key, gate_for(endpoint.base_url, key, self._home)
        endpoint.gate.allow(self.provider.images_per_minute)
        return endpoint

    def _made(
        self, job: Job | Ready, on_step: Callable[[Step], object] | None, sheet: Sheet | None = None, position: int = 0, once: bool = False
    ) -> Run:
        if self._closed:
            raise InvalidJobError(tr("This client is closed."), hint=tr("Make a new one: imgcell.Client(…)."))
        ready = self.ready(job, once=once)
        found = {slot: mended_again(picture, ready.prepared, self.library) for slot, picture in ready.found.items()}
        run = Run(
            portal(),
            self._parts(ready, position) if ready.missing else (),
            sheet if sheet is not None else Sheet(running=True, expected=ready.job.n),
            finish_sheet=sheet is None,
            on_step=on_step,
            found={position + slot: picture for slot, (picture, _) in found.items()},
        )
        run.warnings += [text for text in (ready.warning(), *(problem for _, problem in found.values())) if text]
        self._running.add(run)
        run.add_done_callback(lambda: self._over(run))
        return run

    def _parts(self, ready: Ready, position: int) -> list[Part]:
        prepared, endpoint, library = ready.prepared, self._connected(), self.library
        timeout = self._timeout
        if timeout == _TIMEOUT and prepared.model.timeout is not None:
            timeout = max(timeout, prepared.model.timeout)
        asked_from = origin()
        return [
            Part(prepared, piece, position + slot, endpoint, library, timeout, digest=ready.digest, slot=slot, origin=asked_from)
            for slot, piece in ready.pieces()
        ]

    def _over(self, run: Run) -> None:
        self._running.discard(run)
        if self._closed and not self._running:
            self._disconnect()

    def _disconnect(self) -> None:
        connected, self._endpoint = self._endpoint, None
        if connected is not None:
            disconnect(*connected)

    # -- faces ------------------------------------------------------------------------------------------------

    def _blocking(self, job: Job, on_step: Callable[[Step], object] | None, once: bool) -> Sheet:
        return block(self._made(job, on_step, once=once), self._where())

    async def _awaited(self, job: Job, on_step: Callable[[Step], object] | None, once: bool) -> Sheet:
        if isinstance(job, Edit) or self._endpoint is None or once:
            # Reading pictures blocks, and so may finding a key or searching the library; this loop may be the kernel's.
            run = await asyncio.to_thread(self.submit, job, on_step=on_step, once=once)
        else:
            run = self.submit(job, on_step=on_step)
        return await wait(run, self._where())

    def _where(self) -> str:
        return str(self._home or tr("memory"))
