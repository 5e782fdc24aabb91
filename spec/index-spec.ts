import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import * as tornadose from 'tornadose';
import * as metrics from 'tornadose/metrics';
import * as redis from 'tornadose/redis';

/** What a door lets out: values, which are there at run time, and types, which only its text knows. */
function exportsOf(door: string): { values: string[]; types: string[] } {
  const [values, types]: [string[], string[]] = [[], []];
  const text = readFileSync(new URL(`../src/${door}`, import.meta.url), 'utf8');
  for (const [, isType, names = ''] of text.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const each of names.split(',').filter((name) => name.trim() !== '')) {
      const [, type, name = ''] = /^\s*(type )?(\w+)\s*$/.exec(each) ?? [];
      (isType || type ? types : values).push(name);
    }
  }
  return { values: values.sort(), types: types.sort() };
}

// Whoever changes one of these lists changes what users depend on, and says so in CHANGELOG.md.
describe('the doors', () => {
  it('should export from tornadose what users were told of, and nothing else', () => {
    const { values, types } = exportsOf('index.ts');
    expect(Object.keys(tornadose).sort()).to.deep.equal(values);
    expect(values).to.deep.equal([
      'DataStore',
      'Emission',
      'Gap',
      'Gate',
      'Message',
      'Presence',
      'QueueStore',
      'Store',
      'TornadoseError',
      'UpgradeRefusal',
      'budget',
      'checkUpgrade',
      'combineLogs',
      'drain',
      'filterData',
      'fromPull',
      'gate',
      'lastEventId',
      'mapData',
      'onBackpressureBuffer',
      'onBackpressureDrop',
      'onBackpressureLatest',
      'onBackpressureReduce',
      'refuseUpgrade',
      'snapshotThen',
      'toEventSource',
      'toResponse',
      'toSink',
      'toWebSocket',
    ]);
    expect(types).to.deep.equal([
      'BackpressureOperator',
      'BrowserSinkOptions',
      'Budget',
      'BufferOptions',
      'CloseEvent',
      'CloseReason',
      'CombinedData',
      'ConnectionEvent',
      'ConnectionLike',
      'ConnectionReport',
      'DataOf',
      'DataStoreConstructor',
      'DrainOptions',
      'DrainReport',
      'DropEvent',
      'DropReason',
      'DropReport',
      'Encoder',
      'ErrorCode',
      'ErrorFacts',
      'ErrorReport',
      'EventSourceOptions',
      'EventStreamOptions',
      'GapData',
      'GapReason',
      'GapReport',
      'GateOptions',
      'GivenHeaders',
      'HeaderRecord',
      'HistoryOptions',
      'InboundOptions',
      'LatestOptions',
      'LimitOptions',
      'LoadSnapshot',
      'Log',
      'LogsByName',
      'MessageFields',
      'OpenEvent',
      'Outlet',
      'OverflowPolicy',
      'PositionedRequest',
      'PresenceChange',
      'PresenceMember',
      'PresenceMessage',
      'PresenceOptions',
      'PresenceState',
      'Pullable',
      'QueueStoreOptions',
      'ReduceOptions',
      'Refusal',
      'RequestLike',
      'ResponseLike',
      'ResponseOptions',
      'ResumeReport',
      'Serialize',
      'SessionServer',
      'SinceOptions',
      'SinkOptions',
      'SnapshotThenOptions',
      'SocketLike',
      'TickReport',
      'Transport',
      'UpgradeOptions',
      'UpgradeRequest',
      'VisibleHeartbeat',
      'WebSocketLike',
      'WebSocketOptions',
    ]);
  });

  it('should export from tornadose/metrics what users were told of, and nothing else', () => {
    const { values, types } = exportsOf('metrics/index.ts');
    expect(Object.keys(metrics).sort()).to.deep.equal(values);
    expect(values).to.deep.equal(['registerMetrics']);
    expect(types).to.deep.equal([
      'CounterLike',
      'HistogramLike',
      'InstrumentAttributes',
      'InstrumentOptions',
      'MeterLike',
      'ObservableLike',
      'ObservableResultLike',
    ]);
  });

  it('should export from tornadose/redis what users were told of, and nothing else', () => {
    const { values, types } = exportsOf('redis/index.ts');
    expect(Object.keys(redis).sort()).to.deep.equal(values);
    expect(values).to.deep.equal(['RedisPresence', 'RedisStore', 'RedisStreamStore', 'json', 'text']);
    expect(types).to.deep.equal([
      'ClusterNodeLike',
      'Codec',
      'CommandsLike',
      'DuplicateLike',
      'DuplicatedLike',
      'JsonCodec',
      'PublishingSettings',
      'ReaderLike',
      'RedisClusterLike',
      'RedisLike',
      'RedisPresenceOptions',
      'RedisStoreOptions',
      'RedisStoreSettings',
      'RedisStreamClusterLike',
      'RedisStreamLike',
      'RedisStreamStoreOptions',
      'ScriptCommandsLike',
      'StreamCommandsLike',
      'SubmitOptions',
      'SubscriberLike',
      'SubscriberOptions',
    ]);
  });
});
