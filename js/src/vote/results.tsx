/** What the votes say: the ranking with its intervals, who was preferred to whom, and how far raters agree. */
import type { Translate } from "../words/language";
import type { Results, Standing } from "./protocol";
import { words } from "./words";

interface Range {
  low: number;
  high: number;
}

export function rangeOf(standings: readonly Standing[]): Range {
  const ends = standings.flatMap((one) => [one.low ?? 0, one.high ?? 0, 0]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low || 1) * 0.04;
  return { low: low - room, high: high + room };
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

export function Outcome({ results, t }: { results: Results; t: Translate }) {
  const { standings } = results;
  const range = rangeOf(standings);
  const percent = Number(results.percent.toFixed(1));
  const heads = ["rank", "entry", "strength"] as const;
  const counts = ["wins", "losses", "ties", "bads"] as const;
  return (
    <div class="ic-vote-results">
      <div class="ic-vote-wide">
        <table>
          <thead>
            <tr>
              {heads.map((name) => (
                <th key={name} scope="col" class={name === "entry" ? "" : "ic-vote-figure"}>
                  {t(words, name)}
                </th>
              ))}
              <th scope="col">{t(words, "interval", { percent })}</th>
              {counts.map((name) => (
                <th key={name} scope="col" class="ic-vote-figure">
                  {t(words, name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {standings.map((one) => (
              <tr key={one.entry}>
                <td class="ic-vote-figure">{place(one)}</td>
                <th scope="row" dir="auto" title={one.entry}>
                  {one.entry}
                </th>
                <td class="ic-vote-figure">{one.strength === null ? "–" : signed(one.strength)}</td>
                <td>
                  <Interval one={one} range={range} />
                </td>
                {[one.wins, one.losses, one.ties, one.bad].map((count, at) => (
                  <td key={counts[at]} class="ic-vote-figure">
                    {count}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>{results.outlook}</p>
      {results.agreement && <p>{results.agreement}</p>}
      <p class="ic-vote-soft">{t(words, "matrix")}</p>
      <div class="ic-vote-wide">
        <table aria-label={t(words, "matrix")}>
          <thead>
            <tr>
              <td />
              {standings.map((one) => (
                <th key={one.entry} scope="col" class="ic-vote-figure" dir="auto" title={one.entry}>
                  {one.entry}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {standings.map((one, row) => (
              <tr key={one.entry}>
                <th scope="row" dir="auto" title={one.entry}>
                  {one.entry}
                </th>
                {standings.map((other, column) => (
                  <td key={other.entry} class="ic-vote-figure">
                    {row === column ? "–" : counted(results, row, column)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function counted(results: Results, row: number, column: number): string {
  const neither = results.ties[row]?.[column] ?? 0;
  return `${results.wins[row]?.[column] ?? 0}${neither ? ` (${neither})` : ""}`;
}

function place({ rank, best, worst }: Standing): string {
  if (rank === null) return "–";
  return best === worst ? String(rank) : `${rank} (${best}–${worst})`;
}

/** A line from end to end with a dot at the strength, on the scale of all of them. */
function Interval({ one, range }: { one: Standing; range: Range }) {
  if (one.strength === null || one.low === null || one.high === null) return <>–</>;
  const at = (value: number) => ((value - range.low) / (range.high - range.low)) * 100;
  const said = `${signed(one.low)} … ${signed(one.high)}`;
  return (
    <span class="ic-vote-interval" role="img" aria-label={said} title={said}>
      <i class="ic-vote-zero" style={{ left: `${at(0)}%` }} />
      <i class="ic-vote-line" style={{ left: `${at(one.low)}%`, width: `${at(one.high) - at(one.low)}%` }} />
      <i class="ic-vote-dot" style={{ left: `${at(one.strength)}%` }} />
    </span>
  );
}
