// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { copyText } from "../../src/look/clipboard";

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

it("copies the old way where the page is not secure, inside the window that is open, and gives the focus back", async () => {
  vi.stubGlobal("navigator", {});
  const dialog = document.createElement("dialog");
  const button = document.createElement("button");
  dialog.append(button);
  document.body.append(dialog);
  button.focus();
  let copied: string | undefined;
  document.execCommand = vi.fn(() => {
    copied = dialog.querySelector("textarea")?.value;
    return true;
  });
  await copyText("%%imagine\n图");
  expect(copied).toBe("%%imagine\n图");
  expect(document.querySelector("textarea")).toBeNull();
  expect(document.activeElement).toBe(button);
});

it("fails where the browser allows neither way", async () => {
  vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("no")) } });
  document.execCommand = vi.fn(() => false);
  await expect(copyText("x")).rejects.toThrow("no");
});
