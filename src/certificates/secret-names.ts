/** The Secret that the webhook serves from; cert-manager writes one of the same shape. */
export const SERVING_SECRET = 'rebound-webhook-tls';
export const SERVING_KEYS = { certificate: 'tls.crt', privateKey: 'tls.key', authorities: 'ca.crt' } as const;

/** The Secret of the built-in certificate authorities: the newest certificate first, and its private key. */
export const AUTHORITY_SECRET = 'rebound-webhook-ca';
export const AUTHORITY_KEYS = { certificates: 'ca.crt', privateKey: 'ca.key' } as const;
