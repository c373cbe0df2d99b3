import { describe, expect, it } from "vitest";
import { PROVIDERS } from "../../harness/facts";
import type { Draft } from "../../src/protocol";
import * as form from "../../src/state/draft";

const draft = (some: Partial<Draft> = {}, targets: Partial<Draft["targets"]> = {}): Draft => ({
  ...form.EMPTY,
  ...some,
  targets: { ...form.EMPTY.targets, ...targets },
});

describe("targets", () => {
  it("are the first provider's default model where nothing is ticked", () => {
    expect(form.targetsOf(draft(), PROVIDERS).map((one) => one.model.name)).toEqual(["gpt-image-2"]);
  });

  it("are every ticked model at every ticked provider that lists it", () => {
    const made = form.targetsOf(
      draft({}, { providers: ["sandbox", "apiyi"], models: ["dall-e-2", "gpt-image-2-all"] }),
      PROVIDERS,
    );
    expect(made.map((one) => [one.provider.name, one.model.name])).toEqual([
      ["sandbox", "dall-e-2"],
      ["apiyi", "gpt-image-2-all"],
    ]);
  });

  it("take a name that nobody lists for every provider, with what holds for other models", () => {
    const made = form.targetsOf(draft({}, { providers: ["sandbox", "apiyi"], models: ["mine"] }), PROVIDERS);
    expect(made.map((one) => one.model.name)).toEqual(["mine", "mine"]);
    expect(made[0]?.model.fields).toBe(PROVIDERS[0]?.other.fields);
  });

  it("are none while no provider is known", () => {
    expect(form.targetsOf(draft(), [])).toEqual([]);
  });
});

describe("fields", () => {
  const both = form.targetsOf(draft({}, { models: ["gpt-image-2", "dall-e-2"] }), PROVIDERS);
  const old = form.targetsOf(draft({}, { models: ["dall-e-2"] }), PROVIDERS);

  it("have the values of all targets, and are closed only where all are", () => {
    expect(form.fieldOf(both, "size")).toMatchObject({ closed: false, default: null });
    expect(form.fieldOf(both, "size")?.values).toContain("256x256");
    expect(form.fieldOf(old, "size")?.closed).toBe(true);
  });

  it("are not there where no target takes them", () => {
    expect(form.fieldOf(old, "quality")).toBeNull();
    const refused = old.map((one) => ({
      ...one,
      model: { ...one.model, fields: { quality: { ...one.model.fields.size, place: "refused" } } },
    })) as unknown as form.Target[];
    expect(form.fieldOf(refused, "quality")).toBeNull();
  });

  it("limit pictures and prompts by the strictest target", () => {
    expect(form.limitsOf(both)?.most).toBe(0);
    expect(form.promptLimit(both)).toEqual({ most: 1000, unit: "characters" });
    expect(form.limitsOf([])).toBeNull();
  });
});

describe("fitted", () => {
  it("takes out what the model does not take, and keeps the rest", () => {
    const kept = form.fitted(
      draft(
        { background: "opaque", style: "vivid", output_format: "webp", output_compression: 80, stream: 2, prompt: "p" },
        { models: ["dall-e-2"], sizes: ["512x512", "1536x1024"], qualities: ["high"] },
      ),
      PROVIDERS,
    );
    expect(kept).toMatchObject({ background: null, style: "vivid", output_format: null, output_compression: null });
    expect(kept).toMatchObject({ stream: null, prompt: "p" });
    expect(kept.targets).toMatchObject({ sizes: ["512x512"], qualities: [] });
  });

  it("keeps what was typed where the model takes other values, and compression only where something is compressed", () => {
    const free = draft({ output_compression: 80, output_format: "jpeg" }, { sizes: ["1600x1200"] });
    expect(form.fitted(free, PROVIDERS)).toMatchObject({ output_compression: 80, targets: { sizes: ["1600x1200"] } });
    expect(form.fitted({ ...free, output_format: "png" }, PROVIDERS).output_compression).toBeNull();
  });

  it("changes nothing while nothing is known of any model", () => {
    const given = draft({ background: "opaque" });
    expect(form.fitted(given, [])).toEqual(given);
  });
});

it("fills in what a trait lacks", () => {
  expect(form.draftOf(null)).toEqual(form.EMPTY);
  expect(form.draftOf({ prompt: "p", targets: { sizes: ["1x1"] } })).toEqual(
    draft({ prompt: "p" }, { sizes: ["1x1"] }),
  );
});

it("counts characters as Python does, and bytes as they are sent", () => {
  expect(form.measure("猫🐈x", "characters")).toBe(3);
  expect(form.measure("猫🐈x", "bytes")).toBe(8);
});

it("takes a JSON object as extra fields, and says what else it is", () => {
  expect(form.extraProblem(" ")).toBeNull();
  expect(form.extraProblem('{"seed": 7}')).toBeNull();
  expect(form.extraProblem("{seed: 7}")).toBe("json");
  expect(form.extraProblem("[7]")).toBe("object");
  expect(form.extraProblem("null")).toBe("object");
});

it("counts the pictures of a sweep", () => {
  const sweep = draft({ n: 3 }, { models: ["gpt-image-2", "gpt-image-1.5"], sizes: ["a", "b"] });
  expect(form.pictures(sweep, form.targetsOf(sweep, PROVIDERS))).toBe(12);
});
