// Builds `src/call` as one self-contained module, which others embed from `/sdk.js`.
import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    copyPublicDir: false,
    minify: true,
    lib: { entry: "src/call/index.ts", formats: ["es"], fileName: () => "sdk.js" },
  },
});
