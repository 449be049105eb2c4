/** Which files are never sent: the person's patterns and the workspace's. Knows nothing of the editor. */

/** What the setting says, and where; a hand may have written anything there. */
export interface Told {
  readonly defaultValue?: unknown;
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/**
 * Return all patterns in force, for paths as a whole.
 *
 * A workspace, which may be anybody's, adds to what the person has set and takes nothing away. A pattern that
 * begins nowhere, such as `.env`, holds in every folder.
 */
export function patternsOf(told: Told | undefined): string[] {
  const { defaultValue, globalValue = defaultValue, workspaceValue, workspaceFolderValue } = told ?? {};
  return [globalValue, workspaceValue, workspaceFolderValue]
    .flat()
    .filter((one): one is string => typeof one === "string" && one !== "")
    .map((one) => (/^(\*\*|[/\\]|[A-Za-z]:)/.test(one) ? one : `**/${one.replace(/^\.\//, "")}`));
}
