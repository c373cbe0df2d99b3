/** Keys in an order, and how it changes. Pure. */

/** `key` stands at `place` afterwards, as far as there are places; anything unknown changes nothing. */
export function moved(keys: readonly string[], key: string, place: number): string[] {
  const others = keys.filter((one) => one !== key);
  if (others.length === keys.length) return [...keys];
  others.splice(Math.max(0, Math.min(place, others.length)), 0, key);
  return others;
}

/** The place that `key` comes to where it is let go before or behind the key at `over`. */
export function placeOf(keys: readonly string[], key: string, over: number, behind: boolean): number {
  const from = keys.indexOf(key);
  const gap = over + (behind ? 1 : 0);
  return from >= 0 && from < gap ? gap - 1 : gap;
}

/** With the new ones at the end, each once, no more than there is room for; and whether some were left out. */
export function joined(
  keys: readonly string[],
  added: readonly string[],
  most: number,
): { keys: string[]; left: boolean } {
  const all = [...new Set([...keys, ...added])];
  const room = Math.max(most, keys.length);
  return { keys: all.slice(0, room), left: all.length > room };
}
