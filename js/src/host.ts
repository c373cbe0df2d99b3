/** What a host gives to a widget (anywidget's front-end module): the least that all of them have. */

export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...given: unknown[]) => void): void;
  off(event?: string | null, listener?: ((...given: unknown[]) => void) | null): void;
  send(content: unknown, callbacks?: unknown, buffers?: (ArrayBuffer | ArrayBufferView)[]): void;
  /** JupyterLab and Notebook pass their real manager through; marimo's has no kernel, others have none at all. */
  widget_manager?: { kernel?: { interrupt?: () => unknown } | null } | undefined;
}

export interface Given {
  model: Model;
  el: HTMLElement;
  /** Hosts before anywidget 0.11 give none. */
  signal?: AbortSignal;
}
