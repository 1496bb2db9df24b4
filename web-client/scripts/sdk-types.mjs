// Writes dist/sdk.d.ts: the SDK's types in one file, out of the declarations of its public modules.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "preau-sdk-"));
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

try {
  const flags = [
    "--noEmit",
    "false",
    "--declaration",
    "--emitDeclarationOnly",
    "--outDir",
    scratch,
  ];
  execFileSync(process.execPath, [tsc, ...flags], { cwd: root, stdio: "inherit" });
  // The order is that of dependence; every name in these files is exported once.
  const parts = ["protocol.gen", "room-state", "api", "index"].map((name) =>
    declarations(readFileSync(join(scratch, "src", "call", `${name}.d.ts`), "utf8")),
  );
  const header = "// Types of Préau's SDK, served at /sdk.js.\n";
  const target = join(root, "dist", "sdk.d.ts");
  writeFileSync(target, header + parts.join("\n"));
  // The file must stand alone.
  const check = ["--noEmit", "--ignoreConfig", "--strict", "--lib", "es2022,dom", target];
  execFileSync(process.execPath, [tsc, ...check], { cwd: scratch, stdio: "inherit" });
} finally {
  rmSync(scratch, { recursive: true });
}

/** What a module declares itself, without what it takes from its siblings. */
function declarations(text) {
  return text.replaceAll(/^(import|export) [^;]*? from "\.\/[^"]+";\n/gms, "").trim() + "\n";
}
