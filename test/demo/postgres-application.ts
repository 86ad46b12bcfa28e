import { loadPostgresImage } from '../cluster/images/postgres-image.ts';
import type { DemoApplication, Kubectl } from './application.ts';
import { parseEvidence } from './evidence.ts';

/** pgbench makes 100,000 accounts, some 15 MB with their index, per unit. */
const scale = 7;
const transfers = 2000;

const inPod = ['exec', '--namespace=demo-postgres', '--stdin', 'postgres-0', '--'];
const login = ['--host=/tmp', '--username=postgres'];

/** The system identifier is drawn when a database is initialised: a database that was made anew has another. */
const measures: Readonly<Record<string, string>> = {
  'system identifier': 'select system_identifier from pg_control_system()',
  'rows in pgbench_accounts': 'select count(*) from pgbench_accounts',
  'sum(abalance)': 'select sum(abalance) from pgbench_accounts',
  'md5 of all accounts': `select md5(string_agg(aid || ':' || abalance, ',' order by aid)) from pgbench_accounts`,
  'rows in pgbench_history': 'select count(*) from pgbench_history',
  'sum(delta)': 'select sum(delta) from pgbench_history',
};

function query(kubectl: Kubectl, sql: string): Promise<string> {
  const flags = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'];
  return kubectl([...inPod, 'psql', ...login, ...flags], sql);
}

function measureSql(): string {
  return Object.entries(measures)
    .map(([name, sql]) => `select '${name}=' || (${sql});`)
    .join('\n');
}

/** PostgreSQL in a StatefulSet, its claim made from a template. */
export const postgresApplication: DemoApplication = {
  title: 'PostgreSQL',
  namespace: 'demo-postgres',
  claimName: 'data-postgres-0',
  manifest: 'postgres.yaml',
  workload: 'statefulset/postgres',
  loadImage: loadPostgresImage,
  fill: async (kubectl) => {
    const pgbench = [...inPod, 'pgbench', ...login];
    await kubectl([...pgbench, '--initialize', '--quiet', `--scale=${scale}`]);
    await kubectl([...pgbench, '--client=4', `--transactions=${transfers / 4}`, '--no-vacuum']);
    const size = await query(kubectl, `select pg_size_pretty(pg_database_size('postgres'))`);
    return `${size.trim()} of pgbench data, ${transfers.toLocaleString('en')} transfers`;
  },
  measure: async (kubectl) => parseEvidence(await query(kubectl, measureSql()), Object.keys(measures)),
};
