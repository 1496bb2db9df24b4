// Chromium and Firefox of the machine, without a request of their own to anybody.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import puppeteer from "puppeteer-core";

const CHROMIUM = process.env.PREAU_CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.PREAU_FIREFOX ?? "/usr/bin/firefox-esr";

/** A start takes a second or two; a machine that compiles meanwhile is given more. */
const LAUNCH_WITHIN_MS = 120_000;

/**
 * `program` stands in place of Chromium's own, to start it elsewhere; it is then spoken to by a
 * pipe, which no network is needed for.
 *
 * @param {"chromium"|"firefox"} kind
 * @param {{ language?: string, env?: object, profile?: string, args?: string[],
 *   preferences?: object, program?: string }} [options] `preferences` are Firefox's alone
 */
export async function launch(kind, options = {}) {
  const profile = options.profile ?? (await mkdtemp(path.join(os.tmpdir(), `preau-${kind}-`)));
  const browser = await (kind === "chromium" ? chromium : firefox)(profile, options);
  const { close } = browser;
  browser.close = async () => {
    await close.call(browser);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return browser;
}

const DISABLED_FEATURES = [
  ...["WebRtcHideLocalIpsWithMdns", "OptimizationHints", "MediaRouter"],
  "LocalNetworkAccessChecks",
].join();

function chromium(profile, { language = "en", env = {}, args = [], program }) {
  return puppeteer.launch({
    browser: "chrome",
    executablePath: program ?? CHROMIUM,
    pipe: program !== undefined,
    headless: true,
    userDataDir: profile,
    env: { ...process.env, LANGUAGE: language, ...env },
    timeout: LAUNCH_WITHIN_MS,
    protocolTimeout: 60_000,
    args: [
      // Root has no user namespaces to sandbox with in a container.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--lang=${language}`,
      `--accept-lang=${language}`,
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-domain-reliability",
      "--disable-sync",
      "--no-first-run",
      // A page that a test answers itself has no address, and may else not speak to this machine.
      `--disable-features=${DISABLED_FEATURES}`,
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
      ...args,
    ],
  });
}

function firefox(profile, { language = "en", env = {}, args = [], preferences = {} }) {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    userDataDir: profile,
    env: { ...process.env, ...env },
    timeout: LAUNCH_WITHIN_MS,
    protocolTimeout: 60_000,
    args: ["--no-remote", ...args],
    extraPrefsFirefox: {
      ...FIREFOX_PREFERENCES,
      "intl.accept_languages": language,
      ...preferences,
    },
  });
}

const FIREFOX_PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  "media.autoplay.block-webaudio": false,
  // A machine without a sound card: otherwise every AudioContext stays suspended. The mock's clock
  // sleeps between blocks, so on a busy machine its sound runs late; pictures do not.
  "media.cubeb.force_mock_context": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  // Timers of pages behind another tab keep their pace.
  "dom.min_background_timeout_value": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.discovery.enabled": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.topsites.contile.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "media.gmp-manager.updateEnabled": false,
  "media.gmp-manager.url": "data:text/plain,",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.dns.disablePrefetch": true,
  "network.http.speculative-parallel-limit": 0,
  "network.prefetch-next": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
  "toolkit.telemetry.unified": false,
};
