/** What stands under a picture: what it took, what it cost, what was asked for and what came. */
import { Icon } from "../look/icons";
import { bytes, dimensions, money, seconds, times } from "../words/amounts";
import type { Translate } from "../words/language";
import type { Place } from "./document";
import type { Comparing } from "./state";
import { words } from "./words";

export function costOf(t: Translate, { cost, provider }: Place): string {
  if (!cost) return provider ? t(words, "costUnknown") : "";
  if (cost.basis === "free") return t(words, "free");
  const sum = money(cost);
  return cost.basis === "estimated" && !sum.startsWith("<") ? `≈ ${sum}` : sum;
}

/** Whether a size was asked for that did not come. */
export function otherSize(place: Place): boolean {
  return /^\d+\s*[x×]\s*\d+$/.test(place.asked) && times(place.asked) !== dimensions(place);
}

/** One line of it, for a screen reader. */
export function told(state: Comparing, place: Place): string {
  const t = state.t.value;
  if (state.bare.value) return "";
  if (place.sha === null) return [t(words, `outcome_${place.outcome}` as "outcome_failed"), place.reason].join(": ");
  return [
    place.seconds === null ? "" : seconds(place.seconds),
    costOf(t, place),
    dimensions(place),
    ...place.broken,
    place === state.baseline.value ? t(words, "isBaseline") : "",
  ]
    .filter(Boolean)
    .join(", ");
}

export function Facts({ state, place, name }: { state: Comparing; place: Place; name: string }) {
  const t = state.t.value;
  if (state.bare.value || place.sha === null)
    return <div class="ic-facts-of">{name && <strong class="ic-called">{name}</strong>}</div>;
  const { common } = state;
  const wrong = otherSize(place);
  const given = (axis: string) => state.document.value.axes.some(([name]) => name === axis);
  return (
    <div class="ic-facts-of">
      {name && (
        <strong class="ic-called" title={name}>
          {name}
        </strong>
      )}
      <span class="ic-told-of">
        {!common.value.model && !given("model") && <span>{place.model ?? place.provider}</span>}
        {place.seconds !== null && <span>{seconds(place.seconds)}</span>}
        {costOf(t, place) && <span>{costOf(t, place)}</span>}
        <span class={wrong ? "ic-wrong" : ""} title={wrong ? t(words, "asked", { size: times(place.asked) }) : ""}>
          {wrong && <Icon name="alert" />}
          {wrong && <s>{times(place.asked)}</s>} {dimensions(place)}
        </span>
        <span>
          {place.format} {bytes(place.bytes)}
        </span>
      </span>
      {place.broken.length > 0 && (
        <span class="ic-wrong">
          <Icon name="alert" /> {place.broken.join(" · ")}
        </span>
      )}
      {Object.entries(place.numbers).length > 0 && (
        <span class="ic-told-of">
          {Object.entries(place.numbers).map(([measure, number]) => (
            <span key={measure}>
              {measure} <b>{number === null ? "–" : figure(number)}</b>
            </span>
          ))}
        </span>
      )}
      {!common.value.prompt && !given("prompt") && place.prompt && (
        <span class="ic-prompt-of" title={place.prompt}>
          {place.prompt}
        </span>
      )}
      {place.revised && place.revised !== place.prompt && (
        <details>
          <summary>{t(words, "rewritten")}</summary>
          <p>{place.revised}</p>
        </details>
      )}
      {place.notes.length > 0 && (
        <details>
          <summary>{t(words, "notes")}</summary>
          {place.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </details>
      )}
    </div>
  );
}

/** Four digits that matter. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Why there is no picture. */
export function Reason({ state, place }: { state: Comparing; place: Place }) {
  const t = state.t.value;
  const waiting = place.outcome === "waiting";
  return (
    <div class={`ic-reason${waiting ? "" : " ic-bad"}`}>
      <strong>
        <Icon name={waiting ? "clock" : place.outcome === "unknown" ? "unknown" : "alert"} />
        {t(words, `outcome_${place.outcome}` as "outcome_failed")}
      </strong>
      {!state.bare.value && place.reason && <p>{place.reason}</p>}
      {!state.bare.value && place.hint && <p class="ic-soft">{place.hint}</p>}
    </div>
  );
}
