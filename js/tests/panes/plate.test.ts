// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { Plates, type Source } from "../../src/panes";
import { FITTED, placed, whole } from "../../src/panes/view";

const pane = { width: 300, height: 300 };

/** Bitmaps that are only counted: how many bytes of them are open now, and were at most. */
function bitmaps() {
  const open = { bytes: 0, most: 0 };
  const make = (width: number, height: number) => {
    let closed = false;
    open.bytes += width * height * 4;
    open.most = Math.max(open.most, open.bytes);
    return {
      width,
      height,
      close: () => {
        if (!closed) open.bytes -= width * height * 4;
        closed = true;
      },
    };
  };
  vi.stubGlobal("createImageBitmap", async (from: { side?: number }, ...given: unknown[]) => {
    const to = given.at(-1) as { resizeWidth?: number; resizeHeight?: number } | undefined;
    return make(to?.resizeWidth ?? from.side ?? 0, to?.resizeHeight ?? from.side ?? 0);
  });
  return open;
}

const source = (number: number, side: number): Source => ({
  key: String(number),
  width: side,
  height: side,
  small: async () => ({ side: 512 }) as unknown as Blob,
  full: async () => ({ side }) as unknown as Blob,
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("keeps sixteen pictures of 4096 pixels a side within a third of what they take decoded", async () => {
  vi.useFakeTimers();
  const open = bitmaps();
  const plates = new Plates();
  const all = Array.from({ length: 16 }, (_, number) => plates.of(source(number, 4096)));
  const drops = all.map((plate) => plate.hold());
  await vi.runAllTimersAsync();
  expect(all.every((plate) => plate.there)).toBe(true);
  const small = open.bytes;
  expect(small).toBe(16 * 512 * 512 * 4);
  const view = whole(FITTED, 1, 150, 150, pane, { width: 4096, height: 4096 });
  for (const plate of all) plate.want(placed(view, pane, plate), pane, 1);
  await vi.runAllTimersAsync();
  expect(all.every((plate) => plate.changed.value > 1)).toBe(true);
  expect(open.most).toBeLessThan((16 * 4096 * 4096 * 4) / 3);
  for (const drop of drops) drop();
  await vi.runAllTimersAsync();
  expect(open.bytes).toBe(small);
  plates.dispose();
  expect(open.bytes).toBe(0);
});

it("decodes nothing more for what the small version shows as well", async () => {
  vi.useFakeTimers();
  const open = bitmaps();
  const plate = new Plates().of(source(1, 4096));
  plate.hold();
  await vi.runAllTimersAsync();
  const before = open.most;
  plate.want(placed(FITTED, pane, plate), pane, 1);
  await vi.runAllTimersAsync();
  expect(open.most).toBe(before);
});

it("says so where a picture cannot be read", async () => {
  vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("damaged")));
  const plate = new Plates().of(source(1, 64));
  plate.hold();
  await vi.waitFor(() => expect(plate.failed.value).toBe(true));
});

it("has one plate for each picture, however many panes show it", () => {
  const plates = new Plates();
  expect(plates.of(source(1, 64))).toBe(plates.of(source(1, 64)));
  expect(plates.of(source(1, 64))).not.toBe(plates.of(source(2, 64)));
});
