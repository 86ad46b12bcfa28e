import { BlockList, isIP } from 'node:net';

/** The variables of a process, of which only those about proxies are read. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

interface Target {
  /** Lower case, without brackets. */
  readonly host: string;
  readonly port: string;
}

const valueOf = (environment: ProxyEnvironment, name: string): string =>
  environment[name.toUpperCase()] || environment[name.toLowerCase()] || '';

const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

const targetOf = (url: URL): Target => ({
  host: withoutBrackets(url.hostname.toLowerCase()).replace(/\.$/, ''),
  port: url.port || (url.protocol === 'https:' ? '443' : '80'),
});

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const isInNetwork = (host: string, network: string, prefixLength: string): boolean => {
  const bits = Number(prefixLength);
  if (isIP(host) === 0 || isIP(network) !== isIP(host) || bits > (isIP(host) === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family(network));
  return list.check(host, family(host));
};

const isNamed = (name: string, host: string): boolean => {
  if (isIP(name) !== 0) return name === host;
  const domain = name.startsWith('*.') ? name.slice(1) : name;
  if (domain.startsWith('.')) return host.endsWith(domain);
  return host === domain || host.endsWith(`.${domain}`);
};

/** One entry of NO_PROXY: `*`, a network, an address or a domain, the last two with an optional port. */
const matches = (entry: string, { host, port }: Target): boolean => {
  if (entry === '*') return true;
  const [, network, prefixLength] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined && prefixLength !== undefined) return isInNetwork(host, network, prefixLength);
  const [, name = entry, onlyPort = port] = (isIP(entry) === 6 ? null : /^(.+):(\d{1,5})$/.exec(entry)) ?? [];
  return onlyPort === port && isNamed(withoutBrackets(name), host);
};

/**
 * The proxy through which an origin is reached, as Go's ProxyFromEnvironment decides it for the engine's movers
 * (golang.org/x/net/http/httpproxy): HTTP_PROXY or HTTPS_PROXY by the origin's scheme, NO_PROXY with domains, addresses,
 * networks, ports and `*`, the lower-case names too; never for the machine itself. Undefined: directly.
 *
 * @throws TypeError when the variable holds no URL.
 */
export function proxyOf(origin: string, environment: ProxyEnvironment): URL | undefined {
  const url = new URL(origin);
  const proxy = valueOf(environment, url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  const target = targetOf(url);
  if (proxy === '' || isLoopback(target.host)) return undefined;
  const exceptions = valueOf(environment, 'no_proxy')
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (exceptions.some((entry) => matches(entry, target))) return undefined;
  return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
}
