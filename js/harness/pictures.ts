/** Pictures drawn from their own name, so that each hash has one, in any size. */

function numbers(seed: string): () => number {
  let state = 2166136261;
  for (const letter of seed) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
}

export async function draw(sha: string, box: number, aspect = 1): Promise<Uint8Array<ArrayBuffer>> {
  const next = numbers(sha);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(aspect >= 1 ? box : box * aspect);
  canvas.height = Math.round(aspect >= 1 ? box / aspect : box);
  const { width: w, height: h } = canvas;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  const hue = next() * 360;
  const sky = pen.createLinearGradient(0, 0, 0, h);
  sky.addColorStop(0, `hsl(${hue} 45% ${30 + next() * 40}%)`);
  sky.addColorStop(1, `hsl(${hue + 50} 60% ${70 + next() * 20}%)`);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, w, h);
  pen.fillStyle = `hsl(${hue + 180} 80% 88%)`;
  pen.beginPath();
  pen.arc(w * (0.2 + 0.6 * next()), h * (0.2 + 0.25 * next()), w * (0.05 + 0.08 * next()), 0, 7);
  pen.fill();
  for (let ridge = 0; ridge < 4; ridge += 1) {
    pen.fillStyle = `hsl(${hue + 20 * ridge} 35% ${52 - ridge * 11}%)`;
    pen.beginPath();
    pen.moveTo(0, h);
    const base = h * (0.45 + ridge * 0.14);
    const [a, b, c] = [next() * 9, 2 + next() * 5, h * 0.1 * next()];
    for (let x = 0; x <= w; x += w / 64) pen.lineTo(x, base + Math.sin(a + (b * x) / w) * c);
    pen.lineTo(w, h);
    pen.fill();
  }
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  if (!blob) throw new Error("no picture");
  return new Uint8Array(await blob.arrayBuffer());
}
