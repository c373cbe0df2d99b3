import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromBase64, toBase64 } from "../src/bytes";
import { Channel, nonce, Refusal } from "../src/channel";
import { Fake } from "./fake";

const image = { sha: "a", box: 256, base64: false } as const;

describe("Channel", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("finds the answer of each question by its call, in any order", async () => {
    const model = new Fake();
    const channel = new Channel(model);
    const first = channel.ask("star", { id: "one", stars: 1 });
    const second = channel.ask("star", { id: "two", stars: 2 });
    const [one, two] = model.asked("star").map((sent) => sent.call);
    model.say({ kind: "star-reply", call: two, ok: { count: 2 } });
    model.say({ kind: "star-reply", call: one, ok: { count: 1 } });
    expect((await first).ok.count).toBe(1);
    expect((await second).ok.count).toBe(2);
  });

  it("lets another page's answers and answers of another kind pass", async () => {
    const model = new Fake();
    const channel = new Channel(model);
    const asked = channel.ask("star", { id: "one", stars: 1 });
    model.say({ kind: "star-reply", call: "elsewhere-1", ok: { count: 9 } });
    model.say({ kind: "note-reply", call: model.last("star").call, ok: { count: 9 } });
    model.reply("star", { count: 1 });
    expect((await asked).ok.count).toBe(1);
  });

  it("gives an error reply as a refusal with what to do next", async () => {
    const model = new Fake();
    const asked = new Channel(model).ask("star", { id: "one", stars: 1 });
    model.refuse("star", "No such picture.", "Look again.");
    await expect(asked).rejects.toMatchObject({ problem: { message: "No such picture.", hint: "Look again." } });
  });

  it("takes an error that is no error for one without words", async () => {
    const model = new Fake();
    const asked = new Channel(model).ask("star", { id: "one", stars: 1 });
    model.say({ kind: "star-reply", call: model.last("star").call, error: 7 });
    await expect(asked).rejects.toMatchObject({ problem: { message: "", hint: null, kind: "Error" } });
  });

  it("says when an answer is slow, and gives up in the end", async () => {
    const slow = vi.fn();
    const asked = new Channel(new Fake()).ask("references", {}, { timeout: 5000, slow });
    const refused = expect(asked).rejects.toMatchObject({ problem: { kind: "NoAnswer" } });
    await vi.advanceTimersByTimeAsync(1600);
    expect(slow).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(4000);
    await refused;
  });

  it("drops a question that nobody wants an answer to any more, before and after it was sent", async () => {
    const model = new Fake();
    const channel = new Channel(model);
    const away = new AbortController();
    const asked = channel.ask("references", {}, { signal: away.signal });
    away.abort();
    await expect(asked).rejects.toBeInstanceOf(Refusal);
    await expect(channel.ask("references", {}, { signal: away.signal })).rejects.toBeInstanceOf(Refusal);
    expect(model.sent).toHaveLength(1);
  });

  it("hands over a buffer as a view, as an array buffer, and as base64", async () => {
    const model = new Fake();
    const channel = new Channel(model);
    const bytes = new Uint8Array([9, 1, 2, 3]);
    for (const say of [
      () => model.reply("fetch-image", { media_type: "image/png", data: null }, new DataView(bytes.buffer, 1)),
      () => model.reply("fetch-image", { media_type: "image/png", data: null }, bytes.slice(1).buffer),
      () => model.reply("fetch-image", { media_type: "image/png", data: toBase64(bytes.subarray(1)) }),
    ]) {
      const asked = channel.ask("fetch-image", image);
      say();
      expect(Array.from((await asked).bytes ?? [])).toEqual([1, 2, 3]);
    }
  });

  it("sends bytes as a buffer, and as base64 where buffers get lost", () => {
    const model = new Fake();
    const channel = new Channel(model);
    const bytes = new Uint8Array([1, 2, 3]);
    void channel.ask("mask", { reference: "r", data: null }, { bytes }).catch(() => {});
    channel.base64 = true;
    void channel.ask("mask", { reference: "r", data: null }, { bytes }).catch(() => {});
    expect(model.sent[0]?.buffers).toEqual([bytes]);
    expect(model.sent[1]?.buffers).toEqual([]);
    expect(model.sent[1]?.message.data).toBe(toBase64(bytes));
    channel.dispose();
  });

  it("tells who listens what the kernel says by itself, until they leave", () => {
    const model = new Fake();
    const channel = new Channel(model);
    const heard = vi.fn();
    const leave = channel.on("preview", heard);
    model.say({ kind: "preview", card: "c", media_type: "image/png", data: null }, new Uint8Array([7]));
    leave();
    model.say({ kind: "preview", card: "d", media_type: "image/png", data: null });
    model.say("hello");
    model.say(null);
    expect(heard).toHaveBeenCalledOnce();
    expect(heard.mock.calls[0]?.[0]).toMatchObject({ card: "c" });
  });

  it("leaves nothing waiting when it goes", async () => {
    const channel = new Channel(new Fake());
    const asked = channel.ask("references", {});
    channel.dispose();
    await expect(asked).rejects.toMatchObject({ problem: { kind: "Aborted" } });
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("makes nonces that do not repeat", () => {
  expect(new Set(Array.from({ length: 1000 }, nonce)).size).toBe(1000);
});

it("takes base64 there and back, and no nonsense", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  expect(fromBase64("?!")).toBeNull();
});
