import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { resticEnvironment, resticRepositoryUrl } from '../../../src/destinations/s3/restic-repository.ts';
import type { S3Settings } from '../../../src/destinations/s3/settings.ts';
import { buildProgram } from '../../cluster/native/go-programs.ts';

/** Runs the real restic on a repository of a destination; returns what it prints. */
export type Restic = (...parameters: readonly string[]) => Promise<string>;

/** The program, and the environment in which it works on one repository, with what VolSync's Secret would hold. */
export const resticProgram = async (settings: S3Settings, repositoryPath: string, password: string) => ({
  program: await buildProgram('restic', () => undefined),
  env: {
    ...resticEnvironment(settings),
    RESTIC_REPOSITORY: resticRepositoryUrl(settings, repositoryPath),
    RESTIC_PASSWORD: password,
  },
});

/** Prepares restic for one repository. */
export const resticFor = async (settings: S3Settings, repositoryPath: string, password: string): Promise<Restic> => {
  const { program, env } = await resticProgram(settings, repositoryPath, password);
  return async (...parameters) => {
    const { stdout } = await promisify(execFile)(program, ['--no-cache', ...parameters], { env });
    return stdout;
  };
};
