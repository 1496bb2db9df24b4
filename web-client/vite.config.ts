// Builds the pages: hashed assets and nothing inline, as the CSP allows no script or style in HTML.
import { defineConfig } from "vitest/config";

/** The address of a running `preau`, for `npm run dev`. */
const server = "http://localhost:8080";

export default defineConfig({
  build: {
    target: "es2022",
    cssTarget: ["safari16.4", "chrome111", "firefox115"],
    outDir: "dist",
    assetsInlineLimit: 0,
    // What is loaded on demand needs nothing that is not there, so nothing is to be announced.
    modulePreload: false,
    rolldownOptions: {
      output: {
        // The budget counts one language, so it must know them from other chunks.
        chunkFileNames: ({ facadeModuleId }) => {
          const [, part] = /\/locales\/.*\?(first|later)$/.exec(facadeModuleId ?? "") ?? [];
          return `assets/${part === undefined ? "[name]" : `locale-[name]-${part}`}-[hash].js`;
        },
        // What a page begins with is one file: it shrinks better than several, and comes at once.
        codeSplitting: { groups: [{ name: "page", tags: ["$initial"] }] },
      },
    },
  },
  server: {
    proxy: {
      "/api": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    environment: "node",
    // Rules are tested on the sheets, which are else read as empty.
    css: true,
    setupFiles: ["src/ui/testing/language.ts"],
    include: ["src/**/*.test.ts"],
  },
});
