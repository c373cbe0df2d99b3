/** A model whose kernel is the test: it sees what is asked and says what it wants. */
import type { Model } from "../src/host";

export interface Sent {
  kind: string;
  call: string;
  [field: string]: unknown;
}

export class Fake implements Model {
  readonly sent: { message: Sent; buffers: unknown[] }[] = [];
  readonly saved: Record<string, unknown>[] = [];
  private readonly listeners = new Map<string, Set<(...given: unknown[]) => void>>();
  private changed: Record<string, unknown> = {};

  constructor(
    readonly data: Record<string, unknown> = {},
    readonly widget_manager?: Model["widget_manager"],
  ) {}

  get(name: string): unknown {
    return this.data[name];
  }

  set(name: string, value: unknown): void {
    this.changed[name] = value;
    this.data[name] = value;
  }

  save_changes(): void {
    this.saved.push(this.changed);
    this.changed = {};
  }

  on(event: string, listener: (...given: unknown[]) => void): void {
    const all = this.listeners.get(event) ?? new Set();
    all.add(listener);
    this.listeners.set(event, all);
  }

  off(event?: string | null, listener?: ((...given: unknown[]) => void) | null): void {
    if (event && listener) this.listeners.get(event)?.delete(listener);
  }

  send(content: unknown, _callbacks?: unknown, buffers?: unknown[]): void {
    this.sent.push({ message: content as Sent, buffers: buffers ?? [] });
  }

  emit(event: string, ...given: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(...given);
  }

  say(content: unknown, ...buffers: unknown[]): void {
    this.emit("msg:custom", content, buffers);
  }

  /** From the kernel: a trait that changed. */
  write(name: string, value: unknown): void {
    this.data[name] = value;
    this.emit(`change:${name}`);
  }

  last(kind: string): Sent {
    const found = this.sent.map(({ message }) => message).filter((message) => message.kind === kind);
    const message = found.at(-1);
    if (!message) throw new Error(`nobody asked ${kind}`);
    return message;
  }

  asked(kind: string): Sent[] {
    return this.sent.map(({ message }) => message).filter((message) => message.kind === kind);
  }

  reply(kind: string, ok: unknown, ...buffers: unknown[]): void {
    this.say({ kind: `${kind}-reply`, call: this.last(kind).call, ok }, ...buffers);
  }

  refuse(kind: string, message: string, hint: string | null = null): void {
    this.say({ kind: `${kind}-reply`, call: this.last(kind).call, error: { message, hint, kind: "Error" } });
  }
}
