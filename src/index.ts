/* Values and messages */
export { type DataOf, Gap, type GapData, type GapReason, Message, type MessageFields } from './message.ts';

/* Stores */
export { type CombinedData, combineLogs, type LogsByName } from './stores/combineLogs.ts';
export { DataStore, type DataStoreConstructor } from './stores/DataStore.ts';
export { QueueStore, type QueueStoreOptions } from './stores/QueueStore.ts';
export type { HistoryOptions } from './stores/History.ts';
export type { Log, SinceOptions } from './stores/Log.ts';
export { Store } from './stores/Store.ts';
export { Emission } from './encoding/Emission.ts';

/* Sources that wait for the client */
export { fromPull } from './pull/fromPull.ts';
export type { Pullable } from './pull/Pull.ts';

/* Sinks */
export { type EventSourceOptions, toEventSource } from './sinks/toEventSource.ts';
export { toWebSocket, type WebSocketOptions } from './sinks/toWebSocket.ts';
export type { InboundOptions } from './sinks/inbound.ts';
export {
  checkUpgrade,
  refuseUpgrade,
  type SocketLike,
  type UpgradeOptions,
  UpgradeRefusal,
  type UpgradeRequest,
} from './sinks/checkUpgrade.ts';
export { type RequestLike, type ResponseOptions, toResponse } from './sinks/toResponse.ts';
export { toSink } from './sinks/toSink.ts';
export { lastEventId, type PositionedRequest } from './sinks/lastEventId.ts';
export type { SinkOptions } from './flow/SinkOptions.ts';
export type { BrowserSinkOptions, VisibleHeartbeat } from './sinks/browserOptions.ts';
export type { EventStreamOptions } from './sinks/eventStreamFormat.ts';
export type {
  CloseEvent,
  CloseReason,
  ConnectionEvent,
  ConnectionReport,
  DropEvent,
  DropReport,
  OpenEvent,
} from './flow/ConnectionEvent.ts';
export { type Budget, budget } from './flow/budget.ts';
export { type DrainOptions, drain, Gate, type GateOptions, gate } from './flow/Gate.ts';
export type { DrainReport } from './flow/Draining.ts';
export type { Refusal } from './flow/Refusal.ts';
export type { SessionServer } from './flow/Sessions.ts';
export type { ConnectionLike } from './sinks/pipelined.ts';
export type { GivenHeaders, HeaderRecord } from './sinks/eventStreamHeaders.ts';
export type { Transport } from './flow/Transport.ts';
export type { Encoder, Serialize } from './encoding/Encoder.ts';
export type { ResponseLike } from './sinks/HttpTransport.ts';
export type { WebSocketLike } from './sinks/WebSocketTransport.ts';

/* Backpressure */
export { type BufferOptions, type OverflowPolicy, onBackpressureBuffer } from './operators/onBackpressureBuffer.ts';
export { type LatestOptions, onBackpressureLatest } from './operators/onBackpressureLatest.ts';
export { onBackpressureReduce, type ReduceOptions } from './operators/onBackpressureReduce.ts';
export { onBackpressureDrop } from './operators/onBackpressureDrop.ts';
export type { LimitOptions } from './operators/limits.ts';
export type { BackpressureOperator, DropReason, Outlet } from './operators/BackpressureOperator.ts';

/* Operators for messages */
export { filterData } from './operators/filterData.ts';
export { mapData } from './operators/mapData.ts';
export { type LoadSnapshot, snapshotThen, type SnapshotThenOptions } from './operators/snapshotThen.ts';

/* Presence */
export { Presence, type PresenceOptions } from './presence/Presence.ts';
export type { PresenceMessage } from './presence/Observers.ts';
export type { PresenceChange, PresenceMember, PresenceState } from './presence/PresenceChange.ts';

/* Errors */
export { type ErrorCode, type ErrorFacts, TornadoseError } from './errors.ts';

/* What diagnostics channels carry, beside the reports of connections */
export type { ErrorReport, GapReport, ResumeReport } from './diagnostics.ts';
export type { TickReport } from './flow/TickTally.ts';
