import { expect, it } from 'vitest';

import { run } from './command.ts';
import { shellExports } from './shell-exports.ts';

it('the exports mean the same to a shell, whatever they hold', async () => {
  const secretAccessKey = `it's "odd" $HOME \`x\``;
  const s3 = { endpoint: 'http://10.0.0.1:9000', region: 'r', bucket: 'b', accessKeyId: 'a', secretAccessKey };
  const script = `${shellExports({ kubeconfigPath: '/k c', s3, binFolder: '/bin folder' })}
printf '%s\\n' "$KUBECONFIG" "$REBOUND_S3_SECRET_ACCESS_KEY" "\${PATH%%:*}"`;
  expect(await run(['sh', '-c', script])).toBe(`/k c\n${secretAccessKey}\n/bin folder\n`);
});
