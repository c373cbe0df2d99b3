import { useState } from "preact/hooks";
import { nonce } from "../channel";

/** An id for labels: Preact's own repeat in every view, and two views of a Studio are on one page. */
export function useName(): string {
  return useState(() => `ic-${nonce().slice(0, 8)}`)[0];
}
