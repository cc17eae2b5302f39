/** Ids that are given out: unguessable, in letters and digits. */

/** 32 hexadecimal digits, 122 of its bits random. */
export const newId = (): string => crypto.randomUUID().replaceAll('-', '')
