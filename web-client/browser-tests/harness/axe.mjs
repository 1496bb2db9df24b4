// Whether a page is open to everybody, as far as axe can tell: in light and in the dark.
import assert from "node:assert/strict";

import { AxePuppeteer } from "@axe-core/puppeteer";

/**
 * In the dark, where the page's structure is the same, contrast alone is looked at.
 *
 * @param {import("./stage.mjs").Stage} stage  notes what was found
 * @param {{ page: import("puppeteer-core").Page }} person
 * @param {string} place  a name for what they look at
 */
export async function isOpenToEverybody(stage, { page }, place) {
  const start = performance.now();
  const show = (theme) =>
    page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
  // Legacy mode stays in the page; the other one opens a tab of its own.
  const axe = () => new AxePuppeteer(page).setLegacyMode();
  await show("light");
  const light = await axe().analyze();
  await show("dark");
  const dark = await axe().withRules(["color-contrast"]).analyze();
  const found = [...light.violations, ...dark.violations].map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary)}`,
  );
  assert.deepEqual(found, [], place);
  assert.ok(light.passes.length > 5 && dark.passes.length === 1, "axe has looked");
  const ms = Math.round(performance.now() - start);
  stage.note(`${place}: 0 violations, ${light.passes.length} rules passed, ${ms} ms`);
}
