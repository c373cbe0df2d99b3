/** Providers and cards as a kernel would tell them. */
import type { Card, FieldFacts, ModelFacts, ProviderFacts, State } from "../src/protocol";

const field = (values: string[], some: Partial<FieldFacts> = {}): FieldFacts => ({
  values,
  closed: true,
  default: values[0] ?? null,
  min: null,
  max: null,
  place: "body",
  note: "",
  ...some,
});

const model = (name: string, some: Partial<ModelFacts> = {}): ModelFacts => ({
  name,
  prompt_limit: 32000,
  prompt_unit: "characters",
  fields: {
    size: field(["auto", "1024x1024", "1536x1024", "1024x1536"], {
      closed: false,
      note: "Both sides must be multiples of 16.",
    }),
    quality: field(["auto", "low", "medium", "high"]),
    n: field([], { min: 1, max: 10 }),
    background: field(["auto", "opaque", "transparent"]),
    output_format: field(["png", "jpeg", "webp"]),
    output_compression: field([], { min: 0, max: 100, default: "100" }),
    moderation: field(["auto", "low"]),
  },
  images: { most: 16, types: ["image/png", "image/jpeg", "image/webp"], max_bytes: 50_000_000 },
  edits: true,
  mask: true,
  streams: true,
  streams_edits: true,
  pictures_per_call: 10,
  ...some,
});

const old = (name: string): ModelFacts =>
  model(name, {
    prompt_limit: 1000,
    fields: {
      size: field(["256x256", "512x512", "1024x1024"]),
      n: field([], { min: 1, max: 10 }),
      style: field(["vivid", "natural"]),
    },
    edits: false,
    mask: false,
    streams: false,
    streams_edits: false,
  });

export const PROVIDERS: ProviderFacts[] = [
  {
    name: "sandbox",
    title: "Sandbox",
    key: true,
    key_hint: "",
    free: true,
    default_model: "gpt-image-2",
    models: [model("gpt-image-2"), model("gpt-image-1.5"), old("dall-e-2")],
    other: model("other"),
    free_text_models: true,
  },
  {
    name: "apiyi",
    title: "API易 (APIYI)",
    key: false,
    key_hint: "Set APIYI_API_KEY, or call imgcell.configure(api_key=…) in a cell.",
    free: false,
    default_model: "gpt-image-2-all",
    models: [model("gpt-image-2-all")],
    other: model("other"),
    free_text_models: true,
  },
];

export const PROMPTS = [
  "A lighthouse on a basalt cliff at dawn, thin fog over the sea, 35 mm photograph, soft side light",
  "Flat vector poster of a night train crossing a viaduct, three colors",
  "青瓷茶壶的产品照，浅色亚麻布，左侧窗光，浅景深",
  "Product photo of a celadon teapot on pale linen, window light from the left",
  "Make it winter: snow on the cliff, the lamp lit, keep the composition",
];

export function card(number: number, some: Partial<Card> = {}): Card {
  const state: State = some.state ?? "done";
  const wide = number % 3 === 1;
  const done = state === "done";
  return {
    key: `card-${number}`,
    state,
    call: `run-${Math.floor(number / 4)}`,
    id: done ? `p-${String(number).padStart(6, "0")}` : null,
    sha: done ? `sha${number}` : null,
    prompt: PROMPTS[number % PROMPTS.length] ?? "",
    provider: "sandbox",
    model: number % 5 === 2 ? "gpt-image-1.5" : "gpt-image-2",
    kind: number % 5 === 4 ? "edit" : "generate",
    asked: { size: wide ? "1536x1024" : "1024x1024", quality: "medium" },
    effective: {},
    honored: [],
    rewritten: [],
    got: done ? { width: wide ? 1536 : 1024, height: 1024, format: "PNG", bytes: 1_940_000 } : null,
    seconds: done ? 4.2 + (number % 7) * 6.1 : null,
    cost: done ? { amount: 0.042, currency: "USD", basis: number % 2 ? "computed" : "billed" } : null,
    notes: number % 6 === 3 ? ["The size 1920x1080 is not taken by this model: 1536x1024 was asked for."] : [],
    outside: null,
    message: "",
    error: null,
    stars: number % 7 === 2 ? 5 : 0,
    tags: [],
    note: "",
    mask: false,
    parents: [],
    label: "",
    created: new Date(Date.UTC(2026, 10, 21, 9, 0) - number * 60_000).toISOString(),
    began: done ? null : Date.now() - 7000,
    replayed: number % 9 === 5,
    deleted: false,
    ...some,
  };
}

export function scene(name: string): Card[] {
  const many = (count: number) => Array.from({ length: count }, (_, at) => card(at));
  switch (name) {
    case "results":
      return many(11);
    case "many":
      return many(1000);
    case "running":
      return [
        ...many(6),
        card(20, { state: "done", call: "now" }),
        card(21, { state: "partial", call: "now", message: "Partial picture 2 of 3" }),
        card(22, { state: "working", call: "now" }),
        card(23, { state: "queued", call: "now", began: null, message: "Waiting 12 s (rate limit)" }),
      ];
    case "otherwise":
      return [
        card(0, {
          asked: { size: "1024x1024", quality: "high", background: "transparent", style: "vivid" },
          effective: { size: "1254x1254", background: "opaque", transparency: 0 },
          got: { width: 1254, height: 1254, format: "PNG", bytes: 1_940_000 },
          honored: [
            { name: "size", asked: "1024x1024", got: "1254x1254", met: false },
            { name: "ratio", asked: "1:1", got: "1:1", met: true },
            { name: "background", asked: "transparent", got: "opaque", met: false },
            { name: "quality", asked: "high", got: null, met: null },
          ],
          prompt: "横版 16:9 黄昏海边的老灯塔，35 mm film",
          rewritten: [
            { kind: "added", text: "一幅" },
            { kind: "same", text: "横版 16:9 " },
            { kind: "added", text: "的画面，" },
            { kind: "same", text: "黄昏" },
            { kind: "added", text: "时分的" },
            { kind: "same", text: "海边" },
            { kind: "removed", text: "的老" },
            { kind: "added", text: "矗立着一座古老的" },
            { kind: "same", text: "灯塔，35 mm film" },
            { kind: "added", text: ", with soft grain and warm light" },
          ],
        }),
        ...many(4).slice(1),
      ];
    case "trouble":
      return [
        ...many(3),
        card(30, {
          state: "failed",
          call: "bad",
          error: {
            message: "sandbox refused the request (400): the prompt was rejected by the safety system.",
            hint: "Change the prompt. Nothing was charged.",
            kind: "RefusedError",
          },
        }),
        card(31, {
          state: "unknown",
          call: "bad",
          error: {
            message: "The connection broke after the request was sent; it may have been charged.",
            hint: "Look at the provider's bill before you send it again.",
            kind: "UnknownOutcomeError",
          },
        }),
        card(32, { state: "cancelled", call: "bad", message: "Cancelled before it was sent; nothing was charged." }),
      ];
    default:
      return [];
  }
}
