import studio from "../../src/imgcell/static/studio.js";
import { FakeModel } from "./kernel";

const asked = new URLSearchParams(location.search);
const theme = asked.get("theme") ?? "light";
const language = asked.get("lang") ?? "en";
document.documentElement.lang = language;
if (theme === "dark") document.body.classList.add("dark");
if (theme === "jupyter-dark") {
  document.body.dataset.jpThemeLight = "false";
  const lab = { "--jp-layout-color1": "#111111", "--jp-content-font-color0": "rgba(255, 255, 255, 1)" };
  for (const [name, value] of Object.entries(lab)) document.body.style.setProperty(name, value);
  document.body.style.background = "#111";
}
const cell = document.getElementById("cell");
if (cell) {
  const width = asked.get("width");
  if (width) cell.style.width = `${width}px`;
  const name = asked.get("scene") ?? "empty";
  const model = new FakeModel(name, language, name === "quiet");
  Object.assign(globalThis, { model });
  studio.initialize({ model });
  studio.render({ model, el: cell });
}
