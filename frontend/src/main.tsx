import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/global.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Providers } from "./app/providers";
import { shareNonce } from "./lib/nonce";

shareNonce();
const root = document.getElementById("root");
if (!root) throw new Error("index.html lost its #root element.");
createRoot(root).render(
  <StrictMode>
    <Providers />
  </StrictMode>,
);
