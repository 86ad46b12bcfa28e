import { z } from 'zod';
import { customResourceDefinition } from '../../api/crd.ts';
import { API_VERSION } from '../../api/group.ts';
import { kindDefinitions } from '../../api/kinds.ts';
import type { DefinitionPair, FieldSchema } from '../../domain/definition-gaps.ts';
import type { ObjectClient } from '../context.ts';
import { customResourceDefinitions, definitionSpec } from './kinds.ts';

const writtenDefinition = z.object({ metadata: z.object({ name: z.string() }), spec: definitionSpec });

const schemaOf = ({ versions }: z.infer<typeof definitionSpec>): FieldSchema | undefined =>
  versions.find(({ name }) => name === API_VERSION)?.schema?.openAPIV3Schema;

/**
 * The definitions of Rebound's kinds, as this program would write them and as the API server has them.
 *
 * @throws KubeError when the API server does not say.
 */
export async function readDefinitions(client: Pick<ObjectClient, 'get'>): Promise<readonly DefinitionPair[]> {
  return await Promise.all(
    kindDefinitions.map(async (kind) => {
      const { metadata, spec } = writtenDefinition.parse(customResourceDefinition(kind));
      const { name } = metadata;
      const found = await client.get(customResourceDefinitions, { name });
      return { name, wanted: schemaOf(spec) ?? {}, found: found === undefined ? undefined : schemaOf(found.spec) };
    }),
  );
}
