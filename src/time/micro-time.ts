/** A point in time as Kubernetes' MicroTime wants it: RFC 3339 with exactly six digits of fraction. */
export function toMicroTime(wallMilliseconds: number): string {
  return new Date(wallMilliseconds).toISOString().replace('Z', '000Z');
}

/** A point in time as Kubernetes' Time has it: RFC 3339, whole seconds. */
export function toKubeTime(wallMilliseconds: number): string {
  return new Date(wallMilliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
