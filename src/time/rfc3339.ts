/** RFC 3339, as the API server writes times: UTC, whole seconds. */
export const rfc3339 = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
