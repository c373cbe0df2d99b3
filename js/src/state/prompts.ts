/** Prompts of before, walked with up and down; what was being written is the last of them. */

export class Prompts {
  private at = -1;
  private writing = "";

  constructor(private all: readonly string[] = []) {}

  /** Newest first, each once. */
  learn(prompts: readonly string[]): void {
    this.all = [...new Set(prompts.filter((one) => one.trim() !== ""))].slice(0, 200);
  }

  /** Somebody typed: the walk is over. */
  rest(): void {
    this.at = -1;
  }

  older(current: string): string | null {
    if (this.at === -1) this.writing = current;
    let to = this.at + 1;
    while (this.all[to] !== undefined && this.all[to] === current) to += 1;
    const found = this.all[to];
    if (found === undefined) return null;
    this.at = to;
    return found;
  }

  newer(): string | null {
    if (this.at === -1) return null;
    this.at -= 1;
    return this.at === -1 ? this.writing : (this.all[this.at] ?? null);
  }
}
