import { describe, expect, it } from "vitest";
import { corners, Easel } from "../../src/mask/easel";
import { overlay, toPicture, toScreen } from "../../src/mask/overlay";
import { type Box, Plane } from "../../src/mask/plane";
import { fromGrey, grey } from "../../src/mask/png";
import { flood, polygon, rectangle } from "../../src/mask/shapes";
import { stroke } from "../../src/mask/stroke";

const draw = (plane: Plane, write: () => unknown) => {
  plane.begin();
  const made = write();
  plane.end();
  return made;
};
/** The same by its definition: how far each pixel's middle is from the line. */
const distance = (x: number, y: number, a: { x: number; y: number }, b: { x: number; y: number }) => {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const along = length ? Math.max(0, Math.min(1, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length)) : 0;
  return Math.hypot(x - a.x - along * (b.x - a.x), y - a.y - along * (b.y - a.y));
};

describe("a stroke", () => {
  const lines = [
    [20, 20, 20, 20],
    [10, 15, 80, 15],
    [15, 10, 15, 70],
    [5, 90, 88, 7],
    [250, 20, 262, 30],
    [-20, -10, 30, 40],
  ] as const;

  it.each(lines)("is where the line from %d, %d to %d, %d is near, and nowhere else", (x1, y1, x2, y2) => {
    for (const [radius, hardness] of [
      [1, 1],
      [9, 1],
      [9, 0.5],
      [14, 0],
    ] as const) {
      const plane = new Plane(300, 100);
      const [a, b] = [
        { x: x1, y: y1, radius },
        { x: x2, y: y2, radius },
      ];
      const box = draw(plane, () => stroke(plane, a, b, { hardness, erase: false })) as Box;
      for (let y = 0; y < 100; y += 1) {
        for (let x = 0; x < 300; x += 1) {
          const far = distance(x + 0.5, y + 0.5, a, b);
          const value = plane.at(x, y);
          const within = x >= box.left && x < box.right && y >= box.top && y < box.bottom;
          const wrong =
            (far > radius + 0.51 && value !== 0) ||
            (far < Math.min(radius, radius * hardness) - 0.51 && value !== 255) ||
            (far < radius - 0.51 && value === 0) ||
            (value > 0 && !within);
          if (wrong) expect.fail(`${x}, ${y} is ${value} at ${far} with radius ${radius}, hardness ${hardness}`);
        }
      }
    }
  });

  it("with a soft brush falls off towards the edge", () => {
    const plane = new Plane(100, 100);
    const dot = { x: 50, y: 50, radius: 30 };
    draw(plane, () => stroke(plane, dot, dot, { hardness: 0, erase: false }));
    const values = Array.from({ length: 31 }, (_, at) => plane.at(50 + at, 50));
    expect(values[0]).toBeGreaterThan(250);
    for (const [at, value] of values.entries()) if (at > 0) expect(value).toBeLessThanOrEqual(values[at - 1] ?? 0);
  });

  it("over itself gets no darker, and the eraser takes all of it away", () => {
    const plane = new Plane(100, 100);
    const [a, b] = [
      { x: 20, y: 50, radius: 10 },
      { x: 80, y: 50, radius: 10 },
    ];
    draw(plane, () => stroke(plane, a, b, { hardness: 0, erase: false }));
    const once = plane.at(50, 56);
    draw(plane, () => stroke(plane, b, a, { hardness: 0, erase: false }));
    expect(plane.at(50, 56)).toBe(once);
    draw(plane, () => stroke(plane, a, b, { hardness: 1, erase: true }));
    draw(plane, () => stroke(plane, { ...a, radius: 12 }, { ...b, radius: 12 }, { hardness: 1, erase: true }));
    expect(plane.empty).toBe(true);
  });

  it("gets wider with the pressure", () => {
    const plane = new Plane(200, 100);
    draw(plane, () =>
      stroke(plane, { x: 20, y: 50, radius: 2 }, { x: 180, y: 50, radius: 20 }, { hardness: 1, erase: false }),
    );
    expect(plane.at(22, 60)).toBe(0);
    expect(plane.at(100, 58)).toBe(255);
    expect(plane.at(178, 66)).toBe(255);
  });
});

describe("areas", () => {
  it("a rectangle has whole pixels, from either corner, within the picture", () => {
    const plane = new Plane(50, 50);
    draw(plane, () => rectangle(plane, { x: 30.2, y: 20 }, { x: 9.6, y: 99 }, 255));
    expect(plane.share).toBeCloseTo((20 * 30) / 2500);
    expect([plane.at(10, 20), plane.at(29, 49), plane.at(30, 20), plane.at(10, 19)]).toEqual([255, 255, 0, 0]);
  });

  it("a line goes around what is inside of it, also where it crosses itself", () => {
    const plane = new Plane(100, 100);
    draw(plane, () => polygon(plane, corners({ x: 10, y: 10 }, { x: 60, y: 60 }), 255));
    expect(plane.share).toBeCloseTo(2500 / 10_000);
    const loop = [...corners({ x: 20, y: 20 }, { x: 80, y: 80 }), ...corners({ x: 20, y: 20 }, { x: 80, y: 80 })];
    draw(plane, () => polygon(plane, loop, 0));
    expect(plane.at(50, 50)).toBe(0);
    expect(plane.at(15, 15)).toBe(255);
  });

  it("a line that leaves the picture ends at its edge; a line of two points is none", () => {
    const plane = new Plane(20, 20);
    draw(plane, () => polygon(plane, corners({ x: -100, y: -100 }, { x: 500, y: 500 }), 255));
    expect(plane.share).toBe(1);
    const other = new Plane(20, 20);
    draw(other, () =>
      polygon(
        other,
        [
          { x: 1, y: 1 },
          { x: 9, y: 9 },
        ],
        255,
      ),
    );
    expect(other.empty).toBe(true);
  });

  it("a fill stops at an outline, across tiles", () => {
    const plane = new Plane(600, 600);
    draw(plane, () => rectangle(plane, { x: 100, y: 100 }, { x: 500, y: 500 }, 255));
    draw(plane, () => rectangle(plane, { x: 110, y: 110 }, { x: 490, y: 490 }, 0));
    expect(draw(plane, () => flood(plane, { x: 300, y: 300 }, 255))).toEqual({
      left: 110,
      top: 110,
      right: 490,
      bottom: 490,
    });
    expect(plane.share).toBeCloseTo(160_000 / 360_000);
    expect(draw(plane, () => flood(plane, { x: 300, y: 300 }, 255))).toBeNull();
    draw(plane, () => flood(plane, { x: 300, y: 300 }, 0));
    expect(plane.empty).toBe(true);
  });

  it("a fill goes around corners", () => {
    const plane = new Plane(9, 9);
    // A comb: walls with a gap at alternating ends.
    draw(plane, () => {
      for (const [y, gap] of [
        [1, 8],
        [3, 0],
        [5, 8],
        [7, 0],
      ] as const) {
        plane.fillRow(y, 0, 9, 255);
        plane.fillRow(y, gap, gap + 1, 0);
      }
    });
    draw(plane, () => flood(plane, { x: 0, y: 0 }, 255));
    expect(plane.share).toBe(1);
  });
});

describe("the easel", () => {
  const easel = (size = 200) => {
    const dirty: Box[] = [];
    return { easel: new Easel(size, size, (box) => dirty.push(box)), dirty };
  };
  const at = (x: number, y: number, pressure = 1) => ({ x, y, pressure });

  it("makes one step of one stroke", () => {
    const { easel: one } = easel();
    one.down(at(20, 20));
    for (let x = 21; x < 150; x += 3) one.move(at(x, 20));
    one.up();
    expect(one.steps.value).toBe(1);
    expect(one.plane.at(149, 20)).toBe(255);
    expect(one.undo()).toBe(true);
    expect(one.plane.empty).toBe(true);
    expect(one.undo()).toBe(false);
    one.redo();
    expect(one.plane.at(100, 20)).toBe(255);
  });

  it("takes back what two fingers began with", () => {
    const { easel: one, dirty } = easel();
    one.down(at(20, 20));
    one.giveUp();
    expect(one.plane.empty).toBe(true);
    expect(one.busy).toBe(false);
    expect(dirty.at(-1)).toEqual(one.plane.all);
    one.move(at(90, 90));
    one.up();
    expect(one.plane.canUndo).toBe(false);
  });

  it("draws areas when the pointer is let go, and shows their line before", () => {
    const { easel: one } = easel();
    one.tool.value = "rectangle";
    one.down(at(10, 10));
    one.move(at(60, 110));
    expect(one.plane.empty).toBe(true);
    expect(one.line.value).toEqual(corners(at(10, 10), at(60, 110)));
    one.up();
    expect(one.line.value).toEqual([]);
    expect(one.plane.share).toBeCloseTo(5000 / 40_000);
    one.subtract.value = true;
    one.down(at(0, 0));
    one.move(at(200, 60));
    one.up();
    expect(one.plane.share).toBeCloseTo(2500 / 40_000);
  });

  it("has a stamp that the keyboard moves within the picture and presses with each tool", () => {
    const { easel: one } = easel();
    one.size.value = 20;
    expect(one.nudge(-10, 0)).toEqual({ x: 90, y: 100 });
    expect(one.nudge(-9999, 9999)).toEqual({ x: 0, y: 200 });
    one.stamp.value = { x: 100, y: 100 };
    one.press();
    expect(one.plane.at(100, 100)).toBe(255);
    expect(one.plane.at(100, 111)).toBe(0);
    one.tool.value = "rectangle";
    one.press();
    expect(one.plane.share).toBeCloseTo(400 / 40_000, 3);
    one.press(true);
    expect(one.plane.empty).toBe(true);
    one.tool.value = "flood";
    expect(one.press()).toBe(true);
    expect(one.plane.share).toBe(1);
    expect(one.press()).toBe(false);
  });

  it("keeps the brush between one pixel and half the picture, and brackets always change it", () => {
    const { easel: one } = easel();
    for (let at = 0; at < 99; at += 1) one.resize(1 / 1.2);
    expect(one.size.value).toBe(1);
    one.resize(1.2);
    expect(one.size.value).toBe(2);
    for (let at = 0; at < 99; at += 1) one.resize(1.2);
    expect(one.size.value).toBe(100);
  });

  it("inverts and clears, each a step", () => {
    const { easel: one } = easel();
    one.invert();
    expect(one.plane.share).toBe(1);
    one.clear();
    expect(one.plane.empty).toBe(true);
    one.clear();
    expect(one.steps.value).toBe(2);
  });
});

describe("on the screen", () => {
  it("each pixel shows the mask under it, at any zoom, and nothing outside the picture", () => {
    const plane = new Plane(300, 300);
    draw(plane, () => rectangle(plane, { x: 100, y: 100 }, { x: 200, y: 200 }, 255));
    for (const scale of [0.25, 1, 3]) {
      const placed = { scale, left: 10, top: -20 };
      const box = { left: 0, top: 0, right: 120, bottom: 90 };
      const pixels = overlay(plane, placed, box);
      for (let y = 0; y < 90; y += 1) {
        for (let x = 0; x < 120; x += 1) {
          const there = toPicture(x + 0.5, y + 0.5, placed);
          const inside = there.x > 101 && there.x < 199 && there.y > 101 && there.y < 199;
          const outside = there.x < 99 || there.x > 201 || there.y < 99 || there.y > 201;
          const alpha = pixels[(y * 120 + x) * 4 + 3] ?? 0;
          // Where a pixel of the screen is several of the picture's, its edge is a mean.
          const edge = 1 / scale;
          const near = Math.min(
            ...[there.x - 100, there.x - 200, there.y - 100, there.y - 200].map((one) => Math.abs(one)),
          );
          if (near <= edge) continue;
          if ((inside && alpha < 150) || (outside && alpha !== 0)) expect.fail(`${x}, ${y} at ${scale}: ${alpha}`);
        }
      }
    }
  });

  it("a part of it is the same as that part of the whole", () => {
    const plane = new Plane(300, 300);
    draw(plane, () =>
      stroke(plane, { x: 50, y: 50, radius: 40 }, { x: 200, y: 220, radius: 40 }, { hardness: 0, erase: false }),
    );
    const placed = { scale: 0.5, left: 3, top: 7 };
    const whole = overlay(plane, placed, { left: 0, top: 0, right: 160, bottom: 160 });
    const part = overlay(plane, placed, { left: 37, top: 21, right: 90, bottom: 75 });
    for (let y = 21; y < 75; y += 1) {
      for (let x = 37; x < 90; x += 1) {
        expect(part[((y - 21) * 53 + x - 37) * 4 + 3]).toBe(whole[(y * 160 + x) * 4 + 3]);
      }
    }
  });

  it("a dirty box covers every pixel of the screen that it touches, and stays on it", () => {
    const placed = { scale: 0.3, left: 5, top: 5 };
    expect(toScreen({ left: 10, top: 10, right: 20, bottom: 20 }, placed, 100, 100)).toEqual({
      left: 7,
      top: 7,
      right: 12,
      bottom: 12,
    });
    expect(toScreen({ left: 0, top: 0, right: 9999, bottom: 9999 }, placed, 100, 80)).toMatchObject({
      right: 100,
      bottom: 80,
    });
  });
});

it("a tile and its pixels are the same, and what is transparent is not marked", () => {
  const tile = new Uint8Array(256 * 256).map((_, at) => at % 256);
  const pixels = grey(tile, 200, 100);
  expect(pixels.length).toBe(200 * 100 * 4);
  const back = fromGrey(pixels, 200, 100);
  for (let y = 0; y < 100; y += 1) for (let x = 0; x < 200; x += 1) expect(back[y * 256 + x]).toBe(tile[y * 256 + x]);
  pixels[3] = 0;
  pixels[0] = 255;
  expect(fromGrey(pixels, 200, 100)[0]).toBe(0);
});
