import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

import type { Texts } from "@/texts/texts";

const lagoon: MantineColorsTuple = [
  "#e6f7f9", "#d2ecef", "#a6d8de", "#76c3cc", "#50b2bd", "#37a7b4", "#2393a1", "#127f8c", "#06717d", "#00616d",
];

/** The colours and shapes of the site, and the names of its icon buttons in the language of the page. */
export function themeIn({ common, entry }: Texts) {
  const closeButtonProps = { "aria-label": common.close };
  return createTheme({
    primaryColor: "lagoon",
    primaryShade: { light: 8, dark: 7 },
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
      TableScrollContainer: { defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } } }, // to scroll it by keyboard
      PasswordInput: { defaultProps: { visibilityToggleButtonProps: { "aria-label": entry.showPassword } } },
    },
  });
}

/** Text of at least 4.5 : 1 (WCAG AA) where the library's own is paler: grey text, and coloured text on white and on its own tint. */
export const readableColors: CSSVariablesResolver = ({ colors }) => {
  const tinted = Object.keys(colors).filter((name) => !["dark", "gray", "lagoon"].includes(name));
  const inLight = tinted.flatMap((name) => {
    const readable = `color-mix(in srgb, var(--mantine-color-${name}-9) 70%, black)`;
    return [[`--mantine-color-${name}-text`, readable], [`--mantine-color-${name}-light-color`, readable]];
  });
  const grey = { light: "#5f676f", dark: "#a6a6a6" };
  return {
    variables: {},
    light: { ...Object.fromEntries(inLight), "--mantine-color-dimmed": grey.light, "--mantine-color-placeholder": grey.light },
    dark: { "--mantine-color-dimmed": grey.dark, "--mantine-color-placeholder": grey.dark },
  };
};
