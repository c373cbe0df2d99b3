/** What a place is called by its values on the axes: of each as much as there is room for, so that all that differs is seen. Pure. */
import type { Document, Place } from "./document";

/** Its values on the axes that have several; or on those where it is not as the one *beside* it.  Of each *most* characters. */
export function called({ axes }: Pick<Document, "axes">, place: Place, most: number, beside?: Place): string[] {
  return axes
    .filter(([axis, values]) => (beside ? beside.values[axis] !== place.values[axis] : values.length > 1))
    .map(([axis]) => (place.values[axis] ?? "").replace(new RegExp(`^(.{${most}}).{2,}`, "su"), "$1…"));
}
