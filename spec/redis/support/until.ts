/** Resolves once `holds` answers true; a spec's own timeout says when to give up. For what tells no event. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
