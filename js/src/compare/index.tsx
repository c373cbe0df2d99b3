/**
 * A comparison in three places: a widget (`default`), a window over the Studio (`mount`), and a page that is a file, which
 * begins by itself.
 */
import { effect } from "@preact/signals";
import { render as draw } from "preact";
import { Channel } from "../channel";
import type { Given, Model } from "../host";
import { Dialog } from "../look/dialog";
import { followScheme } from "../look/scheme";
import type { Mount } from "../parts";
import { VERSION } from "../protocol";
import { Pixels } from "../state/pixels";
import type { Language } from "../words/language";
import { App } from "./app";
import { type Document, isShown } from "./document";
import { Embedded } from "./embedded";
import { Comparing, EMPTY, type Files, type Look } from "./state";
import { words } from "./words";
import "../look/theme.css";
import "../panes/look.css";
import "./look.css";

/** A document as far as it is one. */
function read(value: unknown): Document {
  const one = (value ?? {}) as Partial<Document>;
  return {
    ...EMPTY,
    ...one,
    places: Array.isArray(one.places) ? one.places : [],
    axes: Array.isArray(one.axes) ? one.axes : [],
  };
}

// -- the widget ------------------------------------------------------------------------------------------------------

const READY = 10_000;

interface Held {
  model: Model;
  state: Comparing;
  end: () => void;
}

const all = new Set<Held>();

/** As of the Studio: hosts hand out other wrappers of the same model, with the very same values in them. */
function find(model: Model): Held | undefined {
  return [...all].find((one) => one.model === model || one.model.get("document") === model.get("document"));
}

function hold(model: Model): Held {
  const channel = new Channel(model);
  const pixels = new Pixels(channel);
  const probe = { bytes: new Uint8Array([1, 2, 3]), timeout: READY };
  const ready = channel
    .ask("ready", { version: VERSION, buffers_probe: true, base64: false }, probe)
    .then(({ ok, bytes }) => {
      channel.base64 = !ok.buffers || bytes?.length !== 3;
    })
    .catch(() => {});
  const files: Files = { blob: (sha, box) => ready.then(() => pixels.blob(sha, box)) };
  const state = new Comparing(read(model.get("document")), files);
  state.look = (model.get("look") ?? {}) as Partial<Look>;
  const changed = () => {
    state.document.value = read(model.get("document"));
  };
  model.on("change:document", changed);
  let first = true;
  const stop = effect(() => {
    const { look } = state;
    if (first) {
      first = false;
      return;
    }
    model.set("look", look);
    model.save_changes();
  });
  const held = {
    model,
    state,
    end: () => {
      all.delete(held);
      stop();
      model.off("change:document", changed);
      channel.dispose();
      pixels.dispose();
      state.dispose();
    },
  };
  all.add(held);
  return held;
}

function initialize({ model }: Omit<Given, "el">): () => void {
  return hold(model).end;
}

function render({ model, el }: Given): () => void {
  const { state } = find(model) ?? hold(model);
  return into(el, (root) => <App state={state} root={root} fills={false} />);
}

function into(el: HTMLElement, shown: (root: HTMLElement) => preact.ComponentChild): () => void {
  const root = document.createElement("div");
  root.className = "imgcell";
  el.append(root);
  const stop = followScheme(root);
  draw(shown(root), root);
  return () => {
    stop();
    draw(null, root);
    root.remove();
  };
}

export default { initialize, render };

// -- over the Studio -------------------------------------------------------------------------------------------------

export interface Over {
  document: unknown;
  files: Files;
  language: Language;
  onClose: () => void;
}

export const mount: Mount<Over> = (el, { document, files, language, onClose }) => {
  const state = new Comparing(read(document), files, language);
  const end = into(el, (root) => (
    <Dialog label={state.t.value(words, "comparison")} onClose={onClose}>
      <App state={state} root={root} fills={true} onClose={onClose} />
    </Dialog>
  ));
  return () => {
    end();
    state.dispose();
  };
};

// -- a file ----------------------------------------------------------------------------------------------------------

const page = document.querySelector('script[type="application/json"]#imgcell-comparison');
if (page?.textContent) {
  const state = new Comparing(read(JSON.parse(page.textContent)), new Embedded());
  state.current.value = state.document.value.places.find(isShown)?.key ?? "";
  const main = document.createElement("main");
  document.body.append(main);
  into(main, (root) => <App state={state} root={root} fills={true} />);
}
