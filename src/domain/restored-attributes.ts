/**
 * Labels of a node's security modules (security(7) names in linux/xattr.h): another node has others, so they are neither
 * restored nor missed.
 */
const NODES_OWN: readonly string[] = ['security.selinux', 'security.ima', 'security.evm', 'security.apparmor'];
const SMACK = 'security.SMACK64';

/** Whether an extended attribute is the node's own business. */
export const isNodesOwn = (name: string): boolean => NODES_OWN.includes(name) || name.startsWith(SMACK);

/**
 * Patterns of the attributes that a mover does not bring back. `trusted.*` can be set only by who administers the node
 * (xattr(7)), which no mover is: where a snapshot has such, that they are missing is told.
 */
export const EXCLUDED_ATTRIBUTES: readonly string[] = [...NODES_OWN, `${SMACK}*`, 'trusted.*'];
