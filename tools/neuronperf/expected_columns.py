"""Computes NeuronPerf's columns from random timers, by its published rules.

It does not use the Java code, but numpy's percentiles and Python's rounding. It writes a test
resource of benchmark-app. Run it again after a change of the rules (python3 with numpy):

    python3 tools/neuronperf/expected_columns.py benchmark-app/src/test/resources/io/github/neuronembed/cli/bench/figures
"""

import json
import random
import sys
from collections import Counter

import numpy

NANOS = 1_000_000_000


def record(seed, workers, mean_ms, seconds, stall_at=None):
    """The calls of workers in a closed loop. If stall_at is given, the call at that time stalls for 2.2 s."""
    rng = random.Random(seed)
    timers = []
    for _ in range(workers):
        now = rng.randrange(1000)
        calls = []
        while now < seconds * NANOS:
            took = int(rng.lognormvariate(0, 0.1) * mean_ms * 1e6)
            if stall_at is not None and now < stall_at <= now + took:
                took += int(2.2 * NANOS)
            calls.append([now, now + took])
            now += took
        timers.append(calls)
    return timers


def columns(timers, batch_size, cost_per_hour):
    durations_ms = numpy.array([end - begin for calls in timers for begin, end in calls]) / 1e6
    buckets = Counter(int(end / 1e9) for calls in timers for _, end in calls)
    counts = [count for _, count in sorted(buckets.items())]
    average = float(numpy.mean(counts[1:-1])) * batch_size if len(counts) >= 3 else None
    result = {
        f"latency_ms_p{p}": round(float(numpy.percentile(durations_ms, p)), 3) for p in (0, 50, 90, 95, 99, 100)
    }
    # The mean of the workers' means.
    means = [numpy.mean([(end - begin) / 1e6 for begin, end in calls]) for calls in timers]
    result["e2e_avg_ms"] = round(float(numpy.mean(means)), 3)
    result["throughput_peak"] = round(float(max(counts) * batch_size), 3)
    result["total_infs"] = len(durations_ms) * batch_size
    result["throughput_avg"] = None if average is None else round(average, 3)
    result["cost_per_1m_inf"] = None if average is None else round(cost_per_hour * 1e6 / (3600 * average), 3)
    return result


def main(folder):
    cases = []
    for name, batch_size, timers in [
        ("one worker", 1, record(1, 1, 19.5, 5)),
        ("four workers, batches of 32", 32, record(2, 4, 61.3, 8)),
        ("a stall that empties two seconds", 8, record(3, 2, 40.2, 9, stall_at=3 * NANOS)),
        ("too short for a throughput", 1, record(4, 2, 5.5, 1)),
    ]:
        cases.append(
            {
                "name": name,
                "batch_size": batch_size,
                "cost_per_hour": 0.7582,
                "timers": timers,
                "expected": columns(timers, batch_size, 0.7582),
            }
        )
    with open(f"{folder}/recorded-timers.json", "w", encoding="utf-8") as out:
        json.dump(cases, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
