import { describe, expect, it } from 'vitest';

import { clusterChains, withoutClusterRules } from './pod-network.ts';

const saved = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SEP-ABC - [0:0]
:MINE - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -p tcp --dport 80 -j MINE
-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SEP-ABC
-A MINE -j RETURN
COMMIT
`;

describe('iptables rules of the cluster', () => {
  it('are found by their chains', () => {
    expect(clusterChains(saved)).toEqual(['KUBE-SERVICES', 'KUBE-SEP-ABC']);
  });

  it('are taken out, and nobody else’s', () => {
    expect(withoutClusterRules(saved)).toBe(`*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:MINE - [0:0]
-A PREROUTING -p tcp --dport 80 -j MINE
-A MINE -j RETURN
COMMIT
`);
  });
});
