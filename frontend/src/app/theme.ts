import { createTheme, type MantineColorsTuple } from "@mantine/core";

const lagoon: MantineColorsTuple = [
  "#e6f7f9", "#d2ecef", "#a6d8de", "#76c3cc", "#50b2bd", "#37a7b4", "#2393a1", "#127f8c", "#06717d", "#00616d",
];

export const theme = createTheme({
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
});
