/** Bounds of prompt templates and profiles, with their units in their names. No I/O. */

/** Templates of one tenant; one more is refused. */
export const TEMPLATES_PER_TENANT_MAX = 200
/** Versions that are kept of one template; the oldest go. */
export const TEMPLATE_VERSIONS_MAX = 50
/** One template, as JSON. */
export const TEMPLATE_CHARS_MAX = 64 * 1024
/** Names of templates and of variables; of one that is none of ours so much is told again. */
export const TEMPLATE_NAME_CHARS_MAX = 64
/** Messages and variables of one template. */
export const TEMPLATE_MESSAGES_MAX = 64
export const TEMPLATE_VARIABLES_MAX = 64
export const TEMPLATE_DESCRIPTION_CHARS_MAX = 512
/** One rendered template, values included: a value may stand in it more than once. */
export const RENDERED_CHARS_MAX = 1024 * 1024

/** One profile, as JSON. */
export const PROFILE_BYTES_MAX = 16 * 1024
/** Templates and profiles that one isolate keeps. */
export const TEMPLATES_KEPT_BYTES_MAX = 4 * 1024 * 1024
export const PROFILES_KEPT_BYTES_MAX = 4 * 1024 * 1024
/** Age at which a kept one is asked for anew in the background: jittered between the two. */
export const FRAME_REFRESH_MIN_MS = 4000
export const FRAME_REFRESH_MAX_MS = 6000
/** Age at which it no longer serves without having been confirmed: a change is in force within 10 s. */
export const FRAME_FRESH_MS = 9000
/** How long it serves while its object is out of reach. */
export const FRAME_STALE_MS = 30_000
