/** Drawn for 16 pixels, 1.5 wide, in the color of the text around them. */

const PATHS = {
  run: "M5 3.5v9l7.5-4.5z",
  stop: "M4.5 4.5h7v7h-7z",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z",
  more: "M3.5 7.5v1M3 8h1M8 7.5v1M7.5 8h1M12.5 7.5v1M12 8h1",
  check: "M3.5 8.5l3 3 6-7",
  close: "M4 4l8 8M12 4l-8 8",
  down: "M4.5 6.5L8 10l3.5-3.5",
  left: "M10 3.5L5.5 8l4.5 4.5",
  right: "M6 3.5L10.5 8 6 12.5",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  picture: "M2.5 3.5h11v9h-11zM2.5 11l3.3-3.3 2.7 2.6 1.8-1.8 3.2 3M10.8 6.2h.01",
  cell: "M2.5 3.5h11v9h-11zM5 6.5L6.5 8 5 9.5M8.5 9.5H11",
  code: "M6 4.5L2.5 8 6 11.5M10 4.5L13.5 8 10 11.5",
  reference: "M2.5 12.5v-9h11v4M2.5 11l3-3 2.5 2.5M12 9.5v5M9.5 12h5",
  edit: "M3 13l.7-2.9L10.8 3l2.2 2.2-7.1 7.1zM9.3 4.5l2.2 2.2",
  delete: "M3 4.5h10M6.5 4.5v-2h3v2M4.3 4.5l.6 9h6.2l.6-9M6.8 7v4M9.2 7v4",
  undo: "M5.5 3L2.5 6l3 3M2.5 6h6.8a3.6 3.6 0 0 1 0 7.2H6",
  redo: "M10.5 3l3 3-3 3M13.5 6H6.7a3.6 3.6 0 0 0 0 7.2H10",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.7h-2.7",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  alert: "M8 2.5l6 10.8H2zM8 6.7v3M8 11.4h.01",
  unknown:
    "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.6.2-.8.6-.8 1.1M8 11.4h.01",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.6V8l2.3 1.6",
  branch: "M4.5 2.5v11M4.5 9.5c0-3 7-1.5 7-5M11.5 4.5v-2M10 2.5h3M3 13.5h3M3 2.5h3",
  compare: "M8 2v12M6 4H2.5v8H6M10 4h3.5v8H10",
  language:
    "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM2 8h12M8 1.8c2.2 2 2.2 10.4 0 12.4M8 1.8c-2.2 2-2.2 10.4 0 12.4",
  mask: "M13 3c-4 1-7 4-7.5 6.2M5.5 9.2c-1.8 0-1.5 2.5-3 3.3 2 1 5 .5 5-1.3 0-1-.8-2-2-2z",
  key: "M10.3 2.5a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM8 8l-5.2 5.2M5 11l1.6 1.6",
  library: "M2.5 2.5h4.7v4.7H2.5zM8.8 2.5h4.7v4.7H8.8zM2.5 8.8h4.7v4.7H2.5zM8.8 8.8h4.7v4.7H8.8z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, full }: { name: IconName; full?: boolean }) {
  return (
    <svg class={full ? "ic-icon ic-full" : "ic-icon"} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
