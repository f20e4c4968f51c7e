import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The site serves dist/assets/ at /assets/ and puts a fresh nonce into index.html for every answer.
export default defineConfig({
  plugins: [react()],
  base: "/",
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  html: { cspNonce: "__CSP_NONCE__" },
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: process.env.ROUNDTABLE_URL ?? "http://127.0.0.1:8000" } } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
