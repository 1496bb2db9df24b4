// Places that stay, and speakers that come to the front.
import { describe, expect, it } from "vitest";

import { Seating } from "./seating";

describe("seats", () => {
  it("stay the same when others come and go", () => {
    const seating = new Seating();
    expect(seating.seat([1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
    seating.giveFloor(4, 2);
    expect(seating.seat([1, 2, 3, 4])).toEqual([1, 4, 3, 2]);
    expect(seating.seat([1, 3, 4, 5])).toEqual([1, 4, 3, 5]);
  });

  it("do not change for a speaker who is in sight", () => {
    const seating = new Seating();
    seating.seat([1, 2, 3, 4, 5]);
    expect(seating.giveFloor(2, 3)).toEqual([1, 2, 3, 4, 5]);
  });

  it("change in one place only, that of whoever was silent longest", () => {
    const seating = new Seating();
    seating.seat([1, 2, 3, 4, 5, 6]);
    seating.giveFloor(3, 3);
    seating.giveFloor(1, 3);
    expect(seating.giveFloor(5, 3)).toEqual([1, 5, 3, 4, 2, 6]);
    expect(seating.giveFloor(6, 3)).toEqual([1, 5, 6, 4, 2, 3]);
  });

  it("know nothing of who is not there, nor of a front without seats", () => {
    const seating = new Seating();
    seating.seat([1, 2, 3]);
    expect(seating.giveFloor(9, 2)).toEqual([1, 2, 3]);
    expect(seating.giveFloor(3, 0)).toEqual([1, 2, 3]);
  });
});
