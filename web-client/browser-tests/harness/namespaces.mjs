// Three network namespaces: people, a router, and the server behind the router's 1:1 NAT. The
// machine's own network is not touched. Needs root.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

/** From a range for documentation (RFC 5737): to a browser it is a public address. */
export const PUBLIC_ADDRESS = "203.0.113.7";
export const PUBLIC_NAME = "meet.example.test";

export const SERVER_ADDRESS = "10.91.2.2";

/**
 * Makes the namespaces; names carry the process, so that runs do not meet.
 *
 * @param {{ relay?: boolean }} [options]  With a relay the router passes on TCP alone: a program in
 *   it that listens at the public address has all UDP.
 */
export function makeNamespaces({ relay = false } = {}) {
  const [people, router, server] = ["p", "r", "s"].map((part) => `preau-${part}-${process.pid}`);
  const folder = `/etc/netns/${people}`;
  const close = () => {
    for (const name of [people, router, server]) {
      try {
        ip("netns", "delete", name);
      } catch {
        // It was not made.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of [people, router, server]) {
      ip("netns", "add", name);
      within(name, "ip", "link", "set", "lo", "up");
    }
    connect(people, "10.91.1.2", router, "10.91.1.1", "a");
    connect(server, SERVER_ADDRESS, router, "10.91.2.1", "b");
    within(router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
    if (relay) within(router, "ip", "address", "add", `${PUBLIC_ADDRESS}/32`, "dev", "lo");
    execFileSync("ip", ["netns", "exec", router, "nft", "-f", "-"], { input: nat(relay) });
    // `ip netns exec` lays these files over those in /etc.
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/hosts`, `127.0.0.1 localhost\n${PUBLIC_ADDRESS} ${PUBLIC_NAME}\n`);
    writeFileSync(`${folder}/resolv.conf`, "");
  } catch (error) {
    close();
    throw error;
  }
  return { people, router, server, close };
}

/** Both ways between the public address and the server's; the server's own is not to be reached. */
const nat = (relay) => `table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat
    ip daddr ${PUBLIC_ADDRESS} ${relay ? "ip protocol tcp " : ""}dnat to ${SERVER_ADDRESS}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr ${SERVER_ADDRESS} snat to ${PUBLIC_ADDRESS}
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority filter; policy drop
    ct state established,related accept
    ct status dnat accept
    ip saddr ${SERVER_ADDRESS} accept
  }
}
`;

function connect(end, endAddress, router, routerAddress, letter) {
  const [here, there] = [`pr${letter}0`, `pr${letter}1`];
  ip("link", "add", here, "netns", end, "type", "veth", "peer", "name", there, "netns", router);
  for (const [name, device, address] of [[end, here, endAddress], [router, there, routerAddress]]) {
    within(name, "ip", "address", "add", `${address}/24`, "dev", device);
    within(name, "ip", "link", "set", device, "up");
  }
  within(end, "ip", "route", "add", "default", "via", routerAddress);
}

function within(name, ...command) {
  ip("netns", "exec", name, ...command);
}

function ip(...given) {
  execFileSync("ip", given, { stdio: ["ignore", "ignore", "pipe"] });
}
