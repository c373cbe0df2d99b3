/** What a comparison shows, as src/imgcell/comparison/document.py writes it. */

export interface Sum {
  amount: number;
  currency: string;
  basis: string;
}

export interface Place {
  key: string;
  id: string | null;
  sha: string | null;
  label: string;
  values: Record<string, string>;
  repeat: number;
  outcome: string;
  reason: string;
  hint: string;
  width: number;
  height: number;
  format: string;
  bytes: number;
  asked: string;
  seconds: number | null;
  cost: Sum | null;
  provider: string;
  model: string | null;
  prompt: string;
  revised: string;
  notes: string[];
  broken: string[];
  numbers: Record<string, number | null>;
}

export interface Document {
  title: string;
  language: string;
  axes: [string, string[]][];
  columns: string[];
  baseline: string | null;
  places: Place[];
  /** In a file: the size that a picture was reduced to, by hash. */
  reduced?: Record<string, [number, number]>;
}

/** A place with a picture. */
export interface Shown extends Place {
  sha: string;
}

export function isShown(place: Place): place is Shown {
  return place.sha !== null;
}
