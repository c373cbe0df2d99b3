/**
 * Panes for several pictures that are zoomed and panned together.
 *
 *   const shared = share();                      one for each group: `shared.view` is what all of them look at
 *   const plates = new Plates();                 the pixels; `plates.dispose()` lets go of them
 *   <Pane shared={shared} plate={plates.of(source)} label="…" />
 *
 * A `Source` says how large a picture is and where its bytes are; `fromPixels` makes one of what the kernel serves.  The style sheet
 * is look.css.
 */
export { Pane, type Shared, share, zoomBy } from "./pane";
export { type Drawable, Plate, Plates, type Source } from "./plate";
export { fromPixels } from "./sources";
export { type Area, FITTED, isFitted, STEP, type View } from "./view";
