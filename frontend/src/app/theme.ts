import { createTheme, type MantineColorsTuple } from "@mantine/core";

import type { Texts } from "@/texts/texts";

const lagoon: MantineColorsTuple = [
  "#e6f7f9", "#d2ecef", "#a6d8de", "#76c3cc", "#50b2bd", "#37a7b4", "#2393a1", "#127f8c", "#06717d", "#00616d",
];

/** The colours and shapes of the site, and the names of its icon buttons in the language of the page. */
export function themeIn({ common, entry }: Texts) {
  const closeButtonProps = { "aria-label": common.close };
  return createTheme({
    primaryColor: "lagoon",
    primaryShade: { light: 8, dark: 6 },
    colors: { lagoon },
    autoContrast: true,
    luminanceThreshold: 0.36,
    defaultRadius: "md",
    cursorType: "pointer",
    respectReducedMotion: true,
    focusRing: "auto",
    fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    headings: { fontWeight: "650" },
    components: {
      Modal: { defaultProps: { closeButtonProps } },
      Drawer: { defaultProps: { closeButtonProps } },
      Notification: { defaultProps: { closeButtonProps } },
      PasswordInput: { defaultProps: { visibilityToggleButtonProps: { "aria-label": entry.showPassword } } },
    },
  });
}
