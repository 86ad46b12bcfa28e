/** The API group of Rebound's kinds. */
export const API_GROUP = 'rebound.dev';
/** The only served version. */
export const API_VERSION = 'v1alpha1';
export const API_GROUP_VERSION = `${API_GROUP}/${API_VERSION}`;

/** The namespace that holds Rebound itself, destination credentials and the master password. */
export const SYSTEM_NAMESPACE = 'rebound-system';

/** The namespace that movers of Rebound's own work in, with one repository's password each. */
export const MOVERS_NAMESPACE = 'rebound-movers';

/** Field manager of every server-side apply that Rebound does. */
export const FIELD_MANAGER = 'rebound';
