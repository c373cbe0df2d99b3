/** Does something once it has been quiet for a while, and at once when asked. */
export class Later {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wait: number,
    private readonly act: () => void,
  ) {}

  get pending(): boolean {
    return this.timer !== undefined;
  }

  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), this.wait);
  }

  /** Does it now if it was to be done. */
  now(): void {
    if (this.timer === undefined) return;
    this.drop();
    this.act();
  }

  drop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
