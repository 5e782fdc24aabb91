import { allLogClientsLeave } from '../../support/LogClient.ts';

interface Closable {
  close(): Promise<void>;
}

const open: Closable[] = [];

/** Has a store closed by `closeStores`. */
export function opened<Store extends Closable>(store: Store): Store {
  open.push(store);
  return store;
}

/** Closes all that were opened since the last time, when those who follow them have left. For `afterEach`. */
export async function closeStores(): Promise<void> {
  allLogClientsLeave();
  await Promise.all(open.splice(0).map((store) => store.close()));
}
