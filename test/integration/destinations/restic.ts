import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resticEnvironment, resticRepositoryUrl } from '../../../src/destinations/s3/restic-repository.ts';
import type { S3Settings } from '../../../src/destinations/s3/settings.ts';
import { buildProgram } from '../../cluster/native/go-programs.ts';

/** Runs the real restic on a repository of a destination; returns what it prints. */
export type Restic = (...parameters: readonly string[]) => Promise<string>;

/** Prepares restic for one repository, with what VolSync's Secret would hold. */
export const resticFor = async (settings: S3Settings, repositoryPath: string, password: string): Promise<Restic> => {
  const program = await buildProgram('restic', () => undefined);
  const env = {
    ...resticEnvironment(settings),
    RESTIC_REPOSITORY: resticRepositoryUrl(settings, repositoryPath),
    RESTIC_PASSWORD: password,
  };
  return async (...parameters) => {
    const { stdout } = await promisify(execFile)(program, ['--no-cache', ...parameters], { env });
    return stdout;
  };
};
