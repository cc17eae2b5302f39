/** Waiting for what another object does by itself: looked for again and again, never slept for. */

/** Resolves once it holds; the test's own time limit is the bound. */
export async function eventuallyTrue(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
