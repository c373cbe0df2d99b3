import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/channel";
import type { Reference } from "../../src/protocol";
import { type Picked, plain, Tray } from "../../src/references/tray";
import type { Desk } from "../../src/slots";
import { translator } from "../../src/words/language";
import { Fake } from "../fake";

let model: Fake;
let channel: Channel;
let desk: Desk;
let tray: Tray;
const chosen = signal<readonly string[]>([]);
const said: string[] = [];
const reported: unknown[] = [];

const reference = (key: string): Reference => ({
  key,
  name: `${key}.png`,
  width: 64,
  height: 64,
  media_type: "image/png",
  bytes: 9,
  sha: key,
  id: null,
  notes: [],
});
const file = (name: string, bytes: number[], type = "image/png"): Picked => {
  const blob = new Blob([new Uint8Array(bytes)]);
  return {
    name,
    type,
    size: blob.size,
    slice: (from, to) => blob.slice(from, to),
    arrayBuffer: () => blob.arrayBuffer(),
  };
};
/** Waits until the page has asked so many questions of a kind. */
const asked = (kind: string, times = 1) => vi.waitFor(() => expect(model.asked(kind)).toHaveLength(times));
const way = (at = 0) => tray.coming.value[at]?.way;

beforeEach(() => {
  model = new Fake();
  channel = new Channel(model);
  chosen.value = [];
  said.length = 0;
  reported.length = 0;
  desk = {
    channel,
    t: signal(translator("en")),
    say: (sentence) => said.push(sentence),
    report: (problem) => reported.push(problem),
    references: signal(new Map()),
    chosen,
    choose: (keys) => {
      chosen.value = keys;
    },
    mask: signal(null),
    setMask: () => {},
    keep: signal(false),
    setKeep: () => {},
    limits: signal(null),
    masks: signal(true),
    pixels: { lease: () => Promise.reject(), blob: () => Promise.reject() } as unknown as Desk["pixels"],
    variablesChanged: signal(0),
  };
  tray = new Tray(desk);
});
afterEach(() => {
  channel.dispose();
  vi.unstubAllGlobals();
});

describe("an upload", () => {
  it("goes in the pieces that the kernel wants, in order, and becomes the next image", async () => {
    tray.take([file("cat.png", [1, 2, 3, 4, 5])]);
    await asked("upload-start");
    expect(model.last("upload-start")).toMatchObject({
      name: "cat.png",
      size: 5,
      sha256: "74f81fe167d99b4cb41d6d0ccda82278caee9f3e2f25d5e5a3936ff3dcec60d0",
    });
    model.reply("upload-start", { upload: "u1", piece: 2, reference: null });
    for (const [at, offset] of [0, 2, 4].entries()) {
      await asked("upload-piece", at + 1);
      expect(model.last("upload-piece").offset).toBe(offset);
      expect(way()).toEqual({ state: "sent", share: offset / 5 });
      const sent = model.sent.at(-1)?.buffers[0] as Uint8Array;
      expect([...sent]).toEqual([1, 2, 3, 4, 5].slice(offset, offset + 2));
      model.reply("upload-piece", { received: Math.min(5, offset + 2) });
    }
    await asked("upload-end");
    model.reply("upload-end", { reference: reference("r1") });
    await vi.waitFor(() => expect(chosen.value).toEqual(["r1"]));
    expect(tray.coming.value).toEqual([]);
    expect(said.at(-1)).toBe("r1.png is image 1 now.");
  });

  it("sends nothing of a picture that the kernel knows already", async () => {
    tray.take([file("cat.png", [1])]);
    await asked("upload-start");
    model.reply("upload-start", { upload: "", piece: 2, reference: reference("r7") });
    await vi.waitFor(() => expect(chosen.value).toEqual(["r7"]));
    expect(model.asked("upload-piece")).toEqual([]);
  });

  it("lets the kernel hash where the page cannot", async () => {
    vi.stubGlobal("crypto", { getRandomValues: () => {} });
    tray.take([file("cat.png", [1])]);
    await asked("upload-start");
    expect(model.last("upload-start").sha256).toBeNull();
  });

  it("goes on from what the kernel has, but not forever", async () => {
    tray.take([file("cat.png", [1, 2, 3, 4])]);
    await asked("upload-start");
    model.reply("upload-start", { upload: "u1", piece: 2, reference: null });
    for (let count = 1; count <= 6; count += 1) {
      await asked("upload-piece", count);
      expect(model.last("upload-piece").offset).toBe(0);
      model.reply("upload-piece", { received: 0 });
    }
    await vi.waitFor(() => expect(way()).toMatchObject({ state: "failed", again: true }));
    expect(model.asked("upload-piece")).toHaveLength(6);
    expect(model.asked("upload-cancel")).toHaveLength(1);
  });

  it("that fails says why in its place, can be tried again, and holds up no other", async () => {
    tray.take([file("a.png", [1]), file("b.png", [2])]);
    await asked("upload-start");
    model.refuse("upload-start", "This is no whole picture.", "Save it again.");
    await asked("upload-start", 2);
    expect(way(0)).toMatchObject({ state: "failed", problem: { message: "This is no whole picture." }, again: true });
    expect(said).toContain("This is no whole picture. Save it again.");
    model.reply("upload-start", { upload: "", piece: 2, reference: reference("b") });
    await vi.waitFor(() => expect(chosen.value).toEqual(["b"]));
    tray.again(1);
    await asked("upload-start", 3);
    expect(model.last("upload-start").name).toBe("a.png");
  });

  it("can be given up: the kernel is told, nothing is shown", async () => {
    tray.take([file("a.png", [1, 2, 3])]);
    await asked("upload-start");
    model.reply("upload-start", { upload: "u1", piece: 2, reference: null });
    await asked("upload-piece");
    tray.drop(1);
    await asked("upload-cancel");
    expect(model.last("upload-cancel").upload).toBe("u1");
    expect(tray.coming.value).toEqual([]);
    expect(chosen.value).toEqual([]);
  });

  it("of what is too large, empty, or no picture is refused before anything is sent", () => {
    tray.take([
      { ...file("huge.png", [1]), size: 50_000_001 },
      file("nothing.png", []),
      file("notes.pdf", [1], "application/pdf"),
    ]);
    expect(tray.coming.value.map((one) => one.way.state)).toEqual(["failed", "failed", "failed"]);
    expect(said).toHaveLength(3);
    expect(model.sent).toEqual([]);
  });

  it("of what cannot be read (a folder) says so", async () => {
    tray.take([{ ...file("folder", [1], ""), arrayBuffer: () => Promise.reject(new Error("NotFoundError")) }]);
    await vi.waitFor(() => expect(way()).toMatchObject({ problem: { message: "folder cannot be read." } }));
  });
});

it("keeps the order in which several files were given", async () => {
  tray.take([file("a.png", [1]), file("b.png", [2])]);
  await asked("upload-start");
  expect(way(1)).toEqual({ state: "waiting" });
  model.reply("upload-start", { upload: "", piece: 2, reference: reference("a") });
  await asked("upload-start", 2);
  model.reply("upload-start", { upload: "", piece: 2, reference: reference("b") });
  await vi.waitFor(() => expect(chosen.value).toEqual(["a", "b"]));
});

it("takes sixteen pictures, and says so when there is no room", async () => {
  chosen.value = Array.from({ length: 16 }, (_, at) => `r${at}`);
  const done = tray.fromVariable("photo");
  model.reply("reference-from-variable", { reference: reference("more") });
  await done;
  expect(chosen.value).toHaveLength(16);
  expect(reported[0]).toMatchObject({ message: "There is room for 16 pictures." });
});

it("takes a card, and says the number that the picture has where it is there already", async () => {
  chosen.value = ["r1", "r2"];
  const done = tray.fromCard("card-2");
  expect(model.last("reference-from-card").card).toBe("card-2");
  model.reply("reference-from-card", { reference: reference("r2") });
  await done;
  expect(chosen.value).toEqual(["r1", "r2"]);
  expect(said.at(-1)).toBe("r2.png is image 2 now.");
});

it("moves and removes pictures, and says where they are", () => {
  chosen.value = ["a", "b", "c"];
  tray.move("c", 0);
  expect(chosen.value).toEqual(["c", "a", "b"]);
  expect(said.at(-1)).toBe("Moved: this is image 1 of 3 now.");
  tray.move("c", 0);
  expect(said).toHaveLength(1);
  tray.remove("a");
  expect(chosen.value).toEqual(["c", "b"]);
  expect(said.at(-1)).toBe("Image 2 removed.");
});

it("shows the newest list of variables, whichever answer comes last", async () => {
  const first = tray.lookForVariables();
  const call = model.last("variables").call;
  const second = tray.lookForVariables();
  const photo = { name: "photo", kind: "image", width: 4, height: 4, count: 1 };
  model.reply("variables", { variables: [photo] });
  await second;
  model.say({ kind: "variables-reply", call, ok: { variables: [] } });
  await first;
  expect(tray.variables.value).toEqual([photo]);
});

it("takes names as one line of text, without what turns or hides it", () => {
  expect(plain("cat\u202Egnp.exe\n\u0000<b>.png")).toBe("cat gnp.exe <b>.png");
  expect(plain(`${"x".repeat(200)}.png`)).toHaveLength(77);
  expect(plain(undefined)).toBe("");
});
