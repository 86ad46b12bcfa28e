/** The role `rebound webhook` as a process of its own, without the rest of the program. */
import { readWebhookSettings } from '../../../src/config/webhook-settings.ts';
import { runWebhook } from '../../../src/roles/webhook.ts';

await runWebhook(readWebhookSettings(process.env));
