const assert = require('node:assert/strict');
const { DataStore, toEventSource } = require('tornadose');

assert.equal(new DataStore(1).data, 1);
assert.equal(typeof toEventSource, 'function');
console.log('require: ok');
