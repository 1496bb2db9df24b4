// Run inside a namespace: two people meet at a server that is on another network.
//
//   node call-from-namespace.mjs HOME_URL AUTHORITY FOLDER
//
// Prints one line of JSON with what was measured; fails where they do not see and hear each other.
import path from "node:path";

import { launch } from "./browsers.mjs";
import { trust } from "./certificates.mjs";
import { Person } from "./person.mjs";

const [homeUrl, authority, folder] = process.argv.slice(2);

const home = path.join(folder, "chromium-home");
trust(path.join(home, ".pki/nssdb"), authority);
const profile = path.join(folder, "firefox-profile");
trust(profile, authority);

const chromium = await launch("chromium", { env: { HOME: home } });
const firefox = await launch("firefox", { profile });
try {
  const host = await Person.at(chromium, 1);
  await host.open(homeUrl);
  await host.page.locator("#create-room").click();
  const hostMs = await host.join();
  // A profile given to Firefox holds for its default context alone.
  const guest = await Person.in(await firefox.newPage(), 2);
  await guest.open(host.page.url());
  const guestMs = await guest.join();
  await host.sees([guest]);
  await guest.sees([host]);
  await host.hears(guest);
  await guest.hears(host);
  const paths = await Promise.all(
    [host, guest].map(({ page }) => page.evaluate(() => window.probe.remoteAddresses())),
  );
  const secure = await host.page.evaluate(() => window.isSecureContext);
  console.log(JSON.stringify({ hostMs, guestMs, paths, secure, url: host.page.url() }));
} finally {
  await chromium.close();
  await firefox.close();
}
