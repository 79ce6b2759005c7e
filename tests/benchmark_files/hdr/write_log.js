// Writes javascript.hlog by HdrHistogram's port to JavaScript, and says where quantiles lie:
// npm install hdr-histogram-js@3.0.1 && node write_log.js
const hdr = require("hdr-histogram-js");

let seed = 7;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
let text = "";
const log = new hdr.HistogramLogWriter((line) => { text += line; });
log.outputLogFormatVersion();
log.outputStartTime(1812000000250);
log.outputLegend();
const made = [["", 3], ["slow", 1]].map(([tag, numberOfSignificantValueDigits]) => {
  const settings = { bitBucketSize: 32, numberOfSignificantValueDigits };
  return [tag, hdr.build(settings), hdr.build(settings)];
});
for (let second = 0; second < 4; second++) {
  for (const [tag, interval, total] of made) {
    interval.reset();
    for (let count = 0; count < 500; count++) {
      interval.recordValue(Math.floor(Math.exp((tag ? 12 : 7) + random() + random() + random())));
    }
    interval.tag = tag || "NO TAG";
    log.outputIntervalHistogram(interval, 1812000000.25 + second, 1812000001.25 + second);
    total.add(interval);
  }
}
require("fs").writeFileSync("javascript.hlog", text);
for (const [tag, , total] of made) {
  for (const percentile of [50, 95, 99]) {
    const value = total.getValueAtPercentile(percentile);
    const edges = [total.lowestEquivalentValue(value), total.highestEquivalentValue(value)];
    console.log(`${tag || "no tag"} p${percentile}: (${edges.join(", ")})`);
  }
}
