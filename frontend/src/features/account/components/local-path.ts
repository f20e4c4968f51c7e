/** Where to go after signing in: a path of this site, never an address somewhere else. */
export function localPath(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}
