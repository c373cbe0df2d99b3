// Generated from src/imgcell/widget/voting_messages.py by `python -m imgcell.widget.generate`; do not edit.

/** One of two pictures: where its pixels are, and how large it is shown at most. */
export interface Side {
  token: string;
  width: number;
  height: number;
}

/** What a rater is asked, and how far everybody has come. ``done``: votes of this rater; ``place`` of ``pairs`` in the turn ``round``. ``more``: about how many more votes until the intervals separate; 0 where they have, null where that cannot be said. ``seen``: this rater has looked at the results. */
export interface Turn {
  rater: string;
  pair: string;
  left: Side;
  right: Side;
  done: number;
  votes: number;
  raters: number;
  round: number;
  place: number;
  pairs: number;
  more: number | null;
  seen: boolean;
}

/** The page is there (again). ``buffers_probe``: whether three bytes (1, 2, 3) come with it; ``base64``: it gets no buffers. ``rater``: who sits there; null is whoever Python named. */
export interface VoteReady {
  version: string; // at most 32
  buffers_probe: boolean;
  base64: boolean;
  language: "en" | "zh-CN";
  rater: string | null; // at most 100
}

/** ``buffers``: whether the probe came; the reply carries the same three bytes. ``question``: null is the page's own. */
export interface VoteReadyOk {
  version: string;
  buffers: boolean;
  question: string | null;
  turn: Turn;
  warning: string | null;
}

/** Somebody sits before the page. */
export interface Rater {
  rater: string; // at most 100
  language: "en" | "zh-CN";
}

/** What is asked now. */
export interface TurnOk {
  turn: Turn;
}

/** The pixels of one side. */
export interface Fetch {
  token: string; // at most 64
  base64: boolean;
}

/** Comes with one buffer, or with ``data``. */
export interface FetchOk {
  media_type: string;
  data: string | null;
}

/** A vote on a pair; the same pair again counts once. ``ms``: how long it was looked at. */
export interface Cast {
  pair: string; // at most 64
  choice: "left" | "right" | "tie" | "bad";
  ms: number; // 0 to 86400000
  rater: string; // at most 100
  language: "en" | "zh-CN";
}

/** One line of the ranking; numbers are null while no votes connect it with the others. */
export interface Standing {
  entry: string;
  strength: number | null;
  low: number | null;
  high: number | null;
  rank: number | null;
  best: number | null;
  worst: number | null;
  wins: number;
  losses: number;
  ties: number;
  bad: number;
}

/** The ranking, who was preferred to whom (rows over columns, and how often neither was), and how far raters agree. */
export interface Results {
  standings: Standing[];
  wins: number[][];
  ties: number[][];
  percent: number;
  votes: number;
  raters: number;
  outlook: string;
  agreement: string;
}

/** What the votes say so far. */
export interface ResultsOk {
  results: Results;
  turn: Turn;
}

/** Kind of request -> its fields, beside `kind` and `call`. */
export interface Requests {
  "ready": VoteReady;
  "turn": Rater;
  "picture": Fetch;
  "vote": Cast;
  "undo": Rater;
  "results": Rater;
}

/** Kind of request -> what is in `ok` of its reply. */
export interface Replies {
  "ready": VoteReadyOk;
  "turn": TurnOk;
  "picture": FetchOk;
  "vote": TurnOk;
  "undo": TurnOk;
  "results": ResultsOk;
}
