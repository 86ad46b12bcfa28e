/** What Kubernetes or its parts say, as a clause of a sentence of ours: on one line, without its full stop. */
export const clause = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
