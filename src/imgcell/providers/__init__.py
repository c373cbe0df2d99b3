"""What each provider is, as data: one TOML file each, and what reads them.

::

    from imgcell import providers
    providers.names()                  # every name that can be used
    providers.get("apiyi")             # a profile.Provider
    providers.check(job, images, mask, model)
"""

from __future__ import annotations

from imgcell.providers.catalogue import get, names, reload
from imgcell.providers.checking import check

__all__ = ["check", "get", "names", "reload"]
