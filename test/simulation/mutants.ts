export function byName(n: string): any {
  return n;
}
