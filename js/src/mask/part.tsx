/** The mask editor as a bundle of its own: what it follows on the desk is mirrored into signals of its own Preact. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { render } from "preact";
import type { Mount } from "../parts";
import type { MaskEditorGiven } from "../slots";
import { MaskEditor } from "./index";
import "./look.css";

export const mount: Mount<MaskEditorGiven> = (into, given) => {
  const stops: (() => void)[] = [];
  const mirror = <T,>(theirs: ReadonlySignal<T>) => {
    const ours = signal(theirs.value);
    stops.push(
      theirs.subscribe((value) => {
        ours.value = value;
      }),
    );
    return { value: ours };
  };
  const desk = Object.create(given.desk, {
    t: mirror(given.desk.t),
    variablesChanged: mirror(given.desk.variablesChanged),
  });
  render(<MaskEditor {...given} desk={desk} />, into);
  return () => {
    for (const stop of stops) stop();
    render(null, into);
  };
};
