"""Keeps what an edit was made from, beside what came of it: on a thread of its own, in nobody's way."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgcell.client.part import Prepared
    from imgcell.store import Library

__all__ = ["keep_inputs", "settle"]

#: Seconds that whoever asks for a lineage waits for inputs that are still being written.
_PATIENCE = 10.0

#: By process id: a forked child has none of its parent's threads, and none of its work ends there.
_workers: dict[int, tuple[concurrent.futures.ThreadPoolExecutor, set[concurrent.futures.Future[None]]]] = {}


def keep_inputs(library: Library, prepared: Prepared) -> None:
    """Have the pictures and the mask of a request that was sent put into *library*; returns at once, never raises."""
    if not prepared.images:
        return
    if all(image.path is not None and library.home in image.path.parents for image in prepared.images) and prepared.mask is None:
        return  # edits of edits: they are there already
    try:
        if os.getpid() not in _workers:
            _workers[os.getpid()] = (concurrent.futures.ThreadPoolExecutor(1, "imgcell-inputs"), set())
        worker, under_way = _workers[os.getpid()]
        future = worker.submit(_keep, library, prepared)
    except RuntimeError:
        # The main thread has ended: there are no threads to be had any more.
        _keep(library, prepared)
        return
    under_way.add(future)
    future.add_done_callback(under_way.discard)


def settle() -> None:
    """Wait until what was handed in is in the library, or 10 seconds."""
    if os.getpid() in _workers:
        concurrent.futures.wait(list(_workers[os.getpid()][1]), timeout=_PATIENCE)


def _keep(library: Library, prepared: Prepared) -> None:
    for image in (*prepared.images, prepared.mask):
        if image is not None and image.url is not None:
            # The provider fetched it; what is kept is the address, whose digest is the one in the record.
            text = image.url.encode()
            library.keep_input(dataclasses.replace(image, url=None, data=text, size=len(text)))
        elif image is not None:
            library.keep_input(image)
