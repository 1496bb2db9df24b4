// A small internet of four network namespaces, whose router closes ports, forgets mappings and
// loses large packets when a test says so. The machine's own network is not touched. Needs root.
//
//   people   10.91.1.2   ─┐  (home router: their address outside is 192.0.2.101)
//   witness  10.91.4.2   ─┤router├─ server, first line  10.91.2.2 = 203.0.113.7 and 192.0.2.7
//                         └──────┴─ server, second line 10.91.3.2 = 198.51.100.7
//
// All have IPv6 too. The public IPv4 addresses are the server's by 1:1 NAT. What is closed is
// closed for `people` alone. Addresses are those for documentation (RFC 5737, RFC 3849): to a
// browser they are public, and Chromium drops candidates on port 443 at private ones.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

export const NAME = "meet.example.test";
/** Pages and signaling; no media. */
const SITE = "192.0.2.7";
const SITE_V6 = "2001:db8:2::7";
/** Where media may go, best first. */
export const MEDIA = ["203.0.113.7", "198.51.100.7", "2001:db8:2::2"];
const [FIRST_LINE, SECOND_LINE, MEDIA_V6] = MEDIA;

const PEOPLE_LINK = "pra1";
/** A TCP that knows the path's MTU, as home routers arrange it for those who do not learn it. */
const SEGMENT_MAX = 1100;

const LINKS = [
  { end: "people", device: "pra", net: "10.91.1", net6: "2001:db8:1" },
  { end: "server", device: "prb", net: "10.91.2", net6: "2001:db8:2" },
  { end: "server", device: "prc", net: "10.91.3", net6: null },
  { end: "witness", device: "prd", net: "10.91.4", net6: "2001:db8:4" },
];

/** What can be closed, in the words of nftables. */
const CLOSED = {
  /** All of UDP. */
  udp: "meta l4proto udp",
  /** Media over TCP; pages and signaling are at other addresses. */
  tcpMedia: [
    `meta l4proto tcp ct original ip daddr { ${FIRST_LINE}, ${SECOND_LINE} }`,
    `meta l4proto tcp ip6 daddr ${MEDIA_V6}`,
    `meta l4proto tcp ip6 saddr ${MEDIA_V6}`,
  ],
  /** The server's first line, for media. */
  firstLine: `ct original ip daddr ${FIRST_LINE}`,
  ipv4: "meta nfproto ipv4",
  ipv6: "meta nfproto ipv6",
};

export function makeReachNetwork() {
  const names = Object.fromEntries(
    ["people", "witness", "router", "server"].map((end) => [end, `preau-${end}-${process.pid}`]),
  );
  const close = () => {
    for (const name of Object.values(names)) {
      try {
        ip("netns", "delete", name);
      } catch {
        // It was not made.
      }
      rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
    }
  };
  try {
    for (const name of Object.values(names)) {
      ip("netns", "add", name);
      within(name, "ip", "link", "set", "lo", "up");
    }
    LINKS.forEach((link) => connect(names, link));
    for (const setting of ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]) {
      within(names.router, "sysctl", "-qw", setting);
    }
    // What comes by the second line is answered by it.
    within(names.server, "ip", "rule", "add", "from", "10.91.3.2", "table", "3");
    within(names.server, "ip", "route", "add", "default", "via", "10.91.3.1", "table", "3");
    within(names.server, "ip", "address", "add", `${SITE_V6}/64`, "dev", "prb0", "nodad");
    nft(names.router, RULES);
    resolve(names);
  } catch (error) {
    close();
    throw error;
  }
  return { names, close };
}

/** What a driver inside of `people` does to the network. */
export class ReachNetwork {
  #names;
  #mapping = 1;

  constructor(names) {
    this.#names = names;
  }

  /** Closes these for `people`, and opens all else. */
  closeOnly(...what) {
    const rules = what.flatMap((key) => CLOSED[key]);
    const both = rules.flatMap((rule) => [
      `add rule inet reach closed iifname ${PEOPLE_LINK} ${rule} drop`,
      `add rule inet reach closed oifname ${PEOPLE_LINK} ${rule} drop`,
    ]);
    nft(this.#names.router, ["flush chain inet reach closed", ...both].join("\n"));
  }

  /** The home router forgets who is behind it: UDP comes from another address from here on. */
  rebind() {
    this.#mapping += 1;
    nft(this.#names.router, mapping(this.#mapping));
  }

  /** The machine gets other addresses, as on another Wi-Fi. */
  changeAddress() {
    const people = this.#names.people;
    const renew = [
      ["address", "flush", "dev", "pra0", "scope", "global"],
      ["address", "add", "10.91.1.3/24", "dev", "pra0"],
      ["address", "add", "2001:db8:1::3/64", "dev", "pra0", "nodad"],
      ["route", "add", "default", "via", "10.91.1.1"],
      ["-6", "route", "replace", "default", "via", "2001:db8:1::1", "dev", "pra0"],
    ];
    renew.forEach((command) => within(people, "ip", ...command));
  }

  /** The machine has no IPv4. */
  loseIpv4() {
    within(this.#names.people, "ip", "-4", "address", "flush", "dev", "pra0");
  }

  /** The machine has no IPv6. */
  loseIpv6() {
    within(this.#names.people, "ip", "-6", "address", "flush", "dev", "pra0", "scope", "global");
  }

  /** The link to `people` takes packets of so many bytes, and nobody says so. */
  limitPackets(bytes) {
    within(this.#names.router, "ip", "link", "set", PEOPLE_LINK, "mtu", String(bytes));
    within(this.#names.people, "ip", "route", "flush", "cache");
  }
}

/** Packets of a mapping have a table of connections of their own. */
function mapping(number) {
  const outside = `192.0.2.${100 + number}`;
  const zone = `ip protocol udp ct zone set ${number}`;
  return `flush chain inet reach mapping
add rule inet reach mapping iifname ${PEOPLE_LINK} ${zone}
add rule inet reach mapping ip daddr ${outside} ${zone}
flush chain ip translation outside
add rule ip translation outside ip saddr 10.91.1.0/24 ip protocol udp snat to ${outside}
add rule ip translation outside ip saddr 10.91.1.0/24 snat to 192.0.2.101
`;
}

const RULES = `table ip translation {
  chain prerouting {
    type nat hook prerouting priority dstnat
    ip daddr ${SITE} ip protocol tcp dnat to 10.91.2.2
    ip daddr ${FIRST_LINE} dnat to 10.91.2.2
    ip daddr ${SECOND_LINE} dnat to 10.91.3.2
  }
  chain outside {
    type nat hook postrouting priority srcnat
  }
}
table inet reach {
  chain mapping {
    type filter hook prerouting priority raw
  }
  chain closed {
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    tcp flags syn tcp option maxseg size set ${SEGMENT_MAX}
    jump closed
    ct state established,related accept
    ct status dnat accept
    meta nfproto ipv6 accept
  }
  chain black_hole {
    type filter hook output priority filter
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}
${mapping(1)}`;

function connect(names, { end, device, net, net6 }) {
  const [mine, its] = [`${device}0`, `${device}1`];
  const { [end]: name, router } = names;
  ip("link", "add", mine, "netns", name, "type", "veth", "peer", "name", its, "netns", router);
  for (const [place, link, host] of [[name, mine, 2], [router, its, 1]]) {
    within(place, "ip", "address", "add", `${net}.${host}/24`, "dev", link);
    if (net6 !== null) {
      within(place, "ip", "address", "add", `${net6}::${host}/64`, "dev", link, "nodad");
    }
    within(place, "ip", "link", "set", link, "up");
  }
  if (net6 !== null) {
    within(name, "ip", "route", "add", "default", "via", `${net}.1`);
    within(name, "ip", "-6", "route", "add", "default", "via", `${net6}::1`);
  }
}

/** `ip netns exec` lays these files over those in /etc. */
function resolve(names) {
  const hosts = `127.0.0.1 localhost\n${SITE} ${NAME}\n${SITE_V6} ${NAME}\n`;
  for (const end of ["people", "witness"]) {
    const folder = `/etc/netns/${names[end]}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/hosts`, hosts);
    writeFileSync(`${folder}/resolv.conf`, "");
  }
}

function nft(name, rules) {
  execFileSync("ip", ["netns", "exec", name, "nft", "-f", "-"], { input: rules });
}

function within(name, ...command) {
  ip("netns", "exec", name, ...command);
}

function ip(...given) {
  execFileSync("ip", given, { stdio: ["ignore", "ignore", "pipe"] });
}
