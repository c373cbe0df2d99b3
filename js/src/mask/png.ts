/** The mask as a PNG of the picture's exact size, grey: white where to edit; and back. */
import { EMPTY, FULL, type Plane, TILE, type Tile } from "./plane";

function canvasFor(plane: Plane): { canvas: HTMLCanvasElement; pen: CanvasRenderingContext2D } {
  const canvas = document.createElement("canvas");
  canvas.width = plane.width;
  canvas.height = plane.height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  return { canvas, pen };
}

function each(
  plane: Plane,
  act: (index: number, left: number, top: number, width: number, height: number) => void,
): void {
  for (let index = 0; index < plane.across * plane.down; index += 1) {
    const left = (index % plane.across) * TILE;
    const top = Math.floor(index / plane.across) * TILE;
    act(index, left, top, Math.min(TILE, plane.width - left), Math.min(TILE, plane.height - top));
  }
}

/** Grey bytes as the opaque pixels that a canvas takes; `columns` of each row of a tile. */
export function grey(tile: Tile, columns: number, rows: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(columns * rows * 4);
  for (let y = 0, to = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, to += 4) {
      const value = tile[y * TILE + x] ?? 0;
      pixels[to] = value;
      pixels[to + 1] = value;
      pixels[to + 2] = value;
      pixels[to + 3] = 255;
    }
  }
  return pixels;
}

/** The other way round; what is transparent is not marked. */
export function fromGrey(pixels: Uint8ClampedArray, columns: number, rows: number): Tile {
  const tile: Tile = new Uint8Array(TILE * TILE);
  for (let y = 0, from = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, from += 4) {
      tile[y * TILE + x] = Math.round(((pixels[from] ?? 0) * (pixels[from + 3] ?? 0)) / 255);
    }
  }
  return tile;
}

export async function encode(plane: Plane): Promise<Uint8Array<ArrayBuffer>> {
  const { canvas, pen } = canvasFor(plane);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, plane.width, plane.height);
  pen.fillStyle = "#fff";
  each(plane, (index, left, top, width, height) => {
    const tile = plane.tile(index);
    if (tile === FULL) pen.fillRect(left, top, width, height);
    else if (tile !== EMPTY) pen.putImageData(new ImageData(grey(tile, width, height), width, height), left, top);
  });
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  canvas.width = 0;
  if (!blob) throw new Error("no PNG");
  return new Uint8Array(await blob.arrayBuffer());
}

/** Puts a mask's picture into the plane, within a step; false where it is of another size. */
export async function decode(blob: Blob, plane: Plane): Promise<boolean> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const fits = bitmap.width === plane.width && bitmap.height === plane.height;
  if (fits) {
    const { canvas, pen } = canvasFor(plane);
    pen.drawImage(bitmap, 0, 0);
    plane.begin();
    each(plane, (index, left, top, width, height) => {
      plane.put(index, fromGrey(pen.getImageData(left, top, width, height).data, width, height));
    });
    plane.end();
    canvas.width = 0;
  }
  bitmap.close();
  return fits;
}
