// Initials of names from everywhere.
import { expect, it } from "vitest";

import { initials } from "./text";

it.each([
  ["Awa Diallo", "AD"],
  ["émile", "É"],
  ["Jean Pierre de la Tour", "JT"],
  ["李雷", "李"],
  ["👩‍🏫 Prof", "👩‍🏫P"],
  ["   ", ""],
])("the initials of %j are %j", (name, letters) => {
  expect(initials(name)).toBe(letters);
});
