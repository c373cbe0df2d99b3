/**
 * Parts of the page that few need: bundles of their own, fetched from the kernel when they are first wanted.
 *
 * Each has its own copy of Preact, which does not see this one's signals: a part that follows some subscribes to them.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "./look/dialog";
import type { Part as Asked } from "./protocol";
import type { Page } from "./state/page";
import { words } from "./words/page";

type PartName = Asked["part"];

/** What a part's module exports as `mount`; it returns what takes it away again. */
export type Mount<Given> = (into: HTMLElement, given: Given) => () => void;

interface Fetched {
  mount: Mount<unknown>;
  style: string;
}

const fetched = new Map<PartName, Promise<Fetched>>();

/** As hosts load the page itself: a module from an object URL. */
async function fetchPart(page: Page, part: PartName): Promise<Fetched> {
  const { ok } = await page.channel.ask("part", { part });
  const url = URL.createObjectURL(new Blob([ok.script], { type: "text/javascript" }));
  try {
    const { mount } = (await import(url)) as { mount: Mount<unknown> };
    return { mount, style: ok.style };
  } finally {
    URL.revokeObjectURL(url);
  }
}

interface Given<G> {
  page: Page;
  part: PartName;
  given: G;
  onClose: () => void;
}

export function Part<G>({ page, part, given, onClose }: Given<G>) {
  const t = page.t.value;
  const box = useRef<HTMLDivElement>(null);
  const style = useSignal<string | null>(null);
  const started = useRef({ given, onClose });

  useEffect(() => {
    let gone = false;
    let end = () => {};
    let loading = fetched.get(part);
    if (!loading) {
      loading = fetchPart(page, part);
      fetched.set(part, loading);
      loading.catch(() => fetched.delete(part));
    }
    loading.then(
      (module) => {
        if (gone || !box.current) return;
        style.value = module.style;
        end = module.mount(box.current, started.current.given);
      },
      (why: unknown) => {
        if (gone) return;
        page.report(why);
        started.current.onClose();
      },
    );
    return () => {
      gone = true;
      end();
    };
  }, [page, part, style]);

  return (
    <>
      {style.value === null ? (
        <Dialog label={t(words, "loading")} onClose={onClose}>
          <p class="ic-loading">
            <span class="ic-spin" aria-hidden="true" /> {t(words, "loading")}
          </p>
        </Dialog>
      ) : (
        <style>{style.value}</style>
      )}
      <div ref={box} />
    </>
  );
}
