// What the code in docs/proxies.md takes for granted.
import type { ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { DataStore } from 'tornadose';

export { default as compression } from 'compression';

export declare const app: Express;
export declare const res: ServerResponse;
export declare const store: DataStore<string>;
