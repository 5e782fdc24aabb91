/**
 * Has something be read no faster than so many bytes a second, from its first byte on. What it gives is to be told how
 * many bytes of each part there were.
 */
export function throttled(
  stream: { pause(): unknown; resume(): unknown },
  bytesPerSecond: number,
): (bytes: number) => void {
  let begun: number | undefined;
  let read = 0;
  let isPaused = false;
  return (bytes) => {
    begun ??= performance.now();
    read += bytes;
    const early = (read * 1000) / bytesPerSecond - (performance.now() - begun);
    // What was parsed already comes all the same.
    if (early < 2 || isPaused) return;
    isPaused = true;
    stream.pause();
    setTimeout(() => {
      isPaused = false;
      stream.resume();
    }, early);
  };
}
