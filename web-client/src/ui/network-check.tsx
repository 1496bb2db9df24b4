// The test of the connection: what passes, what the network blocks, and what is used instead.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { CallError } from "../call";
import { later, t } from "./i18n";
import { CheckIcon, CloseIcon } from "./icons";
import type { Finding } from "./network-test";
import { testNetwork } from "./network-test";
import { wayOf } from "./text";

type State =
  | { readonly kind: "testing" }
  | { readonly kind: "found"; readonly finding: Finding }
  | { readonly kind: "failed"; readonly sentence: string };

export function NetworkCheck(): JSX.Element {
  const state = useSignal<State>({ kind: "testing" });
  useEffect(() => void test(), []);

  async function test(): Promise<void> {
    state.value = { kind: "testing" };
    try {
      state.value = { kind: "found", finding: await testNetwork() };
    } catch (error) {
      const code = error instanceof CallError ? error.code : "connection_failed";
      state.value = { kind: "failed", sentence: t().end[code] };
    }
  }

  const { value } = state;
  const { check } = later();
  return (
    <section class="network-check" aria-label={check.title}>
      <output id="network-result" role="status" data-finding={findingOf(value)}>
        {value.kind === "testing" && check.testing}
        {value.kind === "failed" && value.sentence}
        {value.kind === "found" && conclusionOf(value.finding)}
      </output>
      {value.kind === "found" && <Steps finding={value.finding} />}
      {value.kind !== "testing" && (
        <div class="link-ways">
          {value.kind === "found" && <CopyReport finding={value.finding} />}
          <button id="check-again" type="button" class="button" onClick={() => void test()}>
            {check.again}
          </button>
        </div>
      )}
    </section>
  );
}

/** For tests and styles. */
function findingOf(state: State): string {
  switch (state.kind) {
    case "testing":
    case "failed":
      return state.kind;
    case "found":
      return state.finding.kind === "media" ? state.finding.path.transport : state.finding.kind;
  }
}

interface Step {
  readonly name: string;
  readonly works: boolean;
  readonly detail: string;
}

/** What was tried, as far as it came. */
function stepsOf(finding: Finding): readonly Step[] {
  const { check } = later();
  const page = { name: check.page, works: true, detail: "" };
  const socket = { name: check.socket, works: true, detail: "" };
  switch (finding.kind) {
    case "unreachable":
      return [{ ...page, works: false }];
    case "untested":
      return [page];
    case "no_socket":
      return [page, { ...socket, works: false }];
    case "no_media":
      return [page, socket, { name: check.media, works: false, detail: "" }];
    case "media": {
      const { path, rttMs } = finding;
      const protocol = path.transport === "udp" ? "UDP" : "TCP";
      const trip = rttMs === null ? [] : [check.roundTrip(Math.round(rttMs))];
      const udp = { name: check.udp, works: protocol === "UDP", detail: "" };
      const detail = [wayOf(protocol, path.port), ...trip].join(", ");
      return [page, socket, udp, { name: check.media, works: true, detail }];
    }
  }
}

function conclusionOf(finding: Finding): string {
  const { check } = later();
  const { end, udpBlockedDetails } = t();
  switch (finding.kind) {
    case "unreachable":
      return end.connection_failed;
    case "untested":
      return check.untested;
    case "no_socket":
      return check.noSocket;
    case "no_media":
      return end.media_lost;
    case "media": {
      const { transport, port } = finding.path;
      if (transport === "udp") {
        return check.allWell;
      }
      const details = udpBlockedDetails(wayOf("UDP", port), location.hostname);
      return `${check.byTcp(wayOf("TCP", port))} ${details}`;
    }
  }
}

function Steps({ finding }: { readonly finding: Finding }): JSX.Element {
  const { check } = later();
  return (
    <ul class="network-steps">
      {stepsOf(finding).map(({ name, works, detail }) => (
        <li key={name} class={works ? "works" : "blocked"}>
          {works ? <CheckIcon /> : <CloseIcon />}
          <span>
            {name} <span class="visually-hidden">{works ? check.works : check.blocked}</span>
            {detail !== "" && <span class="hint">{detail}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Text for whoever runs the network: no name, no address, no link. */
function reportOf(finding: Finding): string {
  const { check } = later();
  const minute = new Date().toISOString().slice(0, 16).replace("T", " ");
  const steps = stepsOf(finding).map(({ name, works, detail }) => {
    const words = works ? check.works : check.blocked;
    return `- ${name}: ${[words, detail].filter((part) => part !== "").join(", ")}`;
  });
  const about = [`${check.title}, ${location.host}`, `${minute} UTC, ${browserName()}`];
  return [...about, "", conclusionOf(finding), ...steps].join("\n");
}

function CopyReport({ finding }: { readonly finding: Finding }): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const result = useSignal<"" | "copied" | "by_hand">("");

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(reportOf(finding));
      result.value = "copied";
    } catch {
      result.value = "by_hand";
      requestAnimationFrame(() => field.current?.select());
    }
  }

  return (
    <>
      <button id="copy-report" type="button" class="button" onClick={() => void copy()}>
        {later().check.copy}
      </button>
      <output role="status" class="hint">
        {result.value === "copied" && later().copied}
        {result.value === "by_hand" && later().copyByHand}
      </output>
      {result.value === "by_hand" && (
        <textarea
          ref={field}
          class="report"
          readOnly
          rows={8}
          aria-label={later().check.title}
          value={reportOf(finding)}
        />
      )}
    </>
  );
}

/** `Firefox 153`: the family and its version say what a network's own people need. */
function browserName(): string {
  const { userAgent } = navigator;
  const families = [
    ["Edge", /\bEdg\/(\d+)/],
    ["Chromium", /\bChrom(?:e|ium)\/(\d+)/],
    ["Firefox", /\bFirefox\/(\d+)/],
    ["Safari", /\bVersion\/(\d+)/],
  ] as const;
  for (const [family, pattern] of families) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) {
      return `${family} ${version}`;
    }
  }
  return "?";
}
