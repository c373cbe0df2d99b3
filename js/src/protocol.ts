// Generated from src/imgcell/widget/protocol.py by `python -m imgcell.widget.generate`; do not edit.

/** Why something did not work: what happened, what to do next (or null), and the class of the error. */
export interface Problem {
  message: string;
  hint: string | null;
  kind: string;
}

/** What is wrong with a draft, and at which of its fields ("" where it is none in particular). */
export interface FieldProblem {
  field: string;
  message: string;
}

/** An amount and how it is known: "billed", "computed", "estimated" or "free". */
export interface Money {
  amount: number;
  currency: string;
  basis: string;
}

/** What came: pixels as displayed, "PNG" | "JPEG" | "WEBP", bytes. */
export interface Got {
  width: number;
  height: number;
  format: string;
  bytes: number;
}

/** One thing that was asked for, and what came; ``met`` is null where nobody knows. */
export interface Honored {
  name: string;
  asked: string;
  got: string | null;
  met: boolean | null;
}

/** A stretch of the prompt as the provider rewrote it. */
export interface Span {
  kind: "same" | "added" | "removed";
  text: string;
}

export type State = "queued" | "sending" | "working" | "receiving" | "partial" | "done" | "failed" | "unknown" | "cancelled";

/** What a masked edit did where it should have done nothing: which part changed, 0 to 1; (right, down) in pixels, if it was shifted. */
export interface Outside {
  changed: number;
  shift: number[];
}

/** One picture, made, failed or on its way. ``key`` is unique and stays the same for as long as the card is shown; a picture of the library is named by its id instead, wherever a card's key is asked for. ``call`` is that of the run it belongs to ("" for the library's). ``began`` is milliseconds since 1970, ``created`` ISO 8601. ``asked`` holds the fields that the user named, ``effective`` what the provider says it did and what was measured; ``honored`` sets the two side by side. ``rewritten`` is the prompt with what the provider took away and added, empty if it rewrote nothing. ``message`` says in words what is going on. */
export interface Card {
  key: string;
  state: State;
  call: string;
  id: string | null;
  sha: string | null;
  prompt: string;
  provider: string;
  model: string | null;
  kind: "generate" | "edit";
  asked: Record<string, string | number | boolean>;
  effective: Record<string, string | number | boolean>;
  honored: Honored[];
  rewritten: Span[];
  got: Got | null;
  seconds: number | null;
  cost: Money | null;
  notes: string[];
  outside: Outside | null;
  message: string;
  error: Problem | null;
  stars: number;
  tags: string[];
  note: string;
  mask: boolean;
  parents: string[];
  label: string;
  created: string;
  began: number | null;
  replayed: boolean;
  deleted: boolean;
}

/** What a model does with one of our words: "body" and "prompt" are taken, "refused" is not. */
export interface FieldFacts {
  values: string[];
  closed: boolean;
  default: string | null;
  min: number | null;
  max: number | null;
  place: "body" | "prompt" | "refused";
  note: string;
}

/** What a model takes as input pictures. */
export interface ImageFacts {
  most: number;
  types: string[];
  max_bytes: number;
}

/** What one model takes; a word that is not in ``fields`` is not taken. ``prompt_unit`` is what the limit counts. */
export interface ModelFacts {
  name: string;
  prompt_limit: number | null;
  prompt_unit: "characters" | "bytes";
  fields: Record<string, FieldFacts>;
  images: ImageFacts;
  edits: boolean;
  mask: boolean;
  streams: boolean;
  streams_edits: boolean;
  pictures_per_call: number;
}

/** One provider. ``other`` is what holds for models that are in no list: their names are free text. */
export interface ProviderFacts {
  name: string;
  title: string;
  key: boolean;
  key_hint: string;
  free: boolean;
  default_model: string | null;
  models: ModelFacts[];
  other: ModelFacts;
  free_text_models: boolean;
}

/** What is under way, over all runs; ``calls`` are the runs that can be cancelled. ``calls`` is empty when nothing is. */
export interface Busy {
  calls: string[];
  pictures: number;
  done: number;
  began: number | null;
  message: string;
}

/** What holds for the whole Studio. */
export interface Facts {
  version: string;
  language: string;
  bound: string | null;
  limits: Record<string, number>;
  library: boolean;
  paused: boolean;
}

/** A picture that an edit can be about. ``sha`` is what ``fetch-image`` takes; ``id`` the library's, if it came from there. */
export interface Reference {
  key: string;
  name: string;
  width: number;
  height: number;
  media_type: string;
  bytes: number;
  sha: string;
  id: string | null;
  notes: string[];
}

/** A mask: white where to edit; ``share`` of the pixels, 0 to 1. ``sha`` is what ``fetch-image`` takes (a grey PNG). */
export interface MaskFacts {
  mask: string;
  name: string;
  width: number;
  height: number;
  share: number;
  sha: string;
}

/** A variable of the kernel that is a picture, or several. */
export interface Variable {
  name: string;
  kind: string;
  width: number;
  height: number;
  count: number;
}

/** One step of a chain of edits, oldest first; ``sha`` is null where the picture is gone. */
export interface Step {
  id: string;
  sha: string | null;
  prompt: string;
  modified: boolean;
  mask_sha: string | null;
  provider: string;
  model: string | null;
  cost: Money | null;
  size: number[];
  created: string;
}

/** More than one of anything makes a sweep; an empty list leaves it to the default. */
export interface Targets {
  providers: string[]; // at most 32, each at most 200
  models: string[]; // at most 32, each at most 200
  sizes: string[]; // at most 32, each at most 200
  qualities: string[]; // at most 32, each at most 200
}

/** The form. ``stream`` is how many partial pictures are asked for, null not to stream; ``extra`` the text of a JSON object. ``keep`` puts the first reference's own pixels back outside of the mask. */
export interface Draft {
  v: 1;
  prompt: string; // at most 100000
  targets: Targets;
  n: number; // 1 to 10
  background: string | null; // at most 200
  output_format: string | null; // at most 200
  output_compression: number | null; // 0 to 100
  moderation: string | null; // at most 200
  style: string | null; // at most 200
  input_fidelity: string | null; // at most 200
  stream: number | null; // 0 to 3
  extra: string; // at most 20000
  references: string[]; // at most 16, each at most 100
  mask: string | null; // at most 100
  keep: boolean;
  once: boolean;
}

/** How the page looks at its cards; keys (or ids of the library) in ``selected`` and ``open``; its ``language`` ("": the kernel's). */
export interface View {
  sort: string; // at most 32
  filter: string; // at most 32
  text: string; // at most 500
  selected: string[]; // at most 1000, each at most 100
  open: string | null; // at most 100
  tab: string; // at most 32
  language: string; // at most 16
}

/** No fields. */
export type Nothing = Record<string, never>;

/** The page is there (again). ``buffers_probe``: whether three bytes (1, 2, 3) come with it; ``base64``: it gets no buffers. */
export interface Ready {
  version: string; // at most 32
  buffers_probe: boolean;
  base64: boolean;
}

/** ``version``: the kernel's protocol. ``buffers``: whether the probe came; the reply carries the same three bytes. ``draft``: what Python put into the form. Partial pictures of what is under way follow as ``preview`` messages. */
export interface ReadyOk {
  version: string;
  buffers: boolean;
  draft: Draft | null;
  references: Reference[];
  mask: MaskFacts | null;
  warning: string | null;
}

/** Pixels by hash: fitted into a square of *box* pixels, or the original bytes; ``base64`` where buffers do not come. */
export interface FetchImage {
  sha: string; // at most 64
  box: 256 | 512 | 1024 | "original";
  base64: boolean;
}

/** Comes with one buffer, or with ``data``; ``media_type`` is "image/png", "image/jpeg" or "image/webp". */
export interface FetchImageOk {
  media_type: string;
  data: string | null;
}

/** A part of the page that few need: a bundle of its own. */
export interface Part {
  part: "mask" | "compare";
}

/** The text of its module and of its style sheet. */
export interface PartOk {
  script: string;
  style: string;
}

/** What the comparison shows (:class:`imgcell.comparison.document.Document`). */
export interface CompareOk {
  document: Record<string, unknown>;
}

/** What would this cost? */
export interface Estimate {
  draft: Draft;
}

/** ``price`` is a text to show; ``amount`` is null where no price is known. Nothing can be run while there are problems. ``ask``: a question that is put to the user before this is run: it is large. */
export interface EstimateOk {
  price: string;
  amount: number | null;
  currency: string | null;
  pictures: number;
  requests: number;
  replayed: number;
  notes: string[];
  problems: FieldProblem[];
  ask: string | null;
}

/** Send it. A nonce runs once: the same one again gives the same answer, and nothing is sent. ``cancel`` names it by this request's ``call``. */
export interface Run {
  draft: Draft;
  nonce: string; // at most 100
}

/** The keys of the cards. */
export interface Cards {
  cards: string[];
}

/** Send nothing more for the run of this call, or nonce (null: for any); a second time lets go of what was sent, too. */
export interface Cancel {
  target: string | null; // at most 64
}

/** How many requests were sent already and are still received; the same in words. */
export interface CancelOk {
  sent: number;
  message: string;
}

/** Send to this provider again, after it paused itself (``facts.paused``). */
export interface Resume {
  provider: string; // at most 200
}

/** Ask again for the picture of a card that failed, was cancelled or is unknown. */
export interface Retry {
  card: string; // at most 100
  nonce: string; // at most 100
}

/** A file is going to come; ``sha256`` is null where the page cannot hash. */
export interface UploadStart {
  name: string; // at most 300
  size: number; // 1 to 50000000
  sha256: string | null; // at most 64
}

/** ``piece``: bytes of each piece but the last. ``reference``: it is known already, and nothing need be sent. */
export interface UploadStartOk {
  upload: string;
  piece: number;
  reference: Reference | null;
}

/** The next piece, in order. */
export interface UploadPiece {
  upload: string; // at most 100
  offset: number; // 0 to 50000000
  data: string | null; // at most 1398109
}

/** How many bytes there are now; where it is not what the page expected, it goes on from there. */
export interface UploadPieceOk {
  received: number;
}

/** An upload. */
export interface Upload {
  upload: string; // at most 100
}

/** The picture, in the tray. */
export interface ReferenceOk {
  reference: Reference;
}

/** Put the picture of a card (or of the library) into the tray. */
export interface ReferenceFromCard {
  card: string; // at most 100
}

/** Put a variable's picture into the tray. */
export interface ReferenceFromVariable {
  name: string; // at most 300
}

/** The tray, in the order of the draft, then what else is known. */
export interface References {
  references: Reference[];
}

/** Take a picture out of the tray. */
export interface RemoveReference {
  reference: string; // at most 100
}

/** The kernel's variables that are pictures. */
export interface Variables {
  variables: Variable[];
}

/** A mask was painted on a reference: a PNG exactly as large, white where to edit, black or transparent elsewhere. */
export interface Mask {
  reference: string; // at most 100
  data: string | null; // at most 9900000
}

/** The mask as it is kept. */
export interface MaskOk {
  mask: MaskFacts;
}

/** Take a variable, or a saved mask, as the mask for a reference; its pixels come by ``fetch-image``. */
export interface MaskFromName {
  name: string; // at most 300
  reference: string; // at most 100
}

/** Keep a mask under a name. */
export interface SaveMask {
  mask: string; // at most 100
  name: string; // at most 100
}

/** The name it has. */
export interface Saved {
  name: string;
}

/** The saved masks. */
export interface Masks {
  masks: MaskFacts[];
}

/** Give a picture stars. */
export interface Star {
  id: string; // at most 100
  stars: number; // 0 to 5
}

/** Write a note to a picture. */
export interface Note {
  id: string; // at most 100
  text: string; // at most 10000
}

/** Set the tags of a picture. */
export interface Tag {
  id: string; // at most 100
  tags: string[]; // at most 50, each at most 100
}

/** Some cards, by key or id. */
export interface CardKeys {
  cards: string[]; // at most 1000, each at most 100
}

/** How many it was done to. */
export interface Counted {
  count: number;
}

/** A page of the library, newest first, from behind ``before`` (of the page before; null: from the beginning) on. */
export interface History {
  text: string; // at most 500
  before: string | null; // at most 100
  limit: number; // 1 to 100
}

/** ``before`` is what asks for the next page. */
export interface HistoryOk {
  cards: Card[];
  more: boolean;
  before: string | null;
}

/** The chain of edits that ends in this picture. */
export interface Lineage {
  id: string; // at most 100
}

/** The steps, oldest first. */
export interface LineageOk {
  steps: Step[];
}

/** The cell, or the Python, that makes this picture again; "edit": the beginning of a cell that edits it. */
export interface Code {
  card: string; // at most 100
  form: "cell" | "python" | "edit";
}

/** The text. */
export interface CodeOk {
  text: string;
}

/** Keep a variable of this name up to date with the sheet; null stops that. */
export interface Bind {
  name: string | null; // at most 100
}

/** The name in force. */
export interface BindOk {
  bound: string | null;
}

/** Python filled the form; ``references`` and ``mask`` are what the draft names. */
export interface Suggest {
  draft: Draft;
  references: Reference[];
  mask: MaskFacts | null;
}

/** These cards look different now, or are new; the trait follows. */
export interface Changed {
  cards: Card[];
}

/** A partial picture of a card: one buffer, or ``data``. */
export interface Preview {
  card: string;
  media_type: string;
  data: string | null;
}

/** The list of variables may have changed. */
export interface VariablesChanged {
  count: number;
}

/** Kind of request -> its fields, beside `kind` and `call`. */
export interface Requests {
  "ready": Ready;
  "fetch-image": FetchImage;
  "part": Part;
  "compare": CardKeys;
  "estimate": Estimate;
  "run": Run;
  "cancel": Cancel;
  "retry": Retry;
  "resume": Resume;
  "upload-start": UploadStart;
  "upload-piece": UploadPiece;
  "upload-end": Upload;
  "upload-cancel": Upload;
  "reference-from-card": ReferenceFromCard;
  "reference-from-variable": ReferenceFromVariable;
  "references": Nothing;
  "remove-reference": RemoveReference;
  "variables": Nothing;
  "mask": Mask;
  "mask-from-variable": MaskFromName;
  "save-mask": SaveMask;
  "load-mask": MaskFromName;
  "masks": Nothing;
  "star": Star;
  "note": Note;
  "tag": Tag;
  "delete": CardKeys;
  "restore": CardKeys;
  "history": History;
  "lineage": Lineage;
  "code": Code;
  "bind": Bind;
}

/** Kind of request -> what is in `ok` of its reply. */
export interface Replies {
  "ready": ReadyOk;
  "fetch-image": FetchImageOk;
  "part": PartOk;
  "compare": CompareOk;
  "estimate": EstimateOk;
  "run": Cards;
  "cancel": CancelOk;
  "retry": Cards;
  "resume": Nothing;
  "upload-start": UploadStartOk;
  "upload-piece": UploadPieceOk;
  "upload-end": ReferenceOk;
  "upload-cancel": Nothing;
  "reference-from-card": ReferenceOk;
  "reference-from-variable": ReferenceOk;
  "references": References;
  "remove-reference": Nothing;
  "variables": Variables;
  "mask": MaskOk;
  "mask-from-variable": MaskOk;
  "save-mask": Saved;
  "load-mask": MaskOk;
  "masks": Masks;
  "star": Counted;
  "note": Counted;
  "tag": Counted;
  "delete": Counted;
  "restore": Counted;
  "history": HistoryOk;
  "lineage": LineageOk;
  "code": CodeOk;
  "bind": BindOk;
}

/** What the kernel says by itself, by kind. */
export interface Events {
  "suggest": Suggest;
  "changed": Changed;
  "preview": Preview;
  "variables-changed": VariablesChanged;
}

/** The model's traits. */
export interface Traits {
  "cards": Card[];
  "providers": ProviderFacts[];
  "busy": Busy;
  "facts": Facts;
  "draft": Draft;
  "view": View;
}

/** Traits that only the kernel writes. */
export type KernelTrait = "cards" | "providers" | "busy" | "facts";

/** Traits that only the page writes. */
export type PageTrait = "draft" | "view";

/** Exactly one for each request. */
export type Reply<K extends keyof Requests> =
  | { kind: `${K}-reply`; call: string; ok: Replies[K] }
  | { kind: `${K}-reply`; call: string; error: Problem };

/** Of this protocol; `ready` says it. */
export const VERSION = "1";

/** How much of anything the kernel takes. */
export const LIMITS = {
  piece: 1048576,
  upload: 50000000,
  mask: 9000000,
  prompt: 100000,
  extra: 20000,
  references: 16,
  pictures_per_request: 10,
  pictures_per_run: 100,
  history_page: 100,
} as const;

/** Requests that carry one buffer, and its bytes at most. */
export const BUFFERS = {
  "ready": 3,
  "upload-piece": 1048576,
  "mask": 9000000,
} as const;
