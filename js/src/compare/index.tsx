/**
 * A comparison in three places: a widget (`default`), a window over the Studio (`mount`), and a page that is a file, which
 * begins by itself.
 */
import { effect } from "@preact/signals";
import { Channel } from "../channel";
import type { Model } from "../host";
import { Dialog } from "../look/dialog";
import type { Mount } from "../parts";
import { VERSION } from "../protocol";
import { Pixels } from "../state/pixels";
import { into, widget } from "../widget";
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

function hold(model: Model): { state: Comparing; end: () => void } {
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
  return {
    state,
    end: () => {
      stop();
      model.off("change:document", changed);
      channel.dispose();
      pixels.dispose();
      state.dispose();
    },
  };
}

export default widget({
  traits: ["document"],
  make: hold,
  end: (held) => held.end(),
  view: ({ state }, root) => <App state={state} root={root} fills={false} />,
});

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
