import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AUTHORITY_SECRET, SERVING_SECRET } from './secret-names.ts';

const certificate = z.object({
  kind: z.literal('Certificate'),
  spec: z.object({ secretName: z.string(), dnsNames: z.array(z.string()).optional(), isCA: z.boolean().optional() }),
});
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the certificates of the cert-manager component', () => {
  const specs = loadAll(read('webhook-certs/cert-manager/certificates.yaml')).flatMap((object) => {
    const parsed = certificate.safeParse(object);
    return parsed.success ? [parsed.data.spec] : [];
  });

  it('end in the Secret that the webhook watches, for the name that API servers call', () => {
    const served = specs.find(({ isCA }) => isCA !== true);
    expect(served?.secretName).toBe(SERVING_SECRET);
    expect(served?.dnsNames).toContain('rebound-webhook.rebound-system.svc');
  });

  it('do not touch the Secret of the built-in authorities', () => {
    expect(specs.map(({ secretName }) => secretName)).not.toContain(AUTHORITY_SECRET);
  });

  it('turn the built-in rotation off', () => {
    const component = read('webhook-certs/cert-manager/kustomization.yaml');
    expect(component).toMatch(/REBOUND_CERTIFICATE_ROTATION\s+value: external/);
  });
});
