/**
 * Questions to the kernel and what it says by itself.
 *
 * Every question has one answer, found by its `call`. Buffers are tried once, in `ready`; where a host loses them, bytes
 * travel as base64 in `data` both ways.
 */
import { fromBase64, toBase64 } from "./bytes";
import type { Model } from "./host";
import type { Events, Problem, Replies, Requests } from "./protocol";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Answer<Ok> {
  ok: Ok;
  /** What came with it, as a buffer or as base64; null where nothing came. */
  bytes: Bytes | null;
}

export interface Asking {
  bytes?: Bytes;
  /** Milliseconds until the page gives up; a busy kernel answers when its cell has ended, so this is long. */
  timeout?: number;
  signal?: AbortSignal;
  /** Called once when there is no answer after `SLOW` milliseconds: the kernel is likely busy with a cell. */
  slow?: () => void;
}

export const SLOW = 1500;
const TIMEOUT = 120_000;

/** An error reply, no reply, or a page that went away. `problem.kind` is "NoAnswer" or "Aborted" for the last two. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
    this.name = "Refusal";
  }
}

interface Waiting {
  kind: string;
  resolve: (answer: Answer<never>) => void;
  reject: (refusal: Refusal) => void;
  done: () => void;
}

type Listener<Said> = (said: Said, bytes: Bytes | null) => void;

/** Different in every page that looks at the same kernel; crypto.randomUUID is missing on plain http. */
export function nonce(): string {
  const some = new Uint8Array(12);
  crypto.getRandomValues(some);
  return Array.from(some, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Who speaks another protocol than the Studio's names its own requests, replies and events. */
export class Channel<
  Q = Requests,
  A extends { [K in keyof Q]: unknown } = Replies & { [K in keyof Q]: unknown },
  S = Events,
> {
  /** Whether bytes must travel as base64: known after `ready`. */
  base64 = false;
  private readonly page = nonce().slice(0, 8);
  private count = 0;
  private readonly waiting = new Map<string, Waiting>();
  private readonly listeners = new Map<string, Set<Listener<never>>>();

  constructor(private readonly model: Model) {
    this.model.on("msg:custom", this.receive);
  }

  /** The name of the next question, for who has to know it before it is asked (`cancel` names its run). */
  next(): string {
    this.count += 1;
    return `${this.page}-${this.count}`;
  }

  ask<K extends keyof Q & string>(
    kind: K,
    fields: Q[K],
    asking: Asking = {},
    call = this.next(),
  ): Promise<Answer<A[K]>> {
    return new Promise<Answer<A[K]>>((resolve, reject) => {
      const { bytes, signal } = asking;
      if (signal?.aborted) {
        reject(new Refusal({ message: "", hint: null, kind: "Aborted" }));
        return;
      }
      const slow = asking.slow ? setTimeout(asking.slow, SLOW) : undefined;
      const late = setTimeout(() => fail("NoAnswer"), asking.timeout ?? TIMEOUT);
      const fail = (why: string) => {
        this.waiting.get(call)?.done();
        reject(new Refusal({ message: "", hint: null, kind: why }));
      };
      const abort = () => fail("Aborted");
      signal?.addEventListener("abort", abort, { once: true });
      this.waiting.set(call, {
        kind,
        resolve,
        reject,
        done: () => {
          clearTimeout(slow);
          clearTimeout(late);
          signal?.removeEventListener("abort", abort);
          this.waiting.delete(call);
        },
      });
      const message: Record<string, unknown> = { ...fields, kind, call };
      if (bytes && this.base64) {
        message.data = toBase64(bytes);
        this.model.send(message);
      } else {
        this.model.send(message, undefined, bytes ? [bytes] : undefined);
      }
    });
  }

  on<E extends keyof S & string>(kind: E, listener: Listener<S[E]>): () => void {
    const all = this.listeners.get(kind) ?? new Set();
    all.add(listener as Listener<never>);
    this.listeners.set(kind, all);
    return () => all.delete(listener as Listener<never>);
  }

  dispose(): void {
    this.model.off("msg:custom", this.receive);
    for (const one of [...this.waiting.values()]) {
      one.done();
      one.reject(new Refusal({ message: "", hint: null, kind: "Aborted" }));
    }
    this.listeners.clear();
  }

  private readonly receive = (...given: unknown[]): void => {
    const [content, buffers] = given as [unknown, unknown];
    if (typeof content !== "object" || content === null) return;
    const message = content as { kind?: unknown; call?: unknown; ok?: unknown; error?: unknown; data?: unknown };
    if (typeof message.kind !== "string") return;
    if (typeof message.call === "string" && message.kind.endsWith("-reply")) {
      const waiting = this.waiting.get(message.call);
      // Two pages look at one kernel: the other page's answers come here, too.
      if (!waiting || message.kind !== `${waiting.kind}-reply`) return;
      waiting.done();
      if (message.ok !== undefined) {
        waiting.resolve({ ok: message.ok as never, bytes: bytesOf(message.ok, buffers) });
      } else {
        waiting.reject(new Refusal(problemOf(message.error)));
      }
      return;
    }
    for (const listener of this.listeners.get(message.kind) ?? []) {
      listener(content as never, bytesOf(content, buffers));
    }
  };
}

function bytesOf(said: unknown, buffers: unknown): Bytes | null {
  const first: unknown = Array.isArray(buffers) ? buffers[0] : undefined;
  if (first instanceof ArrayBuffer) return new Uint8Array(first);
  if (ArrayBuffer.isView(first)) return new Uint8Array(first.buffer as ArrayBuffer, first.byteOffset, first.byteLength);
  const data = (said as { data?: unknown } | null)?.data;
  return typeof data === "string" ? fromBase64(data) : null;
}

function problemOf(error: unknown): Problem {
  const one = (error ?? {}) as Partial<Problem>;
  return {
    message: typeof one.message === "string" ? one.message : "",
    hint: typeof one.hint === "string" ? one.hint : null,
    kind: typeof one.kind === "string" ? one.kind : "Error",
  };
}
