import { readControllerSettings } from './config/controller-settings.ts';
import { readWebhookSettings } from './config/webhook-settings.ts';
import { runController } from './roles/controller.ts';
import { runWebhook } from './webhook/run.ts';

const usage = `usage: rebound <role>

roles:
  controller   watches claims, restores and backs up (one acts, the others stand by)
  webhook      answers admission requests for labelled claims
`;

/** Starts the role that the command line names. */
async function main(role: string | undefined): Promise<void> {
  switch (role) {
    case 'controller':
      await runController(readControllerSettings(process.env));
      return;
    case 'webhook':
      await runWebhook(readWebhookSettings(process.env));
      return;
    default:
      process.stderr.write(usage);
      process.exitCode = 2;
  }
}

await main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`rebound: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
