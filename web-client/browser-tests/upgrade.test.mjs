// A server that was updated while people are in a room: what their page loads later has gone.
import assert from "node:assert/strict";

import { Person } from "./harness/person.mjs";
import { onStage } from "./harness/stage.mjs";

onStage("a part that an update took away is told of; a reload brings one back", async (stage) => {
  const server = await stage.server();
  const { guestLink } = await server.createRoom();
  const person = await Person.at(await stage.browser("chromium", { language: "fr" }), 1);
  await person.open(guestLink);
  await person.join();

  const { page } = person;
  let isUpdated = true;
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const isGone = isUpdated && /\/chat-panel-[\w-]+\.js$/.test(request.url());
    void (isGone ? request.respond({ status: 404 }) : request.continue());
  });
  page.on("response", (response) => {
    // The new page names the new part.
    if (response.request().isNavigationRequest()) isUpdated = false;
  });
  await page.locator("#chat").click();
  const said = await page.waitForSelector(".part-missing output");
  assert.match(await said.evaluate(({ textContent }) => textContent), /mis à jour/);
  await person.screenshot("part-missing");

  await Promise.all([page.waitForNavigation(), page.locator(".part-missing button").click()]);
  await page.waitForSelector('#status[data-connection="connected"]');
  await page.locator("#chat").click();
  await page.waitForSelector("#chat-panel");
  await person.close();
});
