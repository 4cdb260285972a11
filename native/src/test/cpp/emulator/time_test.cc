// The virtual timeline. No test here measures how long anything took: the records and the
// arithmetic are what is checked.

#include <algorithm>
#include <memory>
#include <thread>

#include "clock.h"
#include "config.h"
#include "core.h"
#include "emulator_test.h"
#include "gate.h"

namespace neuron_embed::emulator {
namespace {

class TimeTest : public EmulatorTest {
 protected:
  static std::vector<nrt_emulator_execution_t> Records(int32_t core = 0) {
    std::vector<nrt_emulator_execution_t> records(4096);
    size_t count = 0;
    EXPECT_EQ(nrt_emulator_get_executions(core, records.data(), records.size(), &count), 0u);
    records.resize(count);
    return records;
  }

  // Runs `each` executions on each of `slots` slots, all on one core, at the same time.
  static void RunSlots(const ToySpec& spec, int slots, int each, int core = 0) {
    nrt::nrt_model_t* model = LoadModel(ToyNeff(spec), core);
    std::vector<std::thread> threads;
    for (int i = 0; i < slots; ++i) {
      threads.emplace_back([&] {
        ToySlot slot(model, spec, core);
        for (int j = 0; j < each; ++j) {
          EXPECT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
          EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
          EXPECT_EQ(slot.Read(), nrt::NRT_SUCCESS);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  }
};

TEST(TimelineTest, WorkStartsWhenTheOneBeforeEnds) {
  Timeline timeline;
  EXPECT_EQ(timeline.StartOf(100), 100);
  timeline.OccupyUntil(150);
  EXPECT_EQ(timeline.StartOf(120), 150);
  EXPECT_EQ(timeline.StartOf(150), 150);
  EXPECT_EQ(timeline.StartOf(170), 170);
}

TEST(TimingTest, ServiceTimeIsOfTheShapeOrTheFormula) {
  Config config;
  std::string error;
  ASSERT_TRUE(ParseConfig(R"({"timing": {
      "service": [{"batch": 1, "sequenceLength": 256, "micros": 1742.5},
                  {"batch": 1, "sequenceLength": 256, "texts": 32, "micros": 1802}],
      "fallback": {"baseMicros": 100, "microsPerToken": 2, "microsPerTokenSquared": 0.01}}})",
                          &config, &error))
      << error;
  EXPECT_EQ(config.timing.ServiceNanos(1, 256, 0), 1742500);
  EXPECT_EQ(config.timing.ServiceNanos(1, 256, 32), 1802000);
  EXPECT_EQ(config.timing.ServiceNanos(1, 256, 16), 100000 + 2000 * 256 + 10 * 256 * 256);
  EXPECT_EQ(config.timing.ServiceNanos(2, 10, 0), 100000 + 2000 * 20 + 10 * 2 * 100);
}

TEST(TimingTest, JitterIsSeededAndBounded) {
  Timing timing;
  timing.jitter_fraction = 0.1;
  timing.jitter_seed = 1;
  int64_t low = 1000000;
  int64_t high = 1000000;
  for (uint64_t i = 0; i < 1000; ++i) {
    const int64_t service = timing.Jittered(1000000, 0, i);
    EXPECT_GE(service, 900000);
    EXPECT_LE(service, 1100000);
    low = std::min(low, service);
    high = std::max(high, service);
    EXPECT_EQ(service, timing.Jittered(1000000, 0, i));
  }
  EXPECT_LT(low, 910000);
  EXPECT_GT(high, 1090000);
  EXPECT_NE(timing.Jittered(1000000, 0, 0), timing.Jittered(1000000, 1, 0));
  timing.jitter_seed = 2;
  EXPECT_NE(timing.Jittered(1000000, 0, 0), Timing(timing).Jittered(1000000, 0, 1));
}

TEST_F(TimeTest, ExecutionsOfACoreFollowEachOther) {
  Start(R"("timing": {"service": [{"batch": 2, "sequenceLength": 8, "micros": 700}]})");
  RunSlots({}, 3, 5);
  const std::vector<nrt_emulator_execution_t> records = Records();
  ASSERT_EQ(records.size(), 15u);
  int64_t end_before = 0;
  int64_t busy = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const nrt_emulator_execution_t& record = records[i];
    EXPECT_EQ(record.sequence, i);
    EXPECT_EQ(record.start_ns, std::max(record.submit_ns, end_before));
    EXPECT_EQ(record.service_ns, 700000);
    EXPECT_GE(record.end_ns, record.start_ns + record.service_ns);
    EXPECT_EQ(record.batch, 2u);
    EXPECT_EQ(record.sequence_length, 8u);
    end_before = record.end_ns;
    busy += record.end_ns - record.start_ns;
  }
  nrt_emulator_core_t core;
  ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
  EXPECT_EQ(core.executions, 15u);
  EXPECT_EQ(core.busy_ns, busy);
  EXPECT_EQ(Counters().executions, 15u);
  EXPECT_LE(end_before, NowNanos()) << "no call returns before its execution ends";
}

TEST_F(TimeTest, CoresRunSideBySide) {
  Start(R"("timing": {"fallback": {"baseMicros": 20000}})");
  std::thread other([] { RunSlots({}, 1, 2, 1); });
  RunSlots({}, 1, 2, 0);
  other.join();
  const std::vector<nrt_emulator_execution_t> first = Records(0);
  const std::vector<nrt_emulator_execution_t> second = Records(1);
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(first[0].start_ns, first[0].submit_ns) << "waits for no other core";
  EXPECT_EQ(second[0].start_ns, second[0].submit_ns);
}

TEST_F(TimeTest, TransfersAreCountedInCallsAndBytes) {
  Start(R"("timing": {"write": {"microsPerCall": 30, "nanosPerByte": 1},
                      "read": {"microsPerCall": 20}})");
  const int64_t before = NowNanos();
  RunSlots({}, 1, 3);
  EXPECT_GE(NowNanos() - before, 3 * (2 * (30000 + 64) + 20000)) << "the sleeps took place";
  nrt_emulator_core_t core;
  ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
  EXPECT_EQ(core.writes, 6u);
  EXPECT_EQ(core.bytes_written, 6u * 64);
  EXPECT_EQ(core.reads, 3u);
  EXPECT_EQ(core.bytes_read, 3u * 768);
}

// A queue of one that an execution fills until the gate opens.
class FullQueueTest : public TimeTest {
 protected:
  void Fill(const std::string& members) {
    Start(R"("execTimeoutMillis": 20, )" + members);
    {
      const ScopedVariable patient("NEURON_RT_EXEC_TIMEOUT", "3600");
      models_[0] = LoadModel(ToyNeff(spec_));
    }
    models_[1] = LoadModel(ToyNeff(spec_));
    PutGate(models_[0], &gate_);
    for (int i = 0; i < 2; ++i) {
      slots_[i] = std::make_unique<ToySlot>(models_[i], spec_);
      ASSERT_EQ(slots_[i]->Write(SomeIds(spec_), FullMask(spec_)), nrt::NRT_SUCCESS);
    }
    execution_ = std::thread([this] { EXPECT_EQ(slots_[0]->Execute(), nrt::NRT_SUCCESS); });
    gate_.AwaitArrival();
  }

  void Drain() {
    gate_.Open();
    execution_.join();
    EXPECT_EQ(slots_[0]->Execute(), nrt::NRT_SUCCESS) << "there is room again";
    for (int i = 0; i < 2; ++i) {
      slots_[i].reset();
      EXPECT_EQ(nrt_unload(models_[i]), nrt::NRT_SUCCESS);
    }
  }

  const ToySpec spec_{};
  Gate gate_;
  nrt::nrt_model_t* models_[2] = {};
  std::unique_ptr<ToySlot> slots_[2];
  std::thread execution_;
};

TEST_F(FullQueueTest, Refuses) {
  Fill(R"("queueFull": "refuse", "queueDepth": 1)");
  EXPECT_EQ(slots_[1]->Execute(), nrt::NRT_QUEUE_FULL);
  Drain();
}

TEST_F(FullQueueTest, WaitsUntilTheTimeout) {
  Fill(R"("queueFull": "wait", "queueDepth": 1)");
  EXPECT_EQ(slots_[1]->Execute(), nrt::NRT_TIMEOUT);
  Drain();
}

TEST_F(FullQueueTest, DepthOfTheEnvironmentWins) {
  const ScopedVariable depth("NEURON_RT_XU_COMPUTE_MAX_QUEUED_REQUESTS", "1");
  Fill(R"("queueFull": "refuse", "queueDepth": 8)");
  EXPECT_EQ(slots_[1]->Execute(), nrt::NRT_QUEUE_FULL);
  Drain();
}

TEST_F(TimeTest, ExecutionBeyondTheTimeoutTimesOut) {
  Start(R"("execTimeoutMillis": 5, "timing": {"fallback": {"baseMicros": 10000}})");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_TIMEOUT);
    EXPECT_EQ(Records().size(), 0u) << "it never started";
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(TimeTest, TimeoutOfTheEnvironmentWins) {
  const ScopedVariable timeout("NEURON_RT_EXEC_TIMEOUT", "60");
  Start(R"("execTimeoutMillis": 1, "timing": {"fallback": {"baseMicros": 3000}})");
  RunSlots({}, 1, 1);
}

TEST_F(TimeTest, WaitUntilNeverReturnsEarly) {
  for (const int64_t spin : {int64_t{0}, int64_t{50000}, int64_t{10000000}}) {
    const int64_t deadline = NowNanos() + 300000;
    WaitUntil(deadline, spin);
    EXPECT_GE(NowNanos(), deadline);
  }
}

}  // namespace
}  // namespace neuron_embed::emulator
