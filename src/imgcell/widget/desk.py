"""What answers each kind of request of the page."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.comparison.document import document
from imgcell.comparison.lineup import lineup
from imgcell.costs import total
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.options import options
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.words import cost_text
from imgcell.static import asset, unbuilt
from imgcell.widget.channel import Answer, Handler
from imgcell.widget.drafts import DraftError
from imgcell.widget.limits import PIECE, VERSION
from imgcell.widget.names import check_name

if TYPE_CHECKING:
    from imgcell.widget.facts import MaskFacts, Reference
    from imgcell.widget.inside import Inside
    from imgcell.widget.messages import EstimateOk

__all__ = ["Desk"]

#: What the page sends to find out whether buffers come through, and gets back.
_PROBE = b"\x01\x02\x03"


class Desk:
    """The handlers of one Studio; each takes the checked fields of a request and returns what goes into ``ok``."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self.handlers: dict[str, Handler] = {
            "ready": Handler(self._ready, "here"),
            "fetch-image": Handler(self._fetch, "beside"),
            "part": Handler(self._part, "beside"),
            "compare": Handler(self._compare, "beside"),
            "estimate": Handler(self._estimate, "estimates"),
            "run": Handler(self._run, "in turn"),
            "retry": Handler(self._retry, "in turn"),
            "cancel": Handler(self._cancel, "urgent"),
            "resume": Handler(self._resume, "in turn"),
            "upload-start": Handler(self._upload_start, "uploads"),
            "upload-piece": Handler(self._upload_piece, "uploads"),
            "upload-end": Handler(self._upload_end, "uploads"),
            "upload-cancel": Handler(self._upload_cancel, "uploads"),
            "reference-from-card": Handler(self._from_card, "in turn"),
            "reference-from-variable": Handler(self._from_variable, "in turn"),
            "references": Handler(self._references, "beside"),
            "remove-reference": Handler(self._remove, "in turn"),
            "variables": Handler(self._variables, "beside"),
            "mask": Handler(self._mask, "in turn"),
            "mask-from-variable": Handler(self._mask_from_variable, "in turn"),
            "save-mask": Handler(self._save_mask, "in turn"),
            "load-mask": Handler(self._load_mask, "in turn"),
            "masks": Handler(self._masks, "beside"),
            "star": Handler(self._star, "in turn"),
            "note": Handler(self._note, "in turn"),
            "tag": Handler(self._tag, "in turn"),
            "delete": Handler(self._delete, "in turn"),
            "restore": Handler(self._restore, "in turn"),
            "history": Handler(self._history, "beside"),
            "lineage": Handler(self._lineage, "beside"),
            "code": Handler(self._code, "beside"),
            "bind": Handler(self._bind, "in turn"),
        }
        self._lock = threading.Lock()

    # -- the page ----------------------------------------------------------------------------------------------

    def _ready(self, ask: Mapping[str, Any], probe: bytes | None) -> Answer:
        inside = self._inside
        came = probe == _PROBE
        warning = None
        if ask["version"] != VERSION:
            warning = tr("This page was made by another version of imgcell than the kernel has. Run the cell again, and reload the page.")
        inside.page_came(base64=ask["base64"])
        suggestion = inside.suggestion()
        return {
            "version": VERSION,
            "buffers": came,
            "draft": suggestion["draft"] if suggestion is not None else None,
            "references": inside.tray.listed(inside.form["references"]),
            "mask": inside.mask_facts(),
            "warning": warning,
        }, _PROBE

    def _fetch(self, ask: Mapping[str, Any]) -> Answer:
        shown = self._inside.pixels.fetch(ask["sha"].lower(), ask["box"])
        return self._inside.packed({"media_type": shown.media_type}, shown.data, base64=ask["base64"])

    def _part(self, ask: Mapping[str, Any]) -> Answer:
        name = ask["part"]
        return {"script": asset(f"{name}.js", unbuilt(name)), "style": asset(f"{name}.css", "")}

    def _compare(self, ask: Mapping[str, Any]) -> Answer:
        return {"document": document(lineup(self._inside.pictures(ask["cards"])))}

    # -- sending -----------------------------------------------------------------------------------------------

    def _estimate(self, ask: Mapping[str, Any]) -> Answer:
        made: EstimateOk = {
            "price": "",
            "amount": None,
            "currency": None,
            "pictures": 0,
            "requests": 0,
            "replayed": 0,
            "notes": [],
            "problems": [],
            "ask": None,
        }
        draft = ask["draft"]
        try:
            plans = []
            errands, notes = self._inside.priced(draft)
            for errand in errands:
                plans.append(errand.client.plan(errand.job, once=draft["once"]))
                if plans[-1].calls:
                    errand.client.required_key()
        except ImgcellError as error:
            field = error.field if isinstance(error, DraftError) else _field(error, draft)
            made["problems"] = [{"field": field, "message": str(error)}]
            return dict(made)
        made["pictures"] = sum(plan.pictures for plan in plans)
        made["requests"] = sum(len(plan.calls) for plan in plans)
        made["replayed"] = sum(plan.replayed for plan in plans)
        made["notes"] = list(dict.fromkeys([*notes, *(note for plan in plans for note in plan.notes)]))
        costs = [plan.cost for plan in plans if plan.calls]
        known = [cost for cost in costs if cost is not None]
        if not costs:
            made["price"] = tr("free of charge")
            made["amount"], made["currency"] = 0.0, None
        elif len({cost.currency for cost in known if cost.basis != "free"}) > 1 or len(known) < len(costs):
            # Several currencies cannot be added up, and what is unknown is no zero.
            texts = [
                cost_text(total([cost for cost in known if cost.currency == currency])) for currency in {c.currency: None for c in known}
            ]
            made["price"] = " + ".join([*filter(None, texts), *([tr("price unknown")] if len(known) < len(costs) else [])])
        else:
            summed = total(known)
            made["price"] = tr("free of charge") if summed is None or summed.basis == "free" else cost_text(summed)
            made["amount"], made["currency"] = (summed.amount, summed.currency) if summed is not None else (0.0, None)
        amounts: dict[str, float] = {}
        for cost in known:
            amounts[cost.currency] = amounts.get(cost.currency, 0.0) + cost.amount
        dear = any(amount > options.ask_over_cost for amount in amounts.values())
        if made["pictures"] > options.ask_over_pictures or dear:
            many = made["pictures"] != 1
            made["ask"] = (
                tr("This would make {count} pictures: {price}. Go on?", count=made["pictures"], price=made["price"])
                if many
                else tr("This would make one picture: {price}. Go on?", price=made["price"])
            )
        return dict(made)

    def _run(self, ask: Mapping[str, Any]) -> Answer:
        draft = ask["draft"]
        keys = self._inside.orders.once(ask["nonce"], lambda: self._inside.place(draft, ask["call"], ask["nonce"]).keys)
        # The page knows its cards before it is told their keys.
        self._inside.board.flush(whole=True)
        return {"cards": keys}

    def _retry(self, ask: Mapping[str, Any]) -> Answer:
        inside = self._inside

        def again() -> list[str]:
            entry = inside.board.get(ask["card"])
            if entry.errand is None or entry.under_way or entry.card["state"] == "done":
                raise InvalidJobError(tr("There is nothing to ask again for here."))
            return inside.orders.place([entry.errand], ask["call"], nonce=ask["nonce"], keys=[entry.card["key"]]).keys

        return {"cards": inside.orders.once(ask["nonce"], again)}

    def _cancel(self, ask: Mapping[str, Any]) -> Answer:
        from imgcell.client.run import interrupted_sentence

        sent = self._inside.orders.page_cancels(ask["target"])
        return {"sent": sent, "message": interrupted_sentence(sent, tr("the library"))}

    def _resume(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.client_of(ask["provider"]).resume()
        self._inside.tell_facts()
        return {}

    # -- references --------------------------------------------------------------------------------------------

    def _upload_start(self, ask: Mapping[str, Any]) -> Answer:
        known = self._inside.tray.known(ask["sha256"].lower()) if ask["sha256"] else None
        if known is not None:
            return {"upload": "", "piece": PIECE, "reference": known.facts}
        return {"upload": self._inside.uploads.start(ask["name"], ask["size"], ask["sha256"]), "piece": PIECE, "reference": None}

    def _upload_piece(self, ask: Mapping[str, Any], data: bytes | None) -> Answer:
        return {"received": self._inside.uploads.piece(ask["upload"], ask["offset"], data or b"")}

    def _upload_end(self, ask: Mapping[str, Any]) -> Answer:
        name, path = self._inside.uploads.end(ask["upload"])
        try:
            return {"reference": self._add(path, name)}
        except ImgcellError as error:
            # Where it lies meanwhile is nobody's business.
            error.message = error.message.replace(str(path), name).replace(path.name, name)
            raise

    def _upload_cancel(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.uploads.cancel(ask["upload"])
        return {}

    def _from_card(self, ask: Mapping[str, Any]) -> Answer:
        picture = self._inside.past.picture(ask["card"])
        return {"reference": self._add(picture, picture.record.prompt)}

    def _from_variable(self, ask: Mapping[str, Any]) -> Answer:
        return {"reference": self._add(self._inside.names.value(ask["name"]), ask["name"])}

    def _add(self, value: Any, name: str) -> Reference:
        item = self._inside.tray.add(value, name)
        self._inside.pixels.keep(item.facts["sha"], 256, item.small)
        self._inside.tray.make_room([*self._inside.form["references"], item.facts["key"]])
        return item.facts

    def _references(self, ask: Mapping[str, Any]) -> Answer:
        return {"references": self._inside.tray.listed(self._inside.form["references"])}

    def _remove(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.tray.remove(ask["reference"])
        return {}

    def _variables(self, ask: Mapping[str, Any]) -> Answer:
        return {"variables": self._inside.names.listed()}

    # -- masks -------------------------------------------------------------------------------------------------

    def _mask(self, ask: Mapping[str, Any], data: bytes | None) -> Answer:
        if not data:
            raise InvalidJobError(tr("The mask is no whole picture: {reason}", reason="0 B"))
        return self._masked(self._inside.stencils.read(data, self._size(ask)).facts)

    def _mask_from_variable(self, ask: Mapping[str, Any]) -> Answer:
        value = self._inside.names.value(ask["name"])
        return self._masked(self._inside.stencils.take(value, self._size(ask), ask["name"]).facts)

    def _load_mask(self, ask: Mapping[str, Any]) -> Answer:
        return self._masked(self._inside.stencils.load(ask["name"], self._size(ask)).facts)

    def _save_mask(self, ask: Mapping[str, Any]) -> Answer:
        return {"name": self._inside.stencils.save(ask["mask"], ask["name"])}

    def _masks(self, ask: Mapping[str, Any]) -> Answer:
        return {"masks": self._inside.stencils.listed()}

    def _size(self, ask: Mapping[str, Any]) -> tuple[int, int]:
        facts = self._inside.tray.get(ask["reference"]).facts
        return facts["width"], facts["height"]

    def _masked(self, facts: MaskFacts) -> Answer:
        return {"mask": facts}

    # -- the library -------------------------------------------------------------------------------------------

    def _star(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.past.annotate(ask["id"], rating=ask["stars"])
        return {"count": 1}

    def _note(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.past.annotate(ask["id"], note=ask["text"])
        return {"count": 1}

    def _tag(self, ask: Mapping[str, Any]) -> Answer:
        self._inside.past.annotate(ask["id"], tags=ask["tags"])
        return {"count": 1}

    def _delete(self, ask: Mapping[str, Any]) -> Answer:
        return self._put_away(self._inside.past.delete, ask)

    def _restore(self, ask: Mapping[str, Any]) -> Answer:
        return self._put_away(self._inside.past.restore, ask)

    def _put_away(self, how: Any, ask: Mapping[str, Any]) -> Answer:
        try:
            return {"count": how(ask["cards"])}
        finally:
            self._inside.rearranged()

    def _history(self, ask: Mapping[str, Any]) -> Answer:
        return dict(self._inside.past.page(ask["text"], ask["before"], ask["limit"]))

    def _lineage(self, ask: Mapping[str, Any]) -> Answer:
        return {"steps": self._inside.past.steps(ask["id"])}

    def _code(self, ask: Mapping[str, Any]) -> Answer:
        return {"text": self._inside.past.code(ask["card"], ask["form"])}

    def _bind(self, ask: Mapping[str, Any]) -> Answer:
        name = check_name(ask["name"])
        # A page fills a name that is free, or its own; whatever else the user has there stays.
        if name is not None and not isinstance(self._inside.names.all().get(name, Sheet()), Sheet):
            raise InvalidJobError(tr("There is something else in the variable {name}.", name=name), hint=tr("Choose another name."))
        self._inside.bind = name
        return {"bound": self._inside.bind}


def _field(error: ImgcellError, draft: Mapping[str, Any]) -> str:
    """Return the field of the form that an error of the client is about, as far as its kind tells."""
    if type(error).__name__ in ("MissingKeyError", "ConfigurationError"):
        return "targets"
    return ""
