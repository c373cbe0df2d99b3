import { beforeEach, expect, it, vi } from "vitest";
import { Channel } from "../../src/channel";
import { Pixels } from "../../src/state/pixels";
import { Fake } from "../fake";

let made = 0;
const gone: string[] = [];

beforeEach(() => {
  made = 0;
  gone.length = 0;
  vi.stubGlobal("URL", {
    createObjectURL: () => {
      made += 1;
      return `blob:${made}`;
    },
    revokeObjectURL: (url: string) => gone.push(url),
  });
});

const answer = (model: Fake, from = 0) => {
  for (const { call } of model.asked("fetch-image").slice(from)) {
    model.say({ kind: "fetch-image-reply", call, ok: { media_type: "image/png", data: null } }, new Uint8Array([1]));
  }
};
const settled = () => new Promise((done) => setTimeout(done));

it("fetches each picture once, however many show it", async () => {
  const model = new Fake();
  const pixels = new Pixels(new Channel(model));
  const [one, two] = [pixels.lease("a", 256), pixels.lease("a", 256)];
  answer(model);
  await settled();
  expect(model.asked("fetch-image")).toHaveLength(1);
  expect(one.url.value).toBe("blob:1");
  expect(two.url.value).toBe("blob:1");
});

it("asks for six at once, then for what was wished last, and never for what was scrolled past", async () => {
  const model = new Fake();
  const pixels = new Pixels(new Channel(model));
  const leases = Array.from({ length: 9 }, (_, at) => pixels.lease(`s${at}`, 256));
  expect(model.asked("fetch-image")).toHaveLength(6);
  leases[7]?.release();
  answer(model);
  await settled();
  expect(
    model
      .asked("fetch-image")
      .slice(6)
      .map((asked) => asked.sha),
  ).toEqual(["s8", "s6"]);
});

it("frees the oldest when there are too many, but nothing that is shown", async () => {
  const model = new Fake();
  const pixels = new Pixels(new Channel(model));
  const shown = pixels.lease("shown", "original");
  answer(model);
  await settled();
  for (let at = 0; at < 10; at += 1) {
    const lease = pixels.lease(`s${at}`, "original");
    answer(model, model.asked("fetch-image").length - 1);
    await settled();
    lease.release();
  }
  expect(pixels.size).toBe(6);
  expect(shown.url.value).not.toBeNull();
  expect(gone).not.toContain(shown.url.value);
  expect(gone).toHaveLength(5);
});

it("says that a picture failed, and asks again when it is wanted again", async () => {
  const model = new Fake();
  const pixels = new Pixels(new Channel(model));
  const lease = pixels.lease("a", 256);
  model.refuse("fetch-image", "gone");
  await settled();
  expect(lease.failed.value).toBe(true);
  lease.release();
  pixels.lease("a", 256);
  expect(model.asked("fetch-image")).toHaveLength(2);
});

it("gives the bytes to copy or to save", async () => {
  const model = new Fake();
  const pixels = new Pixels(new Channel(model));
  const blob = pixels.blob("a", "original");
  answer(model);
  expect((await blob).type).toBe("image/png");
});
