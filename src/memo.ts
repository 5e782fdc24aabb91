/** What is kept for a key, made at the first call. */
export function memo<Key extends object, Value>(kept: WeakMap<Key, Value>, key: Key, make: (key: Key) => Value): Value {
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = make(key);
  kept.set(key, made);
  return made;
}
