import { describe, expect, it } from "vitest";
import { EMPTY, FULL, HELD, Plane, STEPS } from "../../src/mask/plane";

const step = (plane: Plane, write: () => void) => {
  plane.begin();
  write();
  return plane.end();
};
const bytes = (plane: Plane) =>
  Array.from({ length: plane.width * plane.height }, (_, at) =>
    plane.at(at % plane.width, Math.floor(at / plane.width)),
  );

describe("a plane", () => {
  it("is exactly as large as the picture, and empty", () => {
    const plane = new Plane(300, 700);
    expect([plane.across, plane.down]).toEqual([2, 3]);
    expect(plane.empty).toBe(true);
    expect(plane.share).toBe(0);
    expect(plane.at(300, 0)).toBe(0);
    expect(plane.at(-1, 0)).toBe(0);
  });

  it("fills rows across tiles, within the picture", () => {
    const plane = new Plane(600, 10);
    step(plane, () => plane.fillRow(3, -5, 9999, 255));
    expect(plane.at(0, 3)).toBe(255);
    expect(plane.at(256, 3)).toBe(255);
    expect(plane.at(599, 3)).toBe(255);
    expect(plane.at(0, 4)).toBe(0);
    expect(plane.share).toBeCloseTo(600 / 6000);
  });

  it("counts what is marked within the picture only, however it was marked", () => {
    const plane = new Plane(300, 300);
    step(plane, () => plane.fill(255));
    expect(plane.share).toBe(1);
    step(plane, () => plane.fillRow(0, 0, 150, 0));
    step(plane, () => plane.invert());
    expect(plane.share).toBeCloseTo(150 / 90_000);
  });

  it("inverts twice to what it was", () => {
    const plane = new Plane(280, 30);
    step(plane, () => plane.fillRow(5, 10, 270, 255));
    const before = bytes(plane);
    step(plane, () => plane.invert());
    expect(plane.at(10, 5)).toBe(0);
    expect(plane.at(9, 5)).toBe(255);
    step(plane, () => plane.invert());
    expect(bytes(plane)).toEqual(before);
  });
});

describe("undo and redo", () => {
  it("go through every state, byte by byte", () => {
    const plane = new Plane(300, 20);
    const states = [bytes(plane)];
    const writes = [
      () => plane.fillRow(1, 0, 290, 255),
      () => plane.invert(),
      () => plane.fillRow(1, 250, 260, 255),
      () => plane.fill(0),
    ];
    for (const write of writes) {
      step(plane, write);
      states.push(bytes(plane));
    }
    for (const state of states.slice(0, -1).reverse()) {
      expect(plane.undo()).not.toBeNull();
      expect(bytes(plane)).toEqual(state);
    }
    expect(plane.undo()).toBeNull();
    for (const state of states.slice(1)) {
      plane.redo();
      expect(bytes(plane)).toEqual(state);
    }
    expect(plane.redo()).toBeNull();
  });

  it("tell what looks different: the tiles of the step", () => {
    const plane = new Plane(1000, 1000);
    step(plane, () => plane.fillRow(300, 600, 610, 255));
    expect(plane.undo()).toEqual({ left: 512, top: 256, right: 768, bottom: 512 });
  });

  it("forget what was undone once something new is painted", () => {
    const plane = new Plane(10, 10);
    step(plane, () => plane.fillRow(1, 0, 5, 255));
    plane.undo();
    step(plane, () => plane.fillRow(2, 0, 5, 255));
    expect(plane.canRedo).toBe(false);
  });

  it("count nothing that changed nothing as a step", () => {
    const plane = new Plane(10, 10);
    expect(step(plane, () => plane.fillRow(1, 0, 5, 0))).toBe(false);
    step(plane, () => plane.fillRow(1, 0, 5, 255));
    expect(step(plane, () => plane.fillRow(1, 0, 5, 255))).toBe(false);
    expect(plane.canUndo).toBe(true);
    plane.undo();
    expect(plane.canUndo).toBe(false);
  });

  it("remember fifty steps", () => {
    const plane = new Plane(100, 100);
    for (let at = 0; at < STEPS + 20; at += 1) step(plane, () => plane.fillRow(at, 0, 50, 255));
    let count = 0;
    while (plane.undo()) count += 1;
    expect(count).toBe(50);
  });

  it("hold only tiles that were touched, none for what is uniform, and never more bytes than they may", () => {
    const plane = new Plane(4096, 4096);
    step(plane, () => plane.fillRow(10, 0, 20, 255));
    step(plane, () => plane.fill(255));
    expect(plane.held).toBe(256 * 256);
    // Every tile changed in every step.
    for (let turn = 0; turn < 18; turn += 1) {
      step(plane, () => {
        for (let y = turn; y < 4096; y += 256) plane.fillRow(y, 0, 4096, 0);
      });
    }
    expect(plane.held).toBeLessThanOrEqual(HELD);
    expect(plane.canUndo).toBe(true);
  });

  it("take back a step that is given up", () => {
    const plane = new Plane(10, 10);
    plane.begin();
    plane.fillRow(1, 0, 5, 255);
    plane.cancel();
    expect(plane.empty).toBe(true);
    expect(plane.canUndo).toBe(false);
  });
});

it("never writes into the tiles that all share", () => {
  const plane = new Plane(300, 300);
  step(plane, () => plane.fill(255));
  step(plane, () => plane.fillRow(0, 0, 300, 0));
  step(plane, () => plane.fill(0));
  step(plane, () => plane.fillRow(0, 0, 300, 255));
  expect(EMPTY.every((value) => value === 0)).toBe(true);
  expect(FULL.every((value) => value === 255)).toBe(true);
});
