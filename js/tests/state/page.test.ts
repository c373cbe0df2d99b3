// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { card, PROVIDERS } from "../../harness/facts";
import { Page } from "../../src/state/page";
import { Fake } from "../fake";

const READY = { version: "1", buffers: true, draft: null, references: [], mask: null, warning: null };
const ESTIMATE = {
  price: "$1",
  amount: 1,
  currency: "USD",
  pictures: 1,
  requests: 1,
  replayed: 0,
  notes: [],
  problems: [],
  ask: null,
};

let model: Fake;
let page: Page;

const open = (data: Record<string, unknown> = {}, manager?: Fake["widget_manager"]) => {
  model = new Fake({ cards: [], providers: PROVIDERS, busy: {}, facts: {}, draft: {}, view: {}, ...data }, manager);
  page = new Page(model);
};
const ready = async (some: object = {}) => {
  page.start();
  model.reply("ready", { ...READY, ...some }, new Uint8Array([1, 2, 3]));
  await vi.advanceTimersByTimeAsync(0);
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  page.dispose();
  vi.useRealTimers();
});

describe("opening", () => {
  it("probes buffers, and asks for base64 where they got lost", async () => {
    open();
    page.start();
    expect(model.sent[0]?.buffers).toEqual([new Uint8Array([1, 2, 3])]);
    model.reply("ready", { ...READY, buffers: false });
    await vi.advanceTimersByTimeAsync(0);
    expect(model.last("ready")).toMatchObject({ base64: true, buffers_probe: false });
    model.reply("ready", READY);
    await vi.advanceTimersByTimeAsync(0);
    expect(page.channel.base64).toBe(true);
    expect(page.link.value).toBe("there");
  });

  it("says so when the kernel does not answer, and takes the answer when it comes", async () => {
    open();
    page.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect(page.link.value).toBe("quiet");
    model.reply("ready", READY, new Uint8Array([1, 2, 3]));
    await vi.advanceTimersByTimeAsync(0);
    expect(page.link.value).toBe("there");
  });

  it("finds out that the kernel is gone when the host says that something changed", async () => {
    open();
    await ready();
    model.emit("comm_live_update");
    await vi.advanceTimersByTimeAsync(11_000);
    expect(page.link.value).toBe("gone");
  });

  it("takes the form that Python filled, its references and its mask", async () => {
    open();
    await ready({ draft: { prompt: "from Python" } });
    expect(page.draft.value.prompt).toBe("from Python");
    const reference = { key: "r", name: "x", sha: "s" };
    model.say({ kind: "suggest", draft: { prompt: "again", references: ["r"] }, references: [reference], mask: null });
    expect(page.draft.value).toMatchObject({ prompt: "again", references: ["r"] });
    expect(page.references.value.get("r")).toEqual(reference);
  });
});

describe("the form", () => {
  it("is written to its trait once it rests, and takes what another page wrote", async () => {
    open();
    page.change({ prompt: "a" });
    page.change({ prompt: "ab" });
    model.write("draft", { prompt: "elsewhere" });
    expect(page.draft.value.prompt).toBe("ab");
    await vi.advanceTimersByTimeAsync(300);
    expect(model.saved).toHaveLength(1);
    expect(model.data.draft).toMatchObject({ prompt: "ab", v: 1 });
    model.write("draft", { prompt: "elsewhere" });
    expect(page.draft.value.prompt).toBe("elsewhere");
  });

  it("asks for the price when it rests, one question at a time, and shows the last", async () => {
    open();
    await ready();
    await vi.advanceTimersByTimeAsync(300);
    page.change({ n: 2 });
    await vi.advanceTimersByTimeAsync(300);
    page.change({ n: 3 });
    await vi.advanceTimersByTimeAsync(300);
    expect(model.asked("estimate")).toHaveLength(1);
    model.reply("estimate", ESTIMATE);
    await vi.advanceTimersByTimeAsync(0);
    expect(model.asked("estimate")).toHaveLength(2);
    expect(model.last("estimate").draft).toMatchObject({ n: 3 });
    model.reply("estimate", { ...ESTIMATE, price: "$3" });
    await vi.advanceTimersByTimeAsync(0);
    expect(page.estimates.last.value?.price).toBe("$3");
  });

  it("lets go of the mask when another reference comes first", () => {
    open();
    page.choose(["a", "b"]);
    page.setMask({ mask: "m", name: "", width: 1, height: 1, share: 1, sha: "s" });
    page.choose(["a"]);
    expect(page.draft.value.mask).toBe("m");
    page.choose(["b", "a"]);
    expect(page.draft.value.mask).toBeNull();
    expect(page.mask.value).toBeNull();
  });
});

describe("running", () => {
  it("runs once however often it is pressed", async () => {
    open();
    page.change({ prompt: "p" });
    void page.runs.run();
    void page.runs.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(model.asked("run")).toHaveLength(1);
    expect(page.runs.sending.value).toBe("asked");
    model.reply("run", { cards: ["c"] });
    await vi.advanceTimersByTimeAsync(0);
    expect(page.runs.sending.value).toBe("no");
    void page.runs.run();
    expect(model.last("run").nonce).not.toBe(model.asked("run")[0]?.nonce);
  });

  it("asks with the same nonce after a run that was never answered, with a new one when the form changed", async () => {
    open();
    page.change({ prompt: "p" });
    void page.runs.run();
    await vi.advanceTimersByTimeAsync(121_000);
    expect(page.notice.value?.bad).toBe(true);
    void page.runs.run();
    expect(model.asked("run").map((asked) => asked.nonce)).toEqual(Array(2).fill(model.last("run").nonce));
    await vi.advanceTimersByTimeAsync(121_000);
    page.change({ prompt: "q" });
    void page.runs.run();
    expect(new Set(model.asked("run").map((asked) => asked.nonce)).size).toBe(2);
  });

  it("puts the kernel's question before a large run", async () => {
    open();
    await ready();
    page.change({ prompt: "p", n: 8 });
    const running = page.runs.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(model.last("estimate").draft).toMatchObject({ n: 8 });
    model.reply("estimate", { ...ESTIMATE, ask: "8 pictures?" });
    await running;
    expect(page.runs.question.value).toBe("8 pictures?");
    expect(model.asked("run")).toHaveLength(0);
    void page.runs.run(true);
    expect(model.asked("run")).toHaveLength(1);
  });

  it("cancels by a message, and interrupts nothing when that is acknowledged", async () => {
    const interrupt = vi.fn();
    open({}, { kernel: { interrupt } });
    void page.runs.cancel();
    await vi.advanceTimersByTimeAsync(500);
    model.reply("cancel", { sent: 0, message: "" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(interrupt).not.toHaveBeenCalled();
  });

  it("takes two presses in a row for one: only a later one lets go of what was sent", async () => {
    open();
    void page.runs.cancel();
    void page.runs.cancel();
    expect(model.asked("cancel")).toHaveLength(1);
    model.reply("cancel", { sent: 1, message: "" });
    await vi.advanceTimersByTimeAsync(1300);
    void page.runs.cancel();
    expect(model.asked("cancel")).toHaveLength(2);
    model.reply("cancel", { sent: 0, message: "" });
  });

  it("interrupts the kernel when nobody acknowledges in 600 ms", async () => {
    const interrupt = vi.fn();
    open({}, { kernel: { interrupt } });
    void page.runs.cancel();
    await vi.advanceTimersByTimeAsync(590);
    expect(interrupt).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(20);
    expect(interrupt).toHaveBeenCalledOnce();
    model.reply("cancel", { sent: 0, message: "" });
  });

  it.each([[undefined], [{ kernel: null }], [{ kernel: { interrupt: () => Promise.reject(new Error("no")) } }]])(
    "says which button to press where the kernel cannot be interrupted from here: %o",
    async (manager) => {
      open({}, manager as Fake["widget_manager"]);
      void page.runs.cancel();
      await vi.advanceTimersByTimeAsync(700);
      expect(page.notice.value?.bad).toBe(true);
    },
  );
});

describe("pictures", () => {
  it("come by trait and by messages in between, and their ends are said", () => {
    open({ cards: [card(1, { state: "working" })] });
    model.say({ kind: "changed", cards: [card(1), card(2, { state: "queued" })] });
    expect(page.cards.value.map((one) => one.state)).toEqual(["done", "queued"]);
    expect(page.spoken.value).toContain(card(1).prompt.slice(0, 20));
    expect(page.under.value).toBe(true);
    model.write("cards", [card(1)]);
    expect(page.under.value).toBe(false);
  });

  it("are starred at once, and not where the kernel refuses", async () => {
    open({ cards: [card(1)] });
    void page.star(card(1), 5);
    expect(page.cards.value[0]?.stars).toBe(5);
    model.refuse("star", "no");
    await vi.advanceTimersByTimeAsync(0);
    expect(page.cards.value[0]?.stars).toBe(0);
  });

  it("are deleted, leave the selection, and come back by Undo", async () => {
    open({ cards: [card(1), card(2)], view: { selected: ["card-1", "card-2"] } });
    const removing = page.remove([card(1)]);
    model.reply("delete", { count: 1 });
    await removing;
    expect(page.shown.value.here.map((one) => one.key)).toEqual(["card-2"]);
    expect(page.view.value.selected).toEqual(["card-2"]);
    page.notice.value?.action?.act();
    model.reply("restore", { count: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(page.shown.value.here).toHaveLength(2);
  });

  it("go into the tray once, and alone where an edit begins from them", async () => {
    open();
    const reference = { key: "r", name: "x", sha: "s" };
    for (let turn = 0; turn < 2; turn += 1) {
      const using = page.useAsReference("card-1");
      model.reply("reference-from-card", { reference });
      await using;
    }
    page.choose(["other", "r"]);
    const editing = page.editFrom("card-1", "its prompt");
    model.reply("reference-from-card", { reference });
    await editing;
    expect(page.draft.value).toMatchObject({ references: ["r"], prompt: "its prompt" });
  });
});

describe("the library", () => {
  it("loads page by page, searches in the kernel, and drops a late answer of the search before", async () => {
    open();
    await ready();
    const first = model.last("history").call;
    page.look({ text: "fox" });
    await vi.advanceTimersByTimeAsync(400);
    const answer = (number: number) => ({ cards: [card(number, { call: "" })], more: true, before: "x" });
    model.say({ kind: "history-reply", call: model.last("history").call, ok: answer(2) });
    model.say({ kind: "history-reply", call: first, ok: answer(1) });
    await vi.advanceTimersByTimeAsync(0);
    expect(page.library.cards.value.map((one) => one.key)).toEqual(["card-2"]);
    void page.library.next();
    void page.library.next();
    expect(model.asked("history")).toHaveLength(3);
    expect(model.last("history")).toMatchObject({ text: "fox", before: "x" });
  });
});
