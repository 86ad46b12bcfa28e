import { describe, expect, it } from 'vitest';
import { readWebhookSettings } from './webhook-settings.ts';

describe('readWebhookSettings', () => {
  it('has defaults for everything', () => {
    expect(readWebhookSettings({})).toEqual({
      logLevel: 'info',
      port: 8443,
      healthPort: 8081,
      drainSeconds: 15,
      instance: 'rebound-webhook',
    });
  });

  it('reads what is set', () => {
    const environment = {
      REBOUND_LOG_LEVEL: 'debug',
      REBOUND_WEBHOOK_PORT: '0',
      REBOUND_WEBHOOK_HOST: '127.0.0.1',
      REBOUND_HEALTH_PORT: '9999',
      REBOUND_HEALTH_HOST: '127.0.0.2',
      REBOUND_WEBHOOK_DRAIN_SECONDS: '0.5',
      POD_NAME: 'rebound-webhook-abc',
    };
    expect(readWebhookSettings(environment)).toEqual({
      logLevel: 'debug',
      port: 0,
      host: '127.0.0.1',
      healthPort: 9999,
      healthHost: '127.0.0.2',
      drainSeconds: 0.5,
      instance: 'rebound-webhook-abc',
    });
  });

  it.each([
    ['REBOUND_LOG_LEVEL', 'loud'],
    ['REBOUND_WEBHOOK_PORT', '70000'],
    ['REBOUND_HEALTH_PORT', 'http'],
    ['REBOUND_WEBHOOK_DRAIN_SECONDS', '-1'],
  ])('names the variable when %s is %s', (name, value) => {
    expect(() => readWebhookSettings({ [name]: value })).toThrow(name);
  });
});
