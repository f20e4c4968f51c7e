/** The pages before somebody is signed in. */
export const entry = {
  signInTitle: "Sign in to Roundtable",
  motto: "Better language models, one round at a time.",
  userName: "User name",
  password: "Password",
  showPassword: "Show or hide the password",
  signIn: "Sign in",
  joinTitle: "Join Roundtable",
  opening: "Opening your invitation.",
  invited: (project: string, role: string, email: string) => `You are invited to ${project} as ${role} (${email}).`,
  joinAs: (name: string) => `Join as ${name}`,
  yourName: "Your name",
  passwordLength: (characters: number) => `At least ${characters} characters.`,
  createAccount: "Create my account",
};
