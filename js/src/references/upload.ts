/**
 * One file on its way to the kernel: hashed where the browser can (the kernel then knows it without being sent it again),
 * sent in pieces, each answered before the next, so that nothing piles up and the way can be shown.
 */
import type { Channel } from "../channel";
import { LIMITS, type Reference } from "../protocol";

/** What a file is, as far as an upload goes; `File` and `Blob` are. */
export interface Source {
  readonly size: number;
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
  arrayBuffer(): Promise<ArrayBuffer>;
}

export type Way = { state: "reading" | "checking" } | { state: "sent"; share: number };

/** The page cannot read the file (a folder, a file that is gone). */
export class Unreadable extends Error {}

/** Times that the kernel may say that it has other bytes than the page thought, one after the other. */
const STUMBLES = 5;

async function read(source: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<ArrayBuffer> {
  try {
    return await source.arrayBuffer();
  } catch {
    throw new Unreadable();
  }
}

/** Null where the page is not in a secure context: the kernel hashes anyway. */
async function digest(source: Source): Promise<string | null> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  const hash = new Uint8Array(await subtle.digest("SHA-256", await read(source)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Throws what the channel throws, or `Unreadable`. When the signal fires, the kernel is told to forget what it has.
 */
export async function upload(
  channel: Pick<Channel, "ask">,
  name: string,
  source: Source,
  signal: AbortSignal,
  say: (way: Way) => void,
): Promise<Reference> {
  say({ state: "reading" });
  const sha256 = await digest(source);
  const begun = await channel.ask("upload-start", { name: name.slice(0, 300), size: source.size, sha256 }, { signal });
  if (begun.ok.reference) return begun.ok.reference;
  const { upload: key } = begun.ok;
  const most = Math.max(1, Math.min(begun.ok.piece, LIMITS.piece));
  try {
    let offset = 0;
    let stumbles = 0;
    while (offset < source.size) {
      say({ state: "sent", share: offset / source.size });
      const bytes = new Uint8Array(await read(source.slice(offset, Math.min(offset + most, source.size))));
      const { ok } = await channel.ask("upload-piece", { upload: key, offset, data: null }, { bytes, signal });
      // Where it has something else than expected, it goes on from there; not forever.
      stumbles = ok.received === offset + bytes.length ? 0 : stumbles + 1;
      if (stumbles > STUMBLES || ok.received < 0 || ok.received > source.size) throw new Error("pieces do not fit");
      offset = ok.received;
    }
    say({ state: "checking" });
    return (await channel.ask("upload-end", { upload: key }, { signal })).ok.reference;
  } catch (why) {
    channel.ask("upload-cancel", { upload: key }).catch(() => {});
    throw why;
  }
}
