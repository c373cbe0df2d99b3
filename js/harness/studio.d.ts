declare module "*/static/studio.js" {
  import type { Given } from "../src/host";

  const studio: { initialize(given: Omit<Given, "el">): () => void; render(given: Given): () => void };
  export default studio;
}
