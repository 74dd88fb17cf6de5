/** Why a request failed, in words for the user. */
export class Failure extends Error {
  constructor(
    message: string,
    /** The status of the answer; nothing if there was none. */
    readonly status?: number,
    /** Whether events had arrived before. */
    readonly midStream = false,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** Whether someone has stopped the request on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** A message for any error. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : 'Something went wrong.';
}
