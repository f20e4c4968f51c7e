import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";

import { setSignedOutListener } from "@/lib/api-client";
import { pageNonce } from "@/lib/nonce";
import { SESSION_KEY } from "@/lib/queries/get-session";
import { queryClient } from "@/lib/query-client";

import { router } from "./routes";
import { theme } from "./theme";

setSignedOutListener(() => void queryClient.invalidateQueries({ queryKey: SESSION_KEY }));

export function Providers() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={pageNonce}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
