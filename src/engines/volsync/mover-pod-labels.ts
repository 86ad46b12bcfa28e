/**
 * Labels of a mover's pod beside VolSync's own. A proxy of a service mesh goes on when the mover has ended, so that its Job
 * never does; Istio and Kuma leave pods with these labels alone. Linkerd looks at annotations only, which VolSync cannot set.
 */
export const moverPodLabels: Readonly<Record<string, string>> = {
  'sidecar.istio.io/inject': 'false',
  'kuma.io/sidecar-injection': 'disabled',
};
