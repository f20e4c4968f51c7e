import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The site serves dist/assets/ at /assets/ and puts a fresh nonce into index.html for every answer.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  html: { cspNonce: "__CSP_NONCE__" },
  // light-dark() follows the chosen colour scheme only where the browser itself computes it.
  build: { cssTarget: ["chrome123", "firefox120", "safari17.5"], assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8000" } } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
