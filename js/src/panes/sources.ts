/** Where the bytes of a picture are. */
import type { Pixels } from "../state/pixels";
import type { Source } from "./plate";
import type { Area } from "./view";

/** A picture that the kernel serves by its hash. */
export function fromPixels(pixels: Pick<Pixels, "blob">, sha: string, size: Area): Source {
  return {
    key: sha,
    width: size.width,
    height: size.height,
    small: () => pixels.blob(sha, 512),
    full: () => pixels.blob(sha, "original"),
  };
}
