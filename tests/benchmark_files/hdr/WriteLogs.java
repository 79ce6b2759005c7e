// Writes java.hlog, java.hgrm, shifted.hlog and doubles.hlog by the original HdrHistogram, and says where quantiles lie:
// javac -cp HdrHistogram-2.2.2.jar WriteLogs.java && java -cp HdrHistogram-2.2.2.jar:. WriteLogs
// With a log as its argument it reads that instead.
import java.io.PrintStream;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.HdrHistogram.*;

public class WriteLogs {
    static final long START = 1812000000250L;

    public static void main(String[] files) throws Exception {
        if (files.length > 0) {
            read(files[0]);
            return;
        }
        Random random = new Random(7);
        Histogram[] totals = {new Histogram(1, 3600000000L, 3), new Histogram(1000, 3600000000L, 2)};
        String[] tags = {null, "slow"};
        HistogramLogWriter log = begin("java.hlog");
        for (int second = 0; second < 4; second++) {
            for (int which = 0; which < 2; which++) {
                Histogram interval = totals[which].copy();
                interval.reset();
                for (int count = 0; count < 500; count++) {
                    interval.recordValue((long) Math.exp(7 + 5 * which + random.nextGaussian()));
                }
                interval.setTag(tags[which]);
                write(log, interval, second);
                totals[which].add(interval);
            }
        }
        say("java", totals[0]);
        say("java slow", totals[1]);
        totals[0].outputPercentileDistribution(new PrintStream("java.hgrm"), 1000.0);
        Histogram shifted = new Histogram(1, 1L << 40, 3);
        for (int count = 1; count <= 1000; count++) {
            shifted.recordValue(4096L * count);
        }
        shifted.shiftValuesRight(2);
        shifted.shiftValuesLeft(5);
        write(begin("shifted.hlog"), shifted, 0);
        say("shifted", shifted);
        DoubleHistogram doubles = new DoubleHistogram(2);
        for (int count = 1; count < 100; count++) {
            doubles.recordValue(count / 7.0);
        }
        write(begin("doubles.hlog"), doubles, 0);
    }

    static HistogramLogWriter begin(String name) throws Exception {
        HistogramLogWriter log = new HistogramLogWriter(name);
        log.outputComment("[written by HdrHistogram of Java]");
        log.outputLogFormatVersion();
        log.outputBaseTime(START);
        log.outputStartTime(START);
        log.outputLegend();
        return log;
    }

    static void write(HistogramLogWriter log, EncodableHistogram interval, int second) {
        log.outputIntervalHistogram(START / 1000.0 + second, START / 1000.0 + second + 1, interval);
    }

    static void read(String name) throws Exception {
        HistogramLogReader log = new HistogramLogReader(name);
        Map<String, Histogram> totals = new TreeMap<>();
        while (log.hasNext()) {
            Histogram interval = (Histogram) log.nextIntervalHistogram();
            String tag = String.valueOf(interval.getTag());
            if (totals.putIfAbsent(tag, interval) != null) {
                totals.get(tag).add(interval);
            }
        }
        totals.forEach(WriteLogs::say);
    }

    static void say(String name, Histogram total) {
        for (double percentile : new double[] {50, 95, 99}) {
            long value = total.getValueAtPercentile(percentile);
            System.out.printf("%s p%.0f: (%d, %d)%n", name, percentile,
                total.lowestEquivalentValue(value), total.highestEquivalentValue(value));
        }
    }
}
