/** Several things open around one action, where each is open only as long as what it is given to runs. No I/O. */

/** Runs an action with everything open: each is opened inside the one before it, and closed again after the action. */
export function allOpen<Key, Value, Result>(
  keys: readonly Key[],
  open: (key: Key, action: (value: Value) => Promise<Result>) => Promise<Result>,
  action: (values: readonly Value[]) => Promise<Result>,
  opened: readonly Value[] = [],
): Promise<Result> {
  const [key, ...rest] = keys
  if (key === undefined) return action(opened)
  return open(key, (value) => allOpen(rest, open, action, [...opened, value]))
}
