/** The server writes English, and says exactly what was expected and what came. */
export const errors = {
  text: (_code: string, message: string) => message,
  field: (_code: string, message: string) => message,
};
