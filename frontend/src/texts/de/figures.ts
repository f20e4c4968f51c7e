import type { Texts } from "../texts";

export const figures: Texts["figures"] = {
  title: "Meine Zahlen",
  text: "Was Sie getan haben und wie weit andere damit übereinstimmen. Das sehen nur Sie und die Projektleitung.",
  days: "Antworten am Tag",
  daysText: "In den letzten 30 Tagen.",
  daysLabel: "Antworten jedes Tages",
  noDays: "Keine Antwort in den letzten 30 Tagen.",
  seconds: "Zeit für eine Antwort",
  secondsText: "Der Kasten ist die mittlere Hälfte, die Linie sind vier Fünftel.",
  secondsLabel: (half, most) => `Die Hälfte braucht bis zu ${half}, neun von zehn bis zu ${most}`,
  noSeconds: "Noch keine Antwort mit gemessener Zeit.",
  agreement: "Übereinstimmung",
  agreementText: "Bei Prompts, die auch jemand anders geordnet hat; die Linien sind 95-%-Intervalle.",
  noAgreement: "Noch hat niemand sonst einen Ihrer Prompts geordnet.",
  withOthers: "Mit anderen",
  adjusted: "Bei Prompts mittlerer Schwierigkeit",
  withoutTies: "Wo niemand Gleichstand gab",
  withResearchers: "Mit Forschenden",
  withYourself: "Mit Ihnen selbst",
  nothingToCompare: "nichts zu vergleichen",
  basis: (rankings) =>
    `Aus ${rankings} Rangfolgen. Bei offenen Fragen sind Menschen verschiedener Meinung: Zwei sorgfältige Personen stimmen bei etwa drei von vier Paaren überein; die gestrichelte Linie ist der Zufall.`,
};
