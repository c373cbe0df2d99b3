/** What can be done with a picture, for the grid and for the full-size view. */
import type { Item } from "../look/menu";
import type { Card } from "../protocol";
import { nameOf } from "../state/list";
import type { Page } from "../state/page";
import { words } from "../words/page";

const ENDINGS: Record<string, string> = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };

/** The clipboard takes PNG only; what is another format is drawn again, pixel by pixel. */
async function asPng(blob: Blob): Promise<Blob> {
  if (blob.type === "image/png") return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("no PNG"))), "image/png");
  });
}

export async function copyPicture(page: Page, sha: string): Promise<void> {
  const t = page.t.value;
  try {
    // Safari wants the promise inside the item, or it takes the click for gone.
    const png = page.pixels.blob(sha, "original").then(asPng);
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    page.tell({ text: t(words, "copiedPicture"), hint: null, bad: false });
  } catch {
    page.tell({ text: t(words, "copyFailed"), hint: t(words, "copyFailedHint"), bad: true });
  }
}

export async function download(page: Page, sha: string, name: string): Promise<void> {
  try {
    const blob = await page.pixels.blob(sha, "original");
    const url = URL.createObjectURL(blob);
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name.replace(/[^\w-]+/g, "-")}.${ENDINGS[blob.type] ?? "png"}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (why) {
    page.report(why);
  }
}

export function items(page: Page, card: Card): Item[] {
  const t = page.t.value;
  const name = nameOf(card);
  const { sha } = card;
  const some: Item[] = [];
  if (sha) {
    some.push(
      { icon: "reference", label: t(words, "useReference"), onPick: () => void page.useAsReference(name) },
      { icon: "edit", label: t(words, "editHere"), onPick: () => void page.editFrom(name, card.prompt) },
      { icon: "picture", label: t(words, "copyPicture"), apart: true, onPick: () => void copyPicture(page, sha) },
      { icon: "download", label: t(words, "download"), onPick: () => void download(page, sha, card.id ?? card.key) },
    );
  }
  some.push({ icon: "copy", label: t(words, "copyPrompt"), onPick: () => void page.copy(card.prompt, "copiedPrompt") });
  if (sha) {
    some.push(
      { icon: "cell", label: t(words, "copyCell"), onPick: () => void page.code(name, "cell") },
      { icon: "cell", label: t(words, "copyEdit"), onPick: () => void page.code(name, "edit") },
      { icon: "code", label: t(words, "copyCode"), onPick: () => void page.code(name, "python") },
    );
  }
  some.push({ icon: "delete", label: t(words, "delete"), apart: true, onPick: () => void page.remove([card]) });
  return some;
}
