// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import type { Results, Turn } from "../../src/vote/protocol";
import { Voting } from "../../src/vote/state";
import { Fake } from "../fake";

const TURN: Turn = {
  rater: "",
  pair: "p1",
  left: { token: "l1", width: 100, height: 50 },
  right: { token: "r1", width: 100, height: 100 },
  done: 0,
  votes: 0,
  raters: 0,
  round: 1,
  place: 0,
  pairs: 3,
  more: null,
  seen: false,
};
const RESULTS: Results = {
  standings: [],
  wins: [],
  ties: [],
  percent: 95,
  votes: 1,
  raters: 1,
  outlook: "",
  agreement: "",
};
const next = (number: number, more: Partial<Turn> = {}): Turn => ({
  ...TURN,
  pair: `p${number}`,
  left: { ...TURN.left, token: `l${number}` },
  right: { ...TURN.right, token: `r${number}` },
  done: number - 1,
  votes: number - 1,
  ...more,
});
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => localStorage.clear());

/** The kernel answers every picture that was asked for. */
async function pictures(model: Fake): Promise<void> {
  for (const { call } of model.asked("picture")) {
    model.say({ kind: "picture-reply", call, ok: { media_type: "image/png", data: null } }, new Uint8Array([1]));
  }
  await settled();
}

async function begun(facts: Record<string, unknown> = {}): Promise<{ model: Fake; state: Voting }> {
  const model = new Fake({ facts: { version: "1", language: "en", rater: "", ...facts } });
  const state = new Voting(model);
  state.start();
  model.reply("ready", { version: "1", buffers: true, question: null, turn: TURN, warning: null }, new Uint8Array(3));
  await settled();
  await pictures(model);
  return { model, state };
}

it("counts nothing before both pictures are there", async () => {
  const model = new Fake({ facts: {} });
  const state = new Voting(model);
  state.start();
  void state.vote("left");
  model.reply("ready", { version: "1", buffers: true, question: "?", turn: TURN, warning: null }, new Uint8Array(3));
  await settled();
  expect(state.question.value).toBe("?");
  expect(model.asked("picture").map(({ token }) => token)).toEqual(["l1", "r1"]);
  void state.vote("left");
  expect(model.asked("vote")).toHaveLength(0);
  await pictures(model);
  expect(state.there.value).toBe(true);
  void state.vote("left");
  expect(model.last("vote")).toMatchObject({ pair: "p1", choice: "left", rater: "", language: "en" });
});

it("sends one vote for a pair, however often it is pressed, and shows the next", async () => {
  const { model, state } = await begun();
  void state.vote("left");
  void state.vote("right");
  expect(model.asked("vote")).toHaveLength(1);
  model.reply("vote", { turn: next(2) });
  await settled();
  expect(state.turn.value?.pair).toBe("p2");
  expect(state.spoken.value).toContain("Left");
  expect(state.there.value).toBe(false);
  await pictures(model);
  void state.vote("tie");
  expect(model.last("vote")).toMatchObject({ pair: "p2", choice: "tie" });
});

it("tells a vote that was refused, keeps the pair, and takes the next try", async () => {
  const { model, state } = await begun();
  void state.vote("left");
  model.refuse("vote", "The vote could not be kept", "Make room");
  await settled();
  expect(state.notice.value).toEqual({ text: "The vote could not be kept", hint: "Make room" });
  expect(state.turn.value?.pair).toBe("p1");
  void state.vote("left");
  expect(model.asked("vote")).toHaveLength(2);
  expect(state.notice.value).toBeNull();
});

it("takes back only what there is", async () => {
  const { model, state } = await begun();
  void state.undo();
  expect(model.asked("undo")).toHaveLength(0);
  void state.vote("bad");
  model.reply("vote", { turn: next(2) });
  await settled();
  void state.undo();
  model.reply("undo", { turn: next(3, { done: 0, votes: 0 }) });
  await settled();
  expect(state.turn.value?.done).toBe(0);
  expect(state.spoken.value).toContain("Taken back");
});

it("asks before it shows results, and counts no vote meanwhile", async () => {
  const { model, state } = await begun();
  void state.wonder();
  expect(model.asked("results")).toHaveLength(0);
  void state.vote("left");
  expect(model.asked("vote")).toHaveLength(0);
  state.back();
  void state.wonder();
  void state.look();
  model.reply("results", { results: RESULTS, turn: { ...TURN, seen: true } });
  await settled();
  expect(state.results.value).toEqual(RESULTS);
  expect(state.wondering.value).toBe(false);
  void state.vote("left");
  expect(model.asked("vote")).toHaveLength(0);
  state.back();
  // Whoever has seen them is not asked again.
  void state.wonder();
  expect(model.asked("results")).toHaveLength(2);
});

it("asks for the results in the language that is switched to: some of their sentences are the kernel's", async () => {
  const { model, state } = await begun();
  state.speak("zh");
  expect(model.asked("results")).toHaveLength(0);
  void state.look();
  model.reply("results", { results: RESULTS, turn: { ...TURN, seen: true } });
  await settled();
  state.speak("en");
  expect(model.asked("results").map(({ language }) => language)).toEqual(["zh-CN", "en"]);
});

it("remembers who sits here, unless Python named somebody", async () => {
  const { model, state } = await begun();
  void state.rate("  王芳 ");
  expect(model.last("turn")).toMatchObject({ rater: "王芳" });
  model.reply("turn", { turn: next(2, { rater: "王芳" }) });
  await settled();
  void state.rate("王芳");
  expect(model.asked("turn")).toHaveLength(1);
  expect((await begun()).model.last("ready").rater).toBe("王芳");
  expect((await begun({ rater: "Ann" })).model.last("ready").rater).toBeNull();
});

it("asks for another pair where a picture cannot be read, and says why", async () => {
  const model = new Fake({ facts: {} });
  const state = new Voting(model);
  state.start();
  model.reply("ready", { version: "1", buffers: true, question: null, turn: TURN, warning: null }, new Uint8Array(3));
  await settled();
  model.refuse("picture", "A picture of this pair cannot be read");
  await settled();
  model.reply("turn", { turn: next(2) });
  await settled();
  expect(state.turn.value?.pair).toBe("p2");
  expect(state.notice.value?.text).toBe("A picture of this pair cannot be read");
});

it("asks anew when the kernel comes back, for the rater who sat here", async () => {
  const { model, state } = await begun({ rater: "Ann" });
  state.turn.value = { ...TURN, rater: "Bo" };
  model.emit("comm_live_update");
  expect(model.asked("ready")).toHaveLength(2);
  expect(model.last("ready").rater).toBe("Bo");
  state.dispose();
  model.emit("comm_live_update");
  expect(model.asked("ready")).toHaveLength(2);
});

it("says what to do where the kernel that made it is gone", async () => {
  const { model, state } = await begun();
  model.send = () => {
    throw new Error("the comm is closed");
  };
  void state.vote("left");
  await settled();
  expect(state.notice.value?.hint).toMatch(/run the cell again/);
});
