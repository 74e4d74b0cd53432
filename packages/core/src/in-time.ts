/**
 * What was answered, or is within so many milliseconds; what comes later is nobody's concern.
 *
 * @throws {Error} what `tooLate` makes when it has not been answered by then
 */
export async function inTime<Answer>(answer: Answer | Promise<Answer>, timeoutMs: number, tooLate: () => Error): Promise<Answer> {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), timeoutMs).unref();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
