const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

/** Mocha's usual report, and its counts as JSON in the file that the option `counts` names. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => writeFileSync(options.reporterOptions.counts, JSON.stringify(this.stats)));
  }
};
