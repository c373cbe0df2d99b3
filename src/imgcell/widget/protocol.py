"""What page and kernel say to each other (DESIGN.md section 6): the one source of both sides.

``python -m imgcell.widget.generate`` writes ``js/src/protocol.ts`` from this module, and
:mod:`imgcell.widget.checking` reads the same annotations to refuse whatever a page sends that is not said here.

Every key is always there; what is not known is ``None``.  A page asks ``{kind, call, …}`` and gets exactly one
``{kind: "<kind>-reply", call, ok}`` or ``{…, error: {message, hint, kind}}``; pixels travel as the message's one buffer, or,
where the host loses buffers, as base64 text in ``data``.
"""

from __future__ import annotations

from typing import Any

from imgcell.widget import messages as say
from imgcell.widget.facts import Busy, Card, Facts, ProviderFacts
from imgcell.widget.form import Draft, View
from imgcell.widget.limits import LIMITS, MASK, PIECE

__all__ = ["BUFFERS", "EVENTS", "LIMITS", "REPLIES", "REQUESTS", "TRAITS"]

#: Kind of request -> its fields (beside ``kind`` and ``call``).
REQUESTS: dict[str, Any] = {
    "ready": say.Ready,
    "fetch-image": say.FetchImage,
    "part": say.Part,
    "compare": say.CardKeys,
    "estimate": say.Estimate,
    "run": say.Run,
    "cancel": say.Cancel,
    "retry": say.Retry,
    "resume": say.Resume,
    "upload-start": say.UploadStart,
    "upload-piece": say.UploadPiece,
    "upload-end": say.Upload,
    "upload-cancel": say.Upload,
    "reference-from-card": say.ReferenceFromCard,
    "reference-from-variable": say.ReferenceFromVariable,
    "references": say.Nothing,
    "remove-reference": say.RemoveReference,
    "variables": say.Nothing,
    "mask": say.Mask,
    "mask-from-variable": say.MaskFromName,
    "save-mask": say.SaveMask,
    "load-mask": say.MaskFromName,
    "masks": say.Nothing,
    "star": say.Star,
    "note": say.Note,
    "tag": say.Tag,
    "delete": say.CardKeys,
    "restore": say.CardKeys,
    "history": say.History,
    "lineage": say.Lineage,
    "code": say.Code,
    "bind": say.Bind,
}

#: Kind of request -> what is in ``ok``.
REPLIES: dict[str, Any] = {
    "ready": say.ReadyOk,
    "fetch-image": say.FetchImageOk,
    "part": say.PartOk,
    "compare": say.CompareOk,
    "estimate": say.EstimateOk,
    "run": say.Cards,
    "cancel": say.CancelOk,
    "retry": say.Cards,
    "resume": say.Nothing,
    "upload-start": say.UploadStartOk,
    "upload-piece": say.UploadPieceOk,
    "upload-end": say.ReferenceOk,
    "upload-cancel": say.Nothing,
    "reference-from-card": say.ReferenceOk,
    "reference-from-variable": say.ReferenceOk,
    "references": say.References,
    "remove-reference": say.Nothing,
    "variables": say.Variables,
    "mask": say.MaskOk,
    "mask-from-variable": say.MaskOk,
    "save-mask": say.Saved,
    "load-mask": say.MaskOk,
    "masks": say.Masks,
    "star": say.Counted,
    "note": say.Counted,
    "tag": say.Counted,
    "delete": say.Counted,
    "restore": say.Counted,
    "history": say.HistoryOk,
    "lineage": say.LineageOk,
    "code": say.CodeOk,
    "bind": say.BindOk,
}

#: Requests with one buffer, and how large it may be.
BUFFERS: dict[str, int] = {"ready": 3, "upload-piece": PIECE, "mask": MASK}


#: Kind of message -> its fields.
EVENTS: dict[str, Any] = {"suggest": say.Suggest, "changed": say.Changed, "preview": say.Preview, "variables-changed": say.VariablesChanged}

#: Trait -> (who writes it, its type).
TRAITS: dict[str, tuple[str, Any]] = {
    "cards": ("kernel", list[Card]),
    "providers": ("kernel", list[ProviderFacts]),
    "busy": ("kernel", Busy),
    "facts": ("kernel", Facts),
    "draft": ("page", Draft),
    "view": ("page", View),
}
