/** The pictures of a page that is a file: base64 in the page, decoded when they are wanted. */
import { fromBase64 } from "../bytes";
import type { Files } from "./state";

export class Embedded implements Files {
  async blob(sha: string, box: 512 | "original"): Promise<Blob> {
    const of = (kind: string) => document.querySelector<HTMLElement>(`script[data-sha="${sha}"][data-kind="${kind}"]`);
    const found = (box === 512 ? of("small") : null) ?? of("full");
    const bytes = fromBase64(found?.textContent ?? "!");
    if (!found || !bytes) throw new Error("no picture");
    return new Blob([bytes], { type: found.dataset.type ?? "" });
  }
}
