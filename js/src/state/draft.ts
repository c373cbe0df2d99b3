/** The form as a value, and what the chosen models make of it. Pure: nothing here knows a page. */
import { type Draft, type FieldFacts, type ImageFacts, LIMITS, type ModelFacts, type ProviderFacts } from "../protocol";

export const EMPTY: Draft = {
  v: 1,
  prompt: "",
  targets: { providers: [], models: [], sizes: [], qualities: [] },
  n: 1,
  background: null,
  output_format: null,
  output_compression: null,
  moderation: null,
  style: null,
  input_fidelity: null,
  stream: null,
  extra: "",
  references: [],
  mask: null,
  keep: false,
  once: false,
};

/** What a trait or a message holds, with everything that is missing filled in. */
export function draftOf(given: unknown): Draft {
  const some = (typeof given === "object" && given !== null ? given : {}) as Partial<Draft>;
  return { ...EMPTY, ...some, targets: { ...EMPTY.targets, ...some.targets } };
}

export interface Target {
  provider: ProviderFacts;
  model: ModelFacts;
}

export function modelOf(provider: ProviderFacts, name: string | null): ModelFacts {
  return provider.models.find((one) => one.name === name) ?? { ...provider.other, name: name ?? provider.other.name };
}

/** The providers in force: those that are ticked, or the first. */
export function providersOf(draft: Draft, providers: readonly ProviderFacts[]): ProviderFacts[] {
  const ticked = providers.filter((one) => draft.targets.providers.includes(one.name));
  return ticked.length > 0 ? ticked : providers.slice(0, 1);
}

/** Every pair of provider and model that a run would ask. A model that only another ticked provider lists is not asked here. */
export function targetsOf(draft: Draft, providers: readonly ProviderFacts[]): Target[] {
  const chosen = providersOf(draft, providers);
  return chosen.flatMap((provider) => {
    const listed = (name: string, by: ProviderFacts) => by.models.some((model) => model.name === name);
    const names = draft.targets.models.filter(
      (name) => listed(name, provider) || !chosen.some((other) => listed(name, other)),
    );
    const asked: (string | null)[] = names.length > 0 ? names : [provider.default_model];
    return asked.map((name) => ({ provider, model: modelOf(provider, name) }));
  });
}

export type FieldName =
  | "size"
  | "quality"
  | "n"
  | "background"
  | "output_format"
  | "output_compression"
  | "moderation"
  | "style"
  | "input_fidelity";

/** What all targets together say of a field; null where none of them takes it. */
export function fieldOf(targets: readonly Target[], name: FieldName): FieldFacts | null {
  const taken = targets
    .map((target) => target.model.fields[name])
    .filter((facts): facts is FieldFacts => facts !== undefined && facts.place !== "refused");
  const [first] = taken;
  if (!first) return null;
  const numbers = (pick: (facts: FieldFacts) => number | null) =>
    taken.map(pick).filter((one): one is number => one !== null);
  const lows = numbers((facts) => facts.min);
  const highs = numbers((facts) => facts.max);
  return {
    values: [...new Set(taken.flatMap((facts) => facts.values))],
    closed: taken.every((facts) => facts.closed),
    default: taken.every((facts) => facts.default === first.default) ? first.default : null,
    min: lows.length > 0 ? Math.max(...lows) : null,
    max: highs.length > 0 ? Math.min(...highs) : null,
    place: first.place,
    note: [...new Set(taken.map((facts) => facts.note).filter(Boolean))].join(" "),
  };
}

export function streams(targets: readonly Target[], editing: boolean): boolean {
  return targets.some((target) => (editing ? target.model.streams_edits : target.model.streams));
}

/** The strictest of what the targets take as input pictures. */
export function limitsOf(targets: readonly Target[]): ImageFacts | null {
  const [first, ...others] = targets;
  if (!first) return null;
  const facts = (target: Target) => (target.model.edits ? target.model.images : { ...target.model.images, most: 0 });
  return others.map(facts).reduce(
    (all, one) => ({
      most: Math.min(all.most, one.most),
      types: all.types.filter((type) => one.types.includes(type)),
      max_bytes: Math.min(all.max_bytes, one.max_bytes),
    }),
    facts(first),
  );
}

export interface PromptLimit {
  most: number;
  unit: ModelFacts["prompt_unit"];
}

export function promptLimit(targets: readonly Target[]): PromptLimit | null {
  let found: PromptLimit | null = null;
  for (const { model } of targets) {
    if (model.prompt_limit !== null && (found === null || model.prompt_limit < found.most)) {
      found = { most: model.prompt_limit, unit: model.prompt_unit };
    }
  }
  return found;
}

/** As the limit counts: characters are code points, as in Python. */
export function measure(prompt: string, unit: ModelFacts["prompt_unit"]): number {
  return unit === "bytes" ? new TextEncoder().encode(prompt).length : Array.from(prompt).length;
}

/** Takes out what the targets do not take, so that nothing invisible is sent. Keeps what nobody can judge (no facts). */
export function fitted(draft: Draft, providers: readonly ProviderFacts[]): Draft {
  const targets = targetsOf(draft, providers);
  if (targets.length === 0) return draft;
  const allowed = (name: FieldName) => {
    const facts = fieldOf(targets, name);
    return (value: string) => facts !== null && (!facts.closed || facts.values.includes(value));
  };
  const single = (name: "background" | "output_format" | "moderation" | "style" | "input_fidelity") => {
    const value = draft[name];
    return value !== null && allowed(name)(value) ? value : null;
  };
  const compression = fieldOf(targets, "output_compression");
  const format = single("output_format");
  return {
    ...draft,
    targets: {
      ...draft.targets,
      sizes: draft.targets.sizes.filter(allowed("size")),
      qualities: draft.targets.qualities.filter(allowed("quality")),
    },
    n: Math.max(1, Math.min(draft.n, LIMITS.pictures_per_request)),
    background: single("background"),
    output_format: format,
    output_compression: compression && compresses(format) ? draft.output_compression : null,
    moderation: single("moderation"),
    style: single("style"),
    input_fidelity: draft.references.length > 0 ? single("input_fidelity") : draft.input_fidelity,
    stream: streams(targets, draft.references.length > 0) ? draft.stream : null,
  };
}

/** PNG has nothing to compress away. */
export function compresses(format: string | null): boolean {
  return format === "jpeg" || format === "webp";
}

/** What is wrong with the text of the extra fields; null where it is empty or a JSON object. */
export function extraProblem(text: string): "json" | "object" | null {
  if (text.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "object";
  } catch {
    return "json";
  }
}

/** How many pictures a run makes, as far as the page can tell; the kernel's estimate is what counts. */
export function pictures(draft: Draft, targets: readonly Target[]): number {
  return (
    targets.length * Math.max(1, draft.targets.sizes.length) * Math.max(1, draft.targets.qualities.length) * draft.n
  );
}
