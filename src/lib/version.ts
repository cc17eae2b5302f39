/** The version of this build, as upstreams and operators see it. A test keeps it equal to package.json's. No I/O. */

export const VERSION = '0.1.0'
/** How every outgoing call names itself. */
export const USER_AGENT = `sluice/${VERSION}`
