/** What a command tells its caller: 0 done or no difference, 1 error, 2 differences, 3 held by the guard. */
export const EXIT = { ok: 0, error: 1, differences: 2, held: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
