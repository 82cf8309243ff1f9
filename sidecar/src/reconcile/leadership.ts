/** Who may write to Kong. */
export interface Leadership {
  /** The number of the term in which this sidecar may write now; undefined when it may not. */
  term(): number | undefined;
}

/** The leadership of a sidecar that shares Kong with no other of its owner. */
export const soleWriter: Leadership = { term: () => 0 };

/** `observer` works everything out and never writes; `standby` waits for its turn while another writes. */
export type Role = 'writer' | 'observer' | 'standby';

/** This sidecar does not lead: whatever it was about to write is another's to write. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}
