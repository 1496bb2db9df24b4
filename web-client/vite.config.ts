// Builds the pages: hashed assets and nothing inline, as the CSP allows no script or style in HTML.
import { defineConfig } from "vitest/config";

/** The address of a running `preau`, for `npm run dev`. */
const server = "http://localhost:8080";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
