"""What a mask's values mean to whom: three conventions, told apart, never guessed from pixels.

========= ================================= ==========================================================================
Polarity  Where to edit                     Who wants it
========= ================================= ==========================================================================
"alpha"   transparent, in mode RGBA         OpenAI (API reference, "Create image edit", ``mask``): "fully transparent
                                            areas (e.g. where alpha is zero) indicate where image should be edited"
"white"   white, in mode L                  Stability AI ("Inpaint", ``mask``), Imagen, diffusers; what people paint
"black"   black, in mode L                  Ideogram ("Edit", ``mask``): black regions are those to edit
========= ================================= ==========================================================================

Between them nothing is lost: alpha is 255 minus the mask's value, and "black" is its negative.  Which of them a
provider takes stands in its table (``mask_polarity``, :class:`imgcell.providers.profile.Model`).
"""

from __future__ import annotations

from PIL import Image, ImageChops

from imgcell import providers
from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["MARK", "POLARITIES", "dressed", "polarity_of"]

#: The conventions by name.
POLARITIES = ("alpha", "white", "black")

#: Name of the PNG text in which a mask that is sent says what its values mean, so that it reads back as what it was
#: (from the library, in a recipe) whatever the provider wanted.
MARK = "imgcell-mask"


def polarity_of(name: str, model: str | None = None) -> str:
    """Return the polarity that *name* stands for: its own, or that which a provider of this name takes.

    Args:
        name: ``"alpha"``, ``"white"``, ``"black"``, or the name of a provider.
        model: The provider's model; ``None`` is its default.

    Raises:
        InvalidJobError: It is neither.
    """
    if name in POLARITIES:
        return name
    if name not in providers.names():
        raise InvalidJobError(
            tr("There is no polarity {name}.", name=repr(name)),
            hint=tr("It is one of {names}, or the name of a provider.", names=", ".join(POLARITIES)),
        )
    return providers.get(name).model(model).mask_polarity


def dressed(mask: Image.Image, polarity: str) -> Image.Image:
    """Return *mask* (L, white where to edit) in one of :data:`POLARITIES`; no value is lost."""
    if polarity == "white":
        return mask
    negative = ImageChops.invert(mask)
    if polarity == "black":
        return negative
    # Black below: a mask that is looked at without its alpha shows at once that it is not a picture.
    nothing = Image.new("L", mask.size, 0)
    return Image.merge("RGBA", (nothing, nothing, nothing, negative))
