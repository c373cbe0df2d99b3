"""What changed, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgcell.language import listed, tr

if TYPE_CHECKING:
    from imgcell.measures.changing import Area, Changes

__all__ = ["line", "lines", "percent"]


def percent(share: float) -> str:
    """Return a share as people read it: "38 %", "1.3 %", "< 0.1 %", "0 %"."""
    if share <= 0:
        return "0 %"
    if share < 0.001:
        return "< 0.1 %"
    shown = round(100 * share, 1)
    return f"{shown:.0f} %" if shown >= 10 else f"{shown:g} %"


def line(found: Changes, above: float) -> str | None:
    """Do what :meth:`imgcell.measures.changing.Changes.line` says."""
    if found.outside is None:
        return None
    share = found.outside.changed
    told = []
    if share > above or (above == 0 and share >= 0):
        told.append(tr("outside the mask: {share} changed", share=percent(share)))
    if found.alignment.moved:
        told.append(_moved(found))
    if not found.ratio_kept:
        told.append(tr("the aspect ratio changed"))
    if found.input_ignored:
        told.append(_ignored(found))
    return listed(*told) if told else None


def _ignored(found: Changes) -> str:
    if found.image_tokens == 0:
        return tr("the input seems to have been ignored (the bill counts no image tokens)")
    return tr("the input seems to have been ignored")


def _moved(found: Changes) -> str:
    right, down = found.shift
    if found.scale == 1.0:
        return tr("the content is shifted by {right}, {down} px (right, down)", right=f"{right:g}", down=f"{down:g}")
    scale = f"{100 * found.scale:.1f} %"
    if right == down == 0:
        return tr("the content is scaled to {scale}", scale=scale)
    return tr("the content is scaled to {scale} and shifted by {right}, {down} px", scale=scale, right=f"{right:g}", down=f"{down:g}")


def lines(found: Changes) -> list[str]:
    """Return all of it, a line a fact."""
    told = []
    if found.inside is None and found.outside is None:
        told.append(
            tr("changed: {share} of the picture; {area}", share=percent(found.whole.changed), area=_area(found.whole, found.formula))
        )
    if found.inside is not None:
        told.append(
            tr("inside the mask: {share} changed; {area}", share=percent(found.inside.changed), area=_area(found.inside, found.formula))
        )
    if found.outside is not None:
        told.append(
            tr("outside the mask: {share} changed; {area}", share=percent(found.outside.changed), area=_area(found.outside, found.formula))
        )
    kept = found.outside if found.outside is not None else found.whole
    told.append(
        tr(
            "drift of the colors: lightness {lightness}, chroma {chroma}, red–green {red_green}, yellow–blue {yellow_blue}",
            lightness=f"{kept.lightness:+.1f}",
            chroma=f"{kept.chroma:+.1f}",
            red_green=f"{kept.red_green:+.1f}",
            yellow_blue=f"{kept.yellow_blue:+.1f}",
        )
    )
    if found.alignment.moved:
        moved = _moved(found)
        told.append(tr("{moved} (undone before measuring)", moved=moved) if found.compensated else moved)
    elif not found.alignment.found:
        told.append(tr("a shift could not be looked for: too little is alike"))
    (width, height), (other_width, other_height) = found.sizes
    if not found.size_kept:
        told.append(
            tr(
                "size: {width}×{height} became {other_width}×{other_height}",
                width=width, height=height, other_width=other_width, other_height=other_height,
            )
        )  # fmt: skip
    if not found.ratio_kept:
        told.append(tr("the aspect ratio changed"))
    if found.input_ignored:
        told.append(_ignored(found))
    told.append(tr("counted as changed: a difference (ΔE*ab) above {threshold}", threshold=f"{found.threshold:g}"))
    return told


def _area(area: Area, formula: str) -> str:
    name = "ΔE00" if formula == "CIEDE2000" else "ΔE*ab"
    said = tr("{name} {mean} on average, {largest} at most", name=name, mean=f"{area.mean:.1f}", largest=f"{area.largest:.1f}")
    return said if area.ssim is None else listed(said, f"SSIM {area.ssim:.3f}")
