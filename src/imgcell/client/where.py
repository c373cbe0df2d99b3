"""Which provider, which address, which key: what the user said, then the environment, then the profile."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from imgcell import providers
from imgcell.errors import ConfigurationError, MissingKeyError
from imgcell.language import tr
from imgcell.options import options
from imgcell.transport.addresses import is_local_host

if TYPE_CHECKING:
    from imgcell.providers.profile import Provider

__all__ = ["checked_url", "default_provider", "find_url", "lasting", "no_key"]

#: What documents print behind the base URL, and people copy.
_ENDPOINT = re.compile(r"/(?:images/(?:generations|edits|variations)|chat/completions)$")


def default_provider() -> str:
    """Return ``$IMGCELL_PROVIDER``, else the first provider whose key is in the environment, else ``"sandbox"``."""
    named = os.environ.get("IMGCELL_PROVIDER", "").strip()
    if named:
        return named
    for name in providers.names():
        provider = providers.get(name)
        if any(_set(variable) for variable in provider.key_variables) and _has_address(provider):
            return name
    return "sandbox"


def find_url(provider: Provider) -> str:
    """Return the address of *provider*: from the environment, from its profile, or of the server it starts.

    Raises:
        ConfigurationError: There is none, or it cannot be used.
    """
    for variable in provider.url_variables:
        if _set(variable):
            return checked_url(os.environ[variable], f"${variable}")
    if provider.base_url:
        return checked_url(provider.base_url, provider.source)
    if provider.server is not None:
        module, _, function = provider.server.partition(":")
        return str(getattr(importlib.import_module(module), function)())
    raise ConfigurationError(
        tr("{provider} has no address of its own.", provider=provider.name),
        hint=tr('Give base_url="https://…/v1".'),
        provider=provider.name,
    )


def lasting(url: str) -> str:
    """Return *url* as it will be after a restart too: the sandbox of this process listens on another port every time."""
    box = sys.modules.get("imgcell.sandbox.local")  # where it was never imported, nothing of it listens
    address = box.address() if box is not None else None
    if address is not None and (url == address or url.startswith(address + "/")):
        return "sandbox:" + url[len(address) :]
    return url


def checked_url(url: str, source: str) -> str:
    """Return *url* without a slash at its end, and without the endpoint's own path if that was copied along.

    Raises:
        ConfigurationError: It is no http(s) address, carries a password or a query, or is plain http to another machine.
    """
    url = url.strip()
    parts = _split(url)
    if parts is None:
        raise ConfigurationError(
            tr("The address from {source} cannot be used: {url}", source=source, url=_without_password(url)[:200]),
            hint=tr('It should look like "https://…/v1".'),
        )
    if parts.scheme == "http" and not is_local_host(parts.hostname or "") and not options.allow_http:
        raise ConfigurationError(
            tr("{url} is plain http: your key and pictures could be read on the way.", url=url[:200]),
            hint=tr("Use https, or set imgcell.options.allow_http = True if you trust the network."),
        )
    return _ENDPOINT.sub("", url.rstrip("/"))


def no_key(provider: Provider, base_url: Callable[[], str]) -> None:
    """Return if *provider* at *base_url* can do without a key.

    Raises:
        MissingKeyError: It cannot; the error names every way there is to go on.
    """
    if not provider.key_variables:
        return
    # Servers on one's own machine mostly have no keys.
    if provider.name == "openai-compatible" and is_local_host(urlsplit(base_url()).hostname or ""):
        return
    raise _missing_key(provider)


def _missing_key(provider: Provider) -> MissingKeyError:
    variable = provider.key_variables[0]
    return MissingKeyError(
        tr("No API key for {provider}: {variable} is not set.", provider=provider.name, variable=" / ".join(provider.key_variables)),
        hint=tr(
            "Set it before Jupyter starts (export {variable}=…), store it with `keyring set imgcell {provider}`, "
            'or give Client(api_key=…). To try everything without a key, use the provider "sandbox" (%imgcell use sandbox).',
            variable=variable,
            provider=provider.name,
        ),
        provider=provider.name,
    )


def _set(variable: str) -> bool:
    return bool(os.environ.get(variable, "").strip())


def _has_address(provider: Provider) -> bool:
    if provider.base_url and "OPENAI_API_KEY" in provider.key_variables:
        # OPENAI_BASE_URL says that the key belongs to another server than OpenAI's.
        return not _set("OPENAI_BASE_URL")
    return bool(provider.base_url) or any(_set(variable) for variable in provider.url_variables)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and parts.port != 0
        usable = usable and not parts.query and not parts.fragment
    except ValueError:
        return None
    return parts if usable and url.isprintable() and " " not in url else None


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else url.rpartition("@")[2]
