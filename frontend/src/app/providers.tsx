import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { useMemo } from "react";
import { RouterProvider } from "react-router";

import { setSignedOutListener } from "@/lib/api-client";
import { LanguageProvider, useTexts } from "@/lib/language";
import { pageNonce } from "@/lib/nonce";
import { SESSION_KEY } from "@/lib/queries/get-session";
import { queryClient } from "@/lib/query-client";

import { router } from "./routes";
import { readableColors, themeIn } from "./theme";

setSignedOutListener(() => void queryClient.invalidateQueries({ queryKey: SESSION_KEY }));

export function Providers() {
  return (
    <LanguageProvider>
      <Site />
    </LanguageProvider>
  );
}

function Site() {
  const texts = useTexts();
  const theme = useMemo(() => themeIn(texts), [texts]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={readableColors} defaultColorScheme="auto" getStyleNonce={pageNonce}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
