/** Set by the scheduler on a claim of a WaitForFirstConsumer class; the provisioner places the volume by it. */
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node';

/** Index of pods by the claims that they mount, as `namespace/claim`. */
export const PODS_BY_CLAIM = 'claim';
