// A certificate authority for one test, a certificate for one name, and browsers that trust it.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Writes `ca.pem`, `chain.pem` and `key.pem` into a folder; returns their paths. */
export function makeCertificates(folder, name) {
  const file = (base) => path.join(folder, base);
  const openssl = (...given) => execFileSync("openssl", given, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
    "-subj", "/CN=Authority of a test",
    "-addext", "keyUsage=critical,keyCertSign,cRLSign",
  );
  openssl("req", ...key, "-keyout", "key.pem", "-out", "request.pem", "-subj", `/CN=${name}`);
  writeFileSync(file("leaf.cnf"), `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\n`);
  openssl(
    "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
    "-days", "2", "-extfile", "leaf.cnf", "-out", "chain.pem",
  );
  return { authority: file("ca.pem"), chain: file("chain.pem"), key: file("key.pem") };
}

/** Puts an authority into a store: Firefox's profile, or `$HOME/.pki/nssdb` for Chromium. */
export function trust(store, authority) {
  mkdirSync(store, { recursive: true });
  const certutil = (...given) => execFileSync("certutil", given, { stdio: "pipe" });
  certutil("-N", "-d", `sql:${store}`, "--empty-password");
  certutil("-A", "-d", `sql:${store}`, "-n", "test", "-t", "C,,", "-i", authority);
}
