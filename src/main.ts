const usage = `usage: rebound <role>

roles:
  controller      watches claims, restores and backs up (one acts, the others stand by)
  webhook         answers admission requests for labelled claims
  look <folder>   reports what is at the top of a volume, before a restore fills it
  mover <task>    does one container's part of a mover's pod: look, prove or record
`;

/** Starts the role that the command line names. Nothing of the others is loaded: a look takes no longer than its start. */
async function main(role: string | undefined, argument: string | undefined): Promise<void> {
  if (role === 'controller') await controller();
  else if (role === 'webhook') await webhook();
  else if (role === 'look' && argument !== undefined) await look(argument);
  else if (role === 'mover' && argument !== undefined) await mover(argument);
  else usageError();
}

async function mover(task: string): Promise<void> {
  const { isMoverTask, runMover } = await import('./roles/mover.ts');
  if (isMoverTask(task)) process.exitCode = await runMover(task, process.env);
  else usageError();
}

function usageError(): void {
  process.stderr.write(usage);
  process.exitCode = 2;
}

async function controller(): Promise<void> {
  const [{ readControllerSettings }, { runController }] = await Promise.all([
    import('./config/controller-settings.ts'),
    import('./roles/controller.ts'),
  ]);
  await runController(readControllerSettings(process.env));
}

async function webhook(): Promise<void> {
  const [{ readWebhookSettings }, { runWebhook }] = await Promise.all([
    import('./config/webhook-settings.ts'),
    import('./roles/webhook.ts'),
  ]);
  await runWebhook(readWebhookSettings(process.env));
}

async function look(folder: string): Promise<void> {
  const { runLook } = await import('./roles/look.ts');
  await runLook(folder);
}

await main(process.argv[2], process.argv[3]).catch((error: unknown) => {
  process.stderr.write(`rebound: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
