#include "handle_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace neuron_embed::emulator {
namespace {

struct Counted {
  explicit Counted(std::atomic<int>* alive_in) : alive(alive_in) { alive->fetch_add(1); }
  ~Counted() { alive->fetch_sub(1); }
  std::atomic<int>* alive;
};

class HandleTableTest : public ::testing::Test {
 protected:
  ~HandleTableTest() override { EXPECT_EQ(alive_.load(), 0); }
  uint64_t Add() { return table_.Add(std::make_unique<Counted>(&alive_)); }

  std::atomic<int> alive_{0};
  HandleTable<Counted> table_{1};
};

TEST_F(HandleTableTest, HandlesAreNoAddresses) {
  const uint64_t handle = Add();
  EXPECT_NE(handle >> 47, 0u);
  EXPECT_NE(handle >> 47, 0x1FFFFu) << "not canonical: dereferencing faults";
  bool pinned = true;
  EXPECT_EQ(table_.Retire(handle, &pinned), HandleState::kOk);
  EXPECT_FALSE(pinned);
  EXPECT_EQ(table_.Retire(handle, &pinned), HandleState::kStale);
}

TEST_F(HandleTableTest, ForeignValuesAreBad) {
  HandleTable<Counted> other(2);
  const uint64_t handle = Add();
  HandleState state;
  EXPECT_FALSE(other.Acquire(handle, &state));
  EXPECT_EQ(state, HandleState::kBad);
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, handle + 1, handle + (uint64_t{1} << 48),
                               handle & 0xFFFFFFFFFFFF, UINT64_MAX}) {
    EXPECT_FALSE(table_.Acquire(value, &state));
    EXPECT_EQ(state, HandleState::kBad) << value;
  }
  EXPECT_FALSE(table_.Acquire(handle + (uint64_t{1} << 24), &state));
  EXPECT_EQ(state, HandleState::kStale) << "another generation";
  EXPECT_EQ(table_.RetireIfIdle(handle), HandleState::kOk);
}

TEST_F(HandleTableTest, PinsKeepTheObject) {
  const uint64_t handle = Add();
  HandleState state;
  auto first = table_.Acquire(handle, &state);
  auto second = table_.Acquire(handle, &state);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(table_.AcquireExclusive(handle, &state));
  EXPECT_EQ(state, HandleState::kBusy);
  EXPECT_EQ(table_.RetireIfIdle(handle), HandleState::kBusy);
  bool pinned = false;
  EXPECT_EQ(table_.Retire(handle, &pinned), HandleState::kOk);
  EXPECT_TRUE(pinned);
  EXPECT_FALSE(table_.Acquire(handle, &state));
  EXPECT_EQ(state, HandleState::kStale);
  first.Release();
  EXPECT_EQ(alive_.load(), 1);
  EXPECT_EQ(table_.live(), 1u);
  second.Release();
  EXPECT_EQ(alive_.load(), 0);
  EXPECT_EQ(table_.live(), 0u);
}

TEST_F(HandleTableTest, ExclusivePinsExclude) {
  const uint64_t handle = Add();
  HandleState state;
  {
    auto pin = table_.AcquireExclusive(handle, &state);
    ASSERT_TRUE(pin);
    EXPECT_FALSE(table_.Acquire(handle, &state));
    EXPECT_EQ(state, HandleState::kBusy);
    auto moved = std::move(pin);
    EXPECT_TRUE(moved);
  }
  EXPECT_TRUE(table_.Acquire(handle, &state));
  bool any = false;
  EXPECT_EQ(table_.RetireAll(&any), 1u);
  EXPECT_FALSE(any);
}

TEST_F(HandleTableTest, HandlesDoNotComeBackSoon) {
  std::vector<uint64_t> seen;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t handle = Add();
    seen.push_back(handle);
    ASSERT_EQ(table_.RetireIfIdle(handle), HandleState::kOk);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(HandleTableTest, ForEachVisitsTheLiving) {
  const uint64_t first = Add();
  Add();
  ASSERT_EQ(table_.RetireIfIdle(first), HandleState::kOk);
  int visited = 0;
  table_.ForEach([&](Counted&) { ++visited; });
  EXPECT_EQ(visited, 1);
  bool any = false;
  table_.RetireAll(&any);
}

TEST_F(HandleTableTest, PinnersAndRetirersMayRace) {
  for (int round = 0; round < 200; ++round) {
    const uint64_t handle = Add();
    std::atomic<int> retired{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        HandleState state;
        for (int j = 0; j < 20; ++j) {
          const auto pin = table_.Acquire(handle, &state);
          if (pin) {
            EXPECT_EQ(pin->alive, &alive_);
          }
        }
        bool pinned = false;
        if (i < 2 && table_.Retire(handle, &pinned) == HandleState::kOk) retired.fetch_add(1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(retired.load(), 1);
    ASSERT_EQ(alive_.load(), 0);
  }
}

}  // namespace
}  // namespace neuron_embed::emulator
